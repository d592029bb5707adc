"""What a picture is taken to be beyond its border, and the transpose of that assumption."""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.exposure import Sides

Padding = Literal["reflect", "replicate", "circular", "zeros", "valid"]


def check_padding(padding: str) -> None:
    """Raise unless ``padding`` is one we know."""
    if padding not in get_args(Padding):
        raise ValueError(
            f"padding is {padding!r}, but only these are known. Pass one of {', '.join(get_args(Padding))}."
        )


def extend(image: Tensor, radius: int, padding: Padding) -> Tensor:
    """Surround pictures ``[..., H, W]`` with ``radius`` pixels; a small picture is repeated as often as it takes."""
    if padding == "valid" or radius == 0:
        return image
    if padding == "zeros":
        return F.pad(image, (radius,) * 4)
    for axis in (-2, -1):
        before, after = _sources(image.shape[axis], radius, padding, image.device)
        image = torch.cat((image.index_select(axis, before), image, image.index_select(axis, after)), dim=axis)
    return image


def fold(image: Tensor, radius: int, padding: Padding) -> Tensor:
    """Add the surround back to the pixels it was copied from: the transpose of `extend`."""
    if padding == "valid" or radius == 0:
        return image
    if padding == "zeros":
        return image[..., radius:-radius, radius:-radius]
    for axis in (-2, -1):
        size = image.shape[axis] - 2 * radius
        before, after = _sources(size, radius, padding, image.device)
        first, inner, last = image.split((radius, size, radius), dim=axis)
        image = inner.index_add(axis, before, first).index_add(axis, after, last)
    return image


def darken_(picture: Tensor, radius: int, sides: Sides) -> Tensor:
    """Take all light from the ``radius`` outermost rows or columns ``[..., H, W]`` of some sides, in place."""
    if radius:
        outermost = (picture[..., :radius, :], picture[..., -radius:, :], picture[..., :radius], picture[..., -radius:])
        for part, dark in zip(outermost, sides, strict=True):
            if dark:
                part.zero_()
    return picture


def _sources(size: int, radius: int, padding: Padding, device: torch.device) -> tuple[Tensor, Tensor]:
    """Tell which of ``size`` pixels in a line fill the ``radius`` before and the ``radius`` after it."""
    around = torch.cat((torch.arange(-radius, 0, device=device), torch.arange(size, size + radius, device=device)))
    if padding == "replicate":
        around = around.clamp(0, size - 1)
    elif padding == "circular":
        around = around % size
    else:
        period = max(1, 2 * (size - 1))
        around = around % period
        around = torch.minimum(around, period - around) if size > 1 else around
    return around[:radius], around[radius:]
