"""The factors that losses are weighted by."""

import math


def check_factor(what: str, factor: float) -> None:
    """Raise unless it is a loss's factor: a finite number from 0 on.

    Raises:
        ValueError: it is none.
    """
    if not 0 <= factor < math.inf:
        raise ValueError(f"{what} is {factor}, but it is a loss's factor. Pass 0 or more.")
