"""Display values (gamma-encoded, what files hold) and linear light (what the sensor adds up)."""

from torch import Tensor

FAINTEST = 1e-6  # of linear light of a gamma of 2.2: less has no slope


def check_gamma(gamma: float, name: str = "gamma") -> None:
    """Raise unless a number is the exponent from display values to linear light.

    Raises:
        ValueError: below 1, which would be its inverse, above 5, which no camera has, or no number.
    """
    if not 1 <= gamma <= 5:
        raise ValueError(f"{name} is {gamma}, but it is an exponent of light. Pass 2.2, or 1.0 for linear pictures.")


def to_linear(display: Tensor, gamma: float = 2.2) -> Tensor:
    """Undo the camera's gamma: ``display ** gamma``.

    Args:
        display: values of any shape, not negative; a negative one counts as 0, as a file would store it (gamma 1
            changes nothing at all).
        gamma: 2.2 for photographs, 1.0 for pictures that are linear already, as Köhler's.

    Returns:
        Linear light of the same shape and, of values in [0, 1], range.

    Raises:
        ValueError: no gamma, see `check_gamma`.
    """
    check_gamma(gamma)
    return display.clamp(min=0) ** gamma if gamma != 1 else display


def to_display(linear: Tensor, gamma: float = 2.2) -> Tensor:
    """Encode linear light for a file or a screen: ``linear ** (1 / gamma)``.

    The slope at 0 is infinite, so values below 1e-6 keep a finite gradient by standing at 1e-6 before the root, and 0
    comes back as 0. That is half a step of 8 bits on display with a gamma of 2.2; with a larger one, what shows as half
    a step takes the place of 1e-6.

    Args:
        linear: values of any shape; a negative one counts as 0 (gamma 1 changes nothing at all).
        gamma: 2.2 for photographs, 1.0 for pictures that stay linear.

    Returns:
        Display values of the same shape and, of light in [0, 1], range.

    Raises:
        ValueError: no gamma, see `check_gamma`.
    """
    check_gamma(gamma)
    if gamma == 1:
        return linear
    return linear.clamp(min=FAINTEST ** max(gamma / 2.2, 1.0)) ** (1 / gamma) * (linear > 0)
