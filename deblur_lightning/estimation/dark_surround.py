"""Pictures that were blurred with nothing beyond their borders, as programs do and no camera does."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.exposure import Sides
from deblur_lightning.field import KernelField

DEPTH = 8  # pixels further in, with which the outermost are compared
HALVED = (0.3, 0.72)  # share of light left there: half, more or less as the kernel and the picture have it
RISING = 0.93  # share that the next pixels further in may have at most, where a motion leads across the border
LEAST = 1 / 255  # added to display values, so that black is like black
ALL_AROUND = 0.5  # of the outermost pixels of all four sides must be halved; of sharp pictures at most 0.45 are
ONE_SIDE = 0.1  # at least this share of each side's
OPPOSITE = 0.4  # of the pixels of two opposite sides, if the next ones are darkened too; 0.29 in sharp pictures
SMALLEST = 66  # pixels of a side: smaller pictures have few outermost ones


def dark_beyond(pictures: Tensor) -> Tensor:
    """Tell which pictures fade towards black at their borders, as those do that were blurred with zeros beyond.

    Half of an outermost pixel's light would then come from where there is none: at all four sides, or, where the kernel
    is a line, at two opposite ones, over several pixels. A vignette does not fade within eight pixels, and a black
    frame is black.

    Args:
        pictures: ``[N, C, H, W]`` in [0, 1], display values.

    Returns:
        ``[N]``, boolean; never true of pictures with a side below 66 pixels.

    Source:
        Ours; measured on 604 such pictures and their sharp twins, see ``experiments/small/README.md``.
    """
    if min(pictures.shape[-2:]) < SMALLEST:
        return torch.zeros(len(pictures), dtype=torch.bool, device=pictures.device)
    halved, rising = (torch.stack(shares) for shares in zip(*_sides_faded(pictures), strict=True))
    all_around = (halved.mean(dim=0) > ALL_AROUND) & (halved.amin(dim=0) > ONE_SIDE)
    opposite = rising.view(2, 2, -1).amin(dim=1).amax(dim=0) > OPPOSITE
    return all_around | opposite


def _sides_faded(pictures: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield by side, opposite ones in turn, ``[N]``: the share of outermost pixels that are halved, and also rise."""
    for axis in (-2, -1):
        for line, inward in ((0, 1), (-1, -1)):
            outer, following, within = (
                pictures.select(axis, line + inward * depth).mean(dim=1) + LEAST for depth in (0, 1, DEPTH)
            )
            halved = (outer > HALVED[0] * within) & (outer < HALVED[1] * within)
            rising = halved & (following > outer) & (following < RISING * within)
            yield halved.double().mean(dim=1), rising.double().mean(dim=1)


def without_fade(pictures: Tensor, sides: Sides) -> Tensor:
    """Cut the eight outermost rows or columns of pictures ``[N, C, H, W]`` off at some sides."""
    top, bottom, left, right = (DEPTH if dark else 0 for dark in sides)
    height, width = pictures.shape[-2:]
    return pictures[..., top : height - bottom, left : width - right]


def with_fade(field: KernelField, sides: Sides) -> KernelField:
    """Continue the field of what `without_fade` has left to the whole pictures, as it is at its border."""
    if not any(sides):
        return field
    top, bottom, left, right = (DEPTH if dark else 0 for dark in sides)
    return field._replace(coefficients=F.pad(field.coefficients, (left, right, top, bottom), mode="replicate"))
