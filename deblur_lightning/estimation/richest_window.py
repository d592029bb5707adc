"""The part of a large picture that tells most about its blur."""

import torch
import torch.nn.functional as F
from torch import Tensor

STEP = 16
WINDOW = 512  # pixels: in larger pictures each region's kernel is read off the square with most of its edges


def richest_window(light: Tensor, share: Tensor | None = None, side: int = WINDOW) -> tuple[slice, slice]:
    """Find the square of at most ``side`` pixels that holds most of a region's squared slopes, to 16 pixels.

    Args:
        light: ``[H, W]``.
        share: of the region at each pixel, ``[H, W]``; None for the whole picture.
        side: in pixels.
    """
    share = torch.ones_like(light) if share is None else share
    height, width = (min(side, length) for length in light.shape)
    energy = (light.diff(dim=0)[:, :-1].square() + light.diff(dim=1)[:-1].square()) * share[1:, 1:]
    sums = F.avg_pool2d(energy[None], (height - 1, width - 1), STEP)[0]
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    return slice(row * STEP, row * STEP + height), slice(column * STEP, column * STEP + width)
