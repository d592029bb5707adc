"""The largest value within a kernel's reach of each pixel, beside max pooling."""

from collections.abc import Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.comparison import Case
from deblur_lightning.physics.nearby import largest_within


def cases() -> Iterator[Case]:
    """Squares of 17 and 33 pixels around the pixels of half a tile."""
    picture = torch.rand(1, 3, 512, 768)
    for side in (17, 33):
        yield Case(
            f"squares of {side} x {side}, 3 x 512 x 768",
            {"max pooling": partial(pooled, picture, side), "largest_within": partial(largest_within, picture, side)},
        )


def pooled(image: Tensor, side: int) -> Tensor:
    """Pool across, then down."""
    across = F.max_pool2d(image, (1, side), stride=1, padding=(0, side // 2))
    return F.max_pool2d(across, (side, 1), stride=1, padding=(side // 2, 0))
