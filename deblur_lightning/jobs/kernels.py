"""Draw a photo's motion field: basis kernels, mixing coefficients, and per-pixel kernels over the photo."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.jobs.photo_paths import check_folder_writable

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.jobs.restorer import Restorer

PIXELS_SHOWN = 1_500_000
"""Larger photos are halved until they fit: a figure shows no more, and memory stays bounded."""


def draw_kernels(blurry: Tensor, restorer: Restorer, stem: Path) -> list[Path]:
    """Write three pictures of a photo's motion field, each whole or not at all.

    Kernels are drawn as the light's path on the sensor, which is our correlation kernels flipped.

    Args:
        blurry: the photo, ``[1, 3 or 1, H, W]`` in [0, 1].
        restorer: a model that sees motion fields.
        stem: their common beginning: ``STEM_field.png``, ``STEM_basis.png``, ``STEM_coefficients.png``.

    Returns:
        The files.

    Raises:
        ValueError: a model without motion fields.
    """
    from deblur_lightning.reports import draw_basis, draw_coefficients, draw_field, save_figure

    shown = shrink_to_show(blurry)
    field = restorer.field(shown)
    figures = (draw_field(shown, field), draw_basis(field), draw_coefficients(field))
    paths = kernel_pictures(stem)
    for path, figure in zip(paths, figures, strict=True):
        save_figure(figure, path, formats=("png",))
    return paths


def kernel_pictures(stem: Path) -> list[Path]:
    """Name the pictures that `draw_kernels` writes."""
    return [stem.with_name(f"{stem.name}_{part}.png") for part in ("field", "basis", "coefficients")]


def draw_photo_kernels(photo: Path, output: Path, load: Callable[[], Restorer], say: Callable[[str], None]) -> None:
    """Write the pictures of one photo's motion field into a folder.

    Args:
        photo: the file.
        output: the folder.
        load: loads the model; called after everything that can be checked without it.
        say: takes lines for people.

    Raises:
        ValueError: no photo, or no model that sees motion fields.
        OSError: a file or folder that cannot be read or written.
    """
    from deblur_lightning.photos import read_photo

    began = time.monotonic()
    blurry, record = read_photo(photo)
    check_folder_writable(output)
    restorer = load()
    say(f"model: {restorer.name}")
    for path in draw_kernels(blurry, restorer, output / photo.stem):
        say(str(path))
    (height, width), (rows, columns) = blurry.shape[-2:], shrink_to_show(blurry).shape[-2:]
    shown = f", seen at {columns} x {rows}" if rows < height else ""
    notes = "".join(f"; {note}" for note in record.notes)
    say(f"{photo}: {width} x {height}{shown}, {time.monotonic() - began:.1f} s{notes}")


def shrink_to_show(photo: Tensor) -> Tensor:
    """Halve a photo until it has at most ``PIXELS_SHOWN`` pixels."""
    import torch.nn.functional as F

    while photo.shape[-2] * photo.shape[-1] > PIXELS_SHOWN and min(photo.shape[-2:]) > 1:
        photo = F.avg_pool2d(photo, 2)
    return photo
