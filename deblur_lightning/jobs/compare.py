"""Draw one photo as several models restore it, beside the truth where it is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.jobs.load_methods import load_methods
from deblur_lightning.jobs.photo_paths import check_folder_writable
from deblur_lightning.jobs.sharp_photo import read_sharp

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.reports import Crop

BLURRY, SHARP = "Blurry", "Sharp"
DRAWN = (".png", ".pdf")


def compare_photo(
    photo: Path,
    checkpoints: Sequence[tuple[str, Path]],
    output: Path,
    sharp: Path | None = None,
    crop: tuple[int, int, int, int] | None = None,
    watch: Callable[[str], Callable[[float], None]] = lambda name: lambda share: None,
) -> list[Path]:
    """Write the comparison, and the maps of errors where the sharp picture is known, as PNG and PDF.

    Args:
        photo: the blurry photo.
        checkpoints: each model's name, which may be empty, and its file.
        output: the comparison's name; a suffix of ``DRAWN`` is replaced by each.
        sharp: the true picture.
        crop: the place to enlarge as x, y, width, height; None picks the most blurred one.
        watch: starts a model's progress bar, by its name; takes the share done, 0 to 1.

    Returns:
        The files.

    Raises:
        ValueError: no photo, pictures of two sizes, a place outside, no checkpoint.
        OSError: a file or folder that cannot be read or written.
    """
    from deblur_lightning.photos import read_photo
    from deblur_lightning.reports import Crop

    blurry, _ = read_photo(photo)
    true = read_sharp(sharp, photo, blurry) if sharp else None
    place = Crop(crop[1], crop[0], crop[3], crop[2]) if crop else None
    _check_place(place, photo, blurry)
    check_folder_writable(output.parent)
    restored = {name: restorer.restore(blurry, watch(name)) for name, restorer in load_methods(checkpoints).items()}
    pictures = {BLURRY: blurry, **restored, **({SHARP: true} if true is not None else {})}
    stem = output.with_suffix("") if output.suffix in DRAWN else output
    return draw_pictures(pictures, stem, photo.name, place)


def draw_pictures(pictures: dict[str, Tensor], stem: Path, name: str, place: Crop | None = None) -> list[Path]:
    """Write the comparison of a picture's versions, and the maps of errors where ``Sharp`` is among them.

    Args:
        pictures: versions by title, ``[1, 3 or 1, H, W]`` in [0, 1], the blurry one first.
        stem: the files' common beginning: ``STEM.png``, ``STEM.pdf``, ``STEM_errors.png``, ``STEM_errors.pdf``.
        name: the picture's, for people.
        place: to enlarge; None picks the most blurred one.
    """
    from deblur_lightning.reports import draw_comparison, draw_errors, save_figure

    figure, title = draw_comparison(pictures, place, SHARP, _scores(pictures)), f"{name}: {', '.join(pictures)}"
    paths = save_figure(figure, stem.with_name(f"{stem.name}.png"), title=title)
    if SHARP in pictures:
        erring = ", ".join(title for title in pictures if title != SHARP)
        target = stem.with_name(f"{stem.name}_errors.png")
        paths += save_figure(draw_errors(pictures, SHARP), target, title=f"{name}: absolute error of {erring}")
    return paths


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

    true = pictures.get(SHARP)
    if true is None:
        return {}
    return {
        name: f"{picture_psnr(picture.expand_as(true), true).item():.2f} dB"
        for name, picture in pictures.items()
        if name != SHARP
    }
