"""The `lightning` command."""


def main() -> None:
    """Run the command line."""
    raise NotImplementedError
