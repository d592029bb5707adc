"""`deblur kernels`: draw a photo's basis kernels, mixing coefficients, and per-pixel kernels over the photo."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import Checkpoint, Gamma
from deblur_lightning.commands._output_paths import PICTURES, check_folder_writable, is_ours, refuse_suffix
from deblur_lightning.commands._photo_paths import drawn_fields
from deblur_lightning.commands._seen_photo import PIXELS_SHOWN, whole_answer, whole_field
from deblur_lightning.reports.marks import DRAWN

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.deblurring import PhotoDeblurrer
    from deblur_lightning.deblurring.deblurrer import Deblurred
    from deblur_lightning.field import KernelField
    from deblur_lightning.photos import PhotoRecord


TITLES = ("Motion field", "Basis kernels", "Mixing coefficients")
"""Of the three pictures, in their files."""


def kernels(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder for the pictures.")],
    checkpoint: Checkpoint = None,
    gamma: Gamma = None,
) -> None:
    """Draw a photo's motion field.

    Three pictures are written: the per-pixel kernels over the photo, the basis kernels, and the mixing coefficients. A
    kernel is drawn as the light's path on the sensor, which is the correlation kernel flipped.
    """
    refuse_suffix(output, PICTURES, "a folder for three pictures")

    from deblur_lightning.commands._progress import Console
    from deblur_lightning.deblurring import find_checkpoint
    from deblur_lightning.photos import read_photo

    began, path = time.monotonic(), find_checkpoint(checkpoint)
    with Console() as console:
        check_drawings(photo, output / photo.stem)
        blurry, record = read_photo(photo)
        from deblur_lightning.deblurring import load_deblurrer

        model = load_deblurrer(path, gamma=gamma)
        console.say(f"model: {model.name}")
        check_sees_motion(model)
        check_folder_writable(output)
        for drawn in draw_kernels(blurry, record, model, output / photo.stem):
            console.say(str(drawn))
        (height, width), visible = blurry.shape[-2:], blurry[(..., *record.visible)]
        rows, columns = shrink_to_show(visible).shape[-2:]
        shown = f", seen at {columns} x {rows}" if rows < visible.shape[-2] else ""
        notes = "".join(f"; {note}" for note in record.notes)
        console.say(f"{photo}: {width} x {height}{shown}, {time.monotonic() - began:.1f} s{notes}")


def check_sees_motion(model: PhotoDeblurrer) -> None:
    """Raise unless a model sees motion fields, before long work.

    Raises:
        ValueError: it does not.
    """
    if not model.sees_motion:
        raise ValueError(
            f"{model.name} sees no motion that could be drawn. Pass --checkpoint blind, learned or direct."
        )


def check_drawings(photo: Path, stem: Path) -> None:
    """Raise where a photo's drawings would replace pictures that are none, before long work.

    Args:
        photo: the photo.
        stem: what their names begin with.

    Raises:
        ValueError: such a picture is there.
    """
    for path in drawn_fields(stem):
        if os.path.lexists(path) and not is_ours(path, DRAWN):
            raise ValueError(
                f"{photo}: its motion field would replace {path}, which is none that was drawn here. Choose another "
                "output folder."
            )


def draw_kernels(
    blurry: Tensor, record: PhotoRecord, model: PhotoDeblurrer, stem: Path, field: KernelField | None = None
) -> list[Path]:
    """Write three pictures of a photo's motion field, each whole or not at all.

    Kernels are drawn as the light's path on the sensor, which is our correlation kernels flipped.

    Args:
        blurry: the photo, ``[1, 3 or 1, H, W]`` in [0, 1].
        record: the photo's.
        model: one that sees motion fields.
        stem: their common beginning; see `drawn_fields`.
        field: the motion of what shows of the photo, where it is known; None lets the model estimate it, as of a photo
            too large to show.

    Returns:
        The files.

    Raises:
        ValueError: a model without motion fields.
    """
    from deblur_lightning.reports import draw_basis, draw_coefficients, draw_field, save_figure

    shows = (..., *record.visible)
    seen = shrink_to_show(blurry[shows])
    if field is None or seen.shape != blurry[shows].shape:
        field = model.field(seen)
    shown = shrink_to_show(record.over_white(blurry)[shows])
    field = whole_field(field, None if record.alpha is None else record.alpha[shows])
    figures = (draw_field(shown, field), draw_basis(field), draw_coefficients(field, image=shown))
    paths = drawn_fields(stem)
    for path, figure, title in zip(paths, figures, TITLES, strict=True):
        save_figure(figure, path, formats=("png",), title=title)
    return paths


def restored_to_show(
    model: PhotoDeblurrer, blurry: Tensor, record: PhotoRecord, progress: Callable[[float], None]
) -> Deblurred:
    """Restore a photo, with its motion to be shown; where tiles saw each its own, that of the photo as on a screen."""
    visible = blurry[(..., *record.visible)]
    answer = model(visible, progress=progress, with_field=model.estimates_whole)
    if answer.field is None and model.sees_motion:
        answer = answer._replace(field=model.field(shrink_to_show(visible)))
    return whole_answer(answer, blurry, record)


def shrink_to_show(photo: Tensor, pixels: int | None = None, side: int | None = None) -> Tensor:
    """Halve a photo until it has at most so many pixels, ``PIXELS_SHOWN`` if None, and no longer side."""
    import torch.nn.functional as F

    most = PIXELS_SHOWN if pixels is None else pixels
    longest = max(photo.shape[-2:]) if side is None else side
    while photo.shape[-2] * photo.shape[-1] > most or max(photo.shape[-2:]) > longest:
        photo = F.avg_pool2d(photo, [min(side, 2) for side in photo.shape[-2:]])
    return photo
