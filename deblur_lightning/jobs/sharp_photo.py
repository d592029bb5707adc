"""The true picture of a blurry photo, from its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def read_sharp(path: Path, photo: Path, blurry: Tensor) -> Tensor:
    """Read the true picture of a photo.

    Args:
        path: its file.
        photo: the blurry photo's file, for messages.
        blurry: the photo, ``[1, 3 or 1, H, W]``.

    Returns:
        ``[1, C, H, W]`` in [0, 1], C the larger of both pictures'.

    Raises:
        ValueError: no picture, or one of another size.
    """
    from deblur_lightning.photos import read_photo

    sharp, _ = read_photo(path)
    if sharp.shape[-2:] != blurry.shape[-2:]:
        (rows, columns), (height, width) = sharp.shape[-2:], blurry.shape[-2:]
        raise ValueError(
            f"{path} has {columns} x {rows} pixels, but {photo} has {width} x {height}. Pass the same picture."
        )
    return sharp.expand(-1, max(sharp.shape[1], blurry.shape[1]), -1, -1)
