"""`deblur compare`: draw one photo as several models restore it, beside the truth where it is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from deblur_lightning.commands._options import NamedCheckpoints
from deblur_lightning.commands._output_paths import check_folder_writable, check_replaceable, figure_files, figure_stem
from deblur_lightning.commands._seen_photo import whole_picture
from deblur_lightning.reports.marks import DRAWN

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.reports import Crop

FORMATS = (".png", ".pdf")


class Rectangle(NamedTuple):
    """A place in a picture, in pixels from the top left."""

    x: int
    y: int
    width: int
    height: int


def rectangle(text: str) -> Rectangle:
    """Read X,Y,WIDTH,HEIGHT."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts) or 0 in map(int, parts[2:]):
        raise typer.BadParameter(f"--crop is {text}, but it needs four whole numbers. Pass X,Y,WIDTH,HEIGHT in pixels.")
    return Rectangle(*map(int, parts))


def compare(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The blurry photo.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="Write OUT.png and OUT.pdf, and with --sharp OUT_errors.*"),
    ],
    checkpoint: NamedCheckpoints = None,
    sharp: Annotated[Path | None, typer.Option(metavar="FILE", help="The true picture, of the same size.")] = None,
    crop: Annotated[
        Rectangle | None,
        typer.Option(parser=rectangle, metavar="X,Y,W,H", help="The place to enlarge, in pixels from the top left."),
    ] = None,
) -> None:
    """Draw a photo as several models restore it.

    The blurry picture, each model's and, if known, the sharp one stand in a row, with one place of each enlarged: where
    blur removed most detail, unless --crop names another. With --sharp, a second figure shows each model's errors. Each
    figure is written as PNG and PDF.
    """
    stem = figure_stem(output, FORMATS)
    stems = (stem, of_errors(stem)) if sharp else (stem,)
    check_replaceable((file for one in stems for file in figure_files(one, FORMATS)), DRAWN)

    from deblur_lightning.commands._progress import Console
    from deblur_lightning.deblurring import find_named_checkpoints
    from deblur_lightning.photos import read_photo
    from deblur_lightning.reports import Crop
    from deblur_lightning.reports.page.pictures import BLURRY, SHARP

    checkpoints = find_named_checkpoints(checkpoint or (), taken=(BLURRY, SHARP))
    with Console() as console:
        blurry, record = read_photo(photo)
        true = read_sharp(sharp, photo, blurry) if sharp else None
        place = Crop(crop.y, crop.x, crop.height, crop.width) if crop else None
        _check_place(place, photo, blurry)
        check_folder_writable(output.parent)
        from deblur_lightning.deblurring import load_named

        pictures = {BLURRY: record.over_white(blurry)}
        for name, model in load_named(checkpoints).items():
            answer = model(blurry[(..., *record.visible)], progress=console.watch(name), with_field=False)
            pictures[name] = record.over_white(whole_picture(answer.picture, blurry, record))
        if true is not None:
            pictures[SHARP] = record.over_white(true)
        for path in draw_pictures(pictures, stem, photo.name, place):
            console.say(str(path))


def read_sharp(path: Path, photo: Path, blurry: Tensor) -> Tensor:
    """Read the true picture of a photo.

    Args:
        path: its file.
        photo: the blurry photo's file, for messages.
        blurry: the photo, ``[1, 3 or 1, H, W]``.

    Returns:
        ``[1, C, H, W]`` in [0, 1], C the larger of both pictures'; what is transparent is white.

    Raises:
        ValueError: no picture, or one of another size.
    """
    from deblur_lightning.photos import read_photo

    sharp, record = read_photo(path)
    if sharp.shape[-2:] != blurry.shape[-2:]:
        (rows, columns), (height, width) = sharp.shape[-2:], blurry.shape[-2:]
        raise ValueError(
            f"{path} has {columns} x {rows} pixels, but {photo} has {width} x {height}. Pass the same picture."
        )
    return record.over_white(sharp).expand(-1, max(sharp.shape[1], blurry.shape[1]), -1, -1)


def draw_pictures(pictures: dict[str, Tensor], stem: Path, name: str, place: Crop | None = None) -> list[Path]:
    """Write the comparison of a picture's versions, and the maps of errors where ``Sharp`` is among them.

    Args:
        pictures: versions by title, ``[1, 3 or 1, H, W]`` in [0, 1], the blurry one first.
        stem: the files' common beginning: ``STEM.png``, ``STEM.pdf``, ``STEM_errors.png``, ``STEM_errors.pdf``.
        name: the picture's, for people.
        place: to enlarge; None picks the most blurred one.
    """
    from deblur_lightning.reports import draw_comparison, draw_errors, save_figure
    from deblur_lightning.reports.page.pictures import SHARP

    figure, title = draw_comparison(pictures, place, SHARP, _scores(pictures)), f"{name}: {', '.join(pictures)}"
    paths = save_figure(figure, figure_files(stem, FORMATS)[0], title=title)
    if SHARP in pictures:
        erring = ", ".join(title for title in pictures if title != SHARP)
        target = figure_files(of_errors(stem), FORMATS)[0]
        paths += save_figure(draw_errors(pictures, SHARP), target, title=f"{name}: absolute error of {erring}")
    return paths


def of_errors(stem: Path) -> Path:
    """Give what the names of the maps of errors begin with."""
    return stem.with_name(f"{stem.name}_errors")


def _check_place(place: tuple[int, int, int, int] | None, photo: Path, blurry: Tensor) -> None:
    if place is None:
        return
    (top, left, rows, columns), (height, width) = place, blurry.shape[-2:]
    if top + rows > height or left + columns > width:
        raise ValueError(
            f"--crop is {left},{top},{columns},{rows}, but {photo} has {width} x {height} pixels. Keep it inside."
        )


def _scores(pictures: dict[str, Tensor]) -> dict[str, str]:
    """Give each picture's PSNR against the sharp one, if that is there."""
    from deblur_lightning.metrics import picture_psnr
    from deblur_lightning.reports.page.pictures import SHARP

    true = pictures.get(SHARP)
    if true is None:
        return {}
    return {
        name: f"{picture_psnr(picture.expand_as(true), true).item():.2f} dB"
        for name, picture in pictures.items()
        if name != SHARP
    }
