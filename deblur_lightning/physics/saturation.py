"""The sensor near full well (Whyte, Sivic, Zisserman: "Deblurring shaken and partially saturated images").

Carbajal et al. 2021 (arXiv 2102.01026) use it as R in their forward model.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

DARK = 100  # steps of 1 / a below full well: there R(x) is x in any precision


def saturate(linear: Tensor, max_value: float = 1.0, sharpness: float = 50.0) -> Tensor:
    """Respond as a sensor does: the identity in the dark, a smooth ceiling at ``max_value``.

    ``R(x) = x - log(1 + exp(a (x - m))) / a``, computed as the equal ``m + log(sigmoid(a (x - m))) / a``, which
    overflows nowhere (the authors' code clamps the caller's tensor in place instead).

    Args:
        linear: linear light of any shape and sign.
        max_value: full well m, in the units of ``linear``.
        sharpness: a, per unit of light; the larger, the harder the ceiling.

    Returns:
        Recorded light, below ``max_value``, of the shape of ``linear``.

    Raises:
        ValueError: a sharpness that is not above 0.
    """
    if not sharpness > 0:
        raise ValueError(f"sharpness is {sharpness}, but it is a number above 0. Pass 50.")
    recorded = max_value + F.logsigmoid(sharpness * (linear - max_value)) / sharpness
    return torch.where(linear < max_value - DARK / sharpness, linear, recorded)  # a (x - m) may overflow there


def saturate_derivative(linear: Tensor, max_value: float = 1.0, sharpness: float = 50.0) -> Tensor:
    """Slope of `saturate`: ``R'(x) = sigmoid(a (m - x))``, 1 in the dark and 0 far above ``max_value``.

    Args:
        linear: linear light of any shape and sign.
        max_value: full well m, in the units of ``linear``.
        sharpness: a, per unit of light.

    Returns:
        Values in [0, 1], of the shape of ``linear``.
    """
    return (sharpness * (max_value - linear)).sigmoid()
