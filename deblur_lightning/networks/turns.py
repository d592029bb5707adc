"""What a network makes of a picture turned by quarters and turned back: the mean of several looks is nearer the truth.

The geometric self-ensemble of Lim et al. 2017 (arXiv 1707.02921), without its mirrors: eight looks gain little more.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

AFFORDED = 2**20
"""Pixels that a network may look at before more looks take longer than they are worth: 512 x 512, four times."""

QUARTERS = (0, 2, 1, 3)
"""How far a picture is turned for one look after the other, half a turn first."""


def looks_afforded(size: Sequence[int]) -> int:
    """Count how often a network may look at a picture of a height and width: four times, twice or once."""
    looks = AFFORDED // (size[0] * size[1])
    return 4 if looks >= 4 else max(1, min(looks, 2))


def mean_of_looks(
    restore: Callable[[Tensor], Tensor], pictures: Tensor, looks: int, first: Tensor | None = None
) -> Tensor:
    """Give the mean of what a network makes of pictures, turned further for each look, and turned back.

    Args:
        restore: makes pictures ``[N, C, H, W]`` of such ones.
        pictures: ``[N, C, H, W]``.
        looks: how many, 1 to 4.
        first: what it makes of them as they are, where that is known.

    Returns:
        ``[N, C, H, W]``.
    """
    restored = restore(pictures) if first is None else first
    for quarters in QUARTERS[1:looks]:
        restored = restored + _turned(restore(_turned(pictures, quarters)), -quarters)
    return restored / looks


def _turned(pictures: Tensor, quarters: int) -> Tensor:
    return torch.rot90(pictures, quarters, (-2, -1)).contiguous()
