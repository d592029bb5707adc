"""Numbers that every datamodule asks for."""


def check_count(what: str, count: int) -> None:
    """Raise unless there is at least one."""
    if not count >= 1:
        raise ValueError(f"{what} is {count}, but there is nothing to do with none. Pass at least 1.")


def check_seed(seed: int) -> None:
    """Raise unless a generator takes it."""
    if not seed >= 0:
        raise ValueError(f"seed is {seed}, but a seed cannot be negative. Pass 0.")


def check_workers(num_workers: int) -> None:
    """Raise unless it is a number of processes."""
    if not num_workers >= 0:
        raise ValueError(f"num_workers is {num_workers}, but it counts processes. Pass 0 or more.")
