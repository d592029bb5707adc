"""What people see of a photo: restored where something shows; over white and unmoved where nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from deblur_lightning.deblurring.deblurrer import Deblurred
    from deblur_lightning.field import KernelField
    from deblur_lightning.photos import PhotoRecord


PIXELS_SHOWN = 1_500_000
"""Larger photos are halved until they fit, fields made coarser: a figure shows no more, and memory stays bounded."""


def whole_picture(picture: Tensor, blurry: Tensor, record: PhotoRecord) -> Tensor:
    """Lay what a model made of ``blurry[(..., *record.visible)]`` back into the photo.

    Args:
        picture: the model's.
        blurry: the photo, ``[1, 3 or 1, H, W]``.
        record: the photo's.
    """
    if record.alpha is None:
        return picture
    whole = blurry.clone()
    whole[(..., *record.visible)] = picture
    return whole


def whole_answer(answer: Deblurred, blurry: Tensor, record: PhotoRecord) -> Deblurred:
    """Lay a model's picture back likewise, and its field, if any, which shows no motion where nothing shows."""
    field = None if answer.field is None else whole_field(answer.field, record.alpha)
    return answer._replace(picture=whole_picture(answer.picture, blurry, record), field=field)


def whole_field(field: KernelField, alpha: np.ndarray | None) -> KernelField:
    """Lay the field of what shows of a photo, maybe of fewer pixels than that, into one of all of it.

    Args:
        field: of the smallest rectangle that holds all that shows.
        alpha: the photo's transparency ``[H, W]``; None if opaque.
    """
    import torch
    import torch.nn.functional as F

    from deblur_lightning.field import laid_into
    from deblur_lightning.photos.transparency import Box, visible_box

    if alpha is None or alpha.all():
        return field
    box = visible_box(alpha) or Box(0, 0, *alpha.shape)
    height, width = field.coefficients.shape[-2:]
    share = (box.bottom - box.top) * (box.right - box.left) / alpha.size
    if (shrink := (share * PIXELS_SHOWN / (height * width)) ** 0.5) < 1 and share < 1:
        height, width = (max(1, int(side * shrink)) for side in (height, width))
        field = field._replace(coefficients=F.interpolate(field.coefficients, (height, width), mode="area"))
    rows, columns = alpha.shape
    down, across = height / (box.bottom - box.top), width / (box.right - box.left)
    size = max(height, round(rows * down)), max(width, round(columns * across))
    shows = F.interpolate(torch.from_numpy(alpha > 0)[None, None].float(), size, mode="nearest-exact")[0, 0]
    top, left = min(round(box.top * down), size[0] - height), min(round(box.left * across), size[1] - width)
    return laid_into(field, top, left, shows)
