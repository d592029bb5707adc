"""Numbers that datamodules and their parts ask for."""

import math
from collections.abc import Sequence


def check_count(what: str, count: int) -> None:
    """Raise unless there is at least one."""
    if not count >= 1:
        raise ValueError(f"{what} is {count}, but there is nothing to do with none. Pass at least 1.")


def check_noise(noise: float) -> None:
    """Raise unless it is a standard deviation."""
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise is {noise}, but a standard deviation is a finite number from 0 on. Pass 0.01.")


def check_seed(seed: int) -> None:
    """Raise unless a generator takes it."""
    if not seed >= 0:
        raise ValueError(f"seed is {seed}, but a seed cannot be negative. Pass 0.")


def check_workers(num_workers: int) -> None:
    """Raise unless it is a number of processes."""
    if not num_workers >= 0:
        raise ValueError(f"num_workers is {num_workers}, but it counts processes. Pass 0 or more.")


def check_share(what: str, share: float) -> None:
    """Raise unless it is a part of a whole."""
    if not 0 <= share <= 1:
        raise ValueError(f"{what} is {share}, but it is a share. Pass 0 to 1.")


def check_range(what: str, ends: Sequence[float], least: float = 0, most: float = math.inf) -> None:
    """Raise unless it is a least and a largest value, in this order, between bounds that may be reached."""
    if len(ends) != 2 or not least <= ends[0] <= ends[1] <= most or math.isinf(ends[1]):
        between = f"from {least:g} on" if math.isinf(most) else f"from {least:g} to {most:g}"
        raise ValueError(f"{what} is {tuple(ends)}, but it is a least and a largest value, {between}. Pass these two.")
