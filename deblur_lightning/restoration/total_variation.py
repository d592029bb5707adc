"""The total-variation factor of Richardson-Lucy, a stripe of rows at a time so that it stays in the cache."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Surround = Literal["constant", "replicate"]
FLAT = 1e-9  # of display range; slopes below it have no direction
STRIPE = 64  # rows
STEEPEST = 16.0  # no divergence of unit vectors reaches further: each of the two Sobel masks sums to 8 in modulus


def flatten_(updated: Tensor, display: Tensor, regularization: float, gamma: float, surround: Surround) -> None:
    """Multiply light by ``(1 / (1 - lambda div(grad u / |grad u|))) ** gamma``, u on display, in place.

    Args:
        updated: linear light to change, ``[N, C, H, W]``.
        display: u, the picture before its update, display values of the same shape.
        regularization: lambda, below 1 / 16.
        gamma: display to linear light; the factor is one of display values.
        surround: what lies beyond the border: zeros as in the published code, or the edge repeated.
    """
    height = display.shape[-2]
    for top in range(0, height, STRIPE):
        bottom = min(top + STRIPE, height)
        above, below = min(2, top), min(2, height - bottom)
        rows = display[..., top - above : bottom + below, :]
        divergence = curvature(rows, surround)[..., above : above + bottom - top, :]
        updated[..., top:bottom, :].mul_(divergence.mul_(-regularization).add_(1).pow_(-gamma))


def curvature(image: Tensor, surround: Surround = "replicate") -> Tensor:
    """Divergence of the normalised gradient by Sobel masks (not divided by 8), ``[N, C, H, W]``."""
    across, down = sobel(image, surround)
    length = across.square().addcmul_(down, down).sqrt_()
    flat = length < FLAT
    across, down = (slope.div_(length).masked_fill_(flat, FLAT) for slope in (across, down))
    return _across(_pad(across, surround)).add_(_down(_pad(down, surround)))


def sobel(image: Tensor, surround: Surround) -> tuple[Tensor, Tensor]:
    """Slope to the right and down."""
    padded = _pad(image, surround)
    return _across(padded), _down(padded)


def _pad(image: Tensor, surround: Surround) -> Tensor:
    return F.pad(image, (1, 1, 1, 1), mode=surround)


def _across(padded: Tensor) -> Tensor:
    difference = padded[..., 2:] - padded[..., :-2]
    return torch.add(difference[..., :-2, :], difference[..., 1:-1, :], alpha=2).add_(difference[..., 2:, :])


def _down(padded: Tensor) -> Tensor:
    difference = padded[..., 2:, :] - padded[..., :-2, :]
    return torch.add(difference[..., :-2], difference[..., 1:-1], alpha=2).add_(difference[..., 2:])
