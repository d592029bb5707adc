"""The part of a large picture that tells most about its blur."""

import torch
import torch.nn.functional as F
from torch import Tensor

STEP = 16
WINDOW = 512  # pixels: in larger pictures each region's kernel is read off the square with most of its edges
BAND = 64  # rows whose slopes are taken at once: few enough for the cache


def richest_window(light: Tensor, share: Tensor | None = None, side: int = WINDOW) -> tuple[slice, slice]:
    """Find the square of at most ``side`` pixels that holds most of a region's squared slopes, to 16 pixels.

    Args:
        light: ``[H, W]``.
        share: of the region at each pixel, ``[H, W]``; None for the whole picture.
        side: in pixels.

    Returns:
        Its rows and columns; both begin at multiples of 16.
    """
    height, width = (min(side, length) for length in light.shape)
    tops = range(0, len(light) - 1, BAND)
    across = torch.cat([_stretches(_energy(light, share, top), width - 1) for top in tops])
    sums = _stretches(across.T, height - 1).T
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    return slice(row * STEP, row * STEP + height), slice(column * STEP, column * STEP + width)


def _energy(light: Tensor, share: Tensor | None, top: int) -> Tensor:
    """Take the squared slopes of a band of rows, ``[BAND or fewer, W - 1]``."""
    seen = light[top : top + BAND + 1]
    energy = seen.diff(dim=0)[:, :-1].square_().add_(seen.diff(dim=1)[:-1].square_())
    return energy if share is None else energy.mul_(share[top + 1 : top + BAND + 1, 1:])


def _stretches(values: Tensor, length: int) -> Tensor:
    """Sum the ``length`` values of each row from every 16th on, as far as the row goes."""
    total = F.pad(values.double().cumsum(1), (1, 0))
    return total[:, length::STEP] - total[:, :-length:STEP]
