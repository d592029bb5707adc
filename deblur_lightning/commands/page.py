"""`deblur page`: write the page of results, and add photos to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import NamedCheckpoints, StoreToRead
from deblur_lightning.commands._output_paths import check_folder_writable, check_replaceable, refuse_suffix
from deblur_lightning.commands._photo_paths import plan_photos
from deblur_lightning.commands.compare import read_sharp
from deblur_lightning.commands.kernels import restored_to_show, shrink_to_show
from deblur_lightning.reports.marks import WRITTEN
from deblur_lightning.reports.results import STORE, latest_results, read_results
from deblur_lightning.sentences import sentence
from deblur_lightning.whole_file import write_text

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.deblurring import PhotoDeblurrer
    from deblur_lightning.photos import PhotoRecord
    from deblur_lightning.reports.page import PagePicture
    from deblur_lightning.reports.tables import Table

PAGE = "index.html"
PICTURES = "page"
VIEWED = 12_000_000
"""Pixels of the largest picture that the page shows; larger ones are halved until they fit."""


def page(
    photos: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PHOTO", readable=False, help="Photos to add, or folders of photos."),  # as in restore
    ] = None,
    checkpoint: NamedCheckpoints = None,
    sharp: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The true picture of one photo, or a folder of true pictures named as the photos."
        ),
    ] = None,
    dataset: Annotated[str, typer.Option(metavar="NAME", help="Heading that the photos are listed under.")] = "photo",
    store: StoreToRead = STORE,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT", help="Folder to write to; default: the store's."),
    ] = None,
) -> int:
    """Write the page of results: tables, figures and pictures.

    Its pictures have a divider, and show the kernel under the pointer. With photos, each model first restores them, and
    they are added at their size; those above 12 megapixels are halved, and the page says so. The page is
    OUT/index.html, with OUT/figures/ and OUT/page/ beside it: copy the three together. It works offline. To remove a
    picture, delete its folder from OUT/page/ and write the page again.
    """
    from deblur_lightning.commands._progress import Console
    from deblur_lightning.deblurring import find_named_checkpoints
    from deblur_lightning.reports.page.pictures import BLURRY, SHARP

    output = output or store.parent
    refuse_suffix(output, (".html", ".htm"), f"a folder, in which the page is {PAGE}")
    check_replaceable([output / PAGE], WRITTEN)
    failed: list[str] = []
    with Console() as console:
        if photos:
            checkpoints = find_named_checkpoints(checkpoint or (), taken=(BLURRY, SHARP))
            failed = add_photos(photos, checkpoints, output, sharp, dataset, console.say, console.watch)
        if not (failed and nothing_to_show(output)):
            console.say(f"Page: {write_page(output, store)}")
        for reason in failed:
            console.complain(f"failed: {reason}")
    return 1 if failed else 0


def nothing_to_show(output: Path) -> bool:
    """Tell whether a page in a folder would have no picture."""
    from deblur_lightning.reports.page import read_pictures

    return not read_pictures(output / PICTURES)


def write_page(output: Path, store: Path = STORE, tables: Sequence[Table] | None = None) -> Path:
    """Write ``index.html``: the tables, the figures of ``figures/`` and the pictures of ``page/``, what there is.

    Args:
        output: the folder.
        store: the results store; missing means that nothing was run yet.
        tables: as `gather_tables` fills them; None gathers them from the store.

    Returns:
        The page.
    """
    from deblur_lightning.reports.gathering import gather_tables
    from deblur_lightning.reports.page import find_figures, read_pictures, render_page

    latest = max(latest_results(read_results(store)), key=lambda result: result.date, default=None)
    made = f"Latest result: {latest.date}, source {latest.commit or 'unknown'}." if latest else ""
    text = render_page(
        gather_tables(store) if tables is None else tables,
        find_figures(output / "figures", output),
        read_pictures(output / PICTURES),
        made,
        f"{PICTURES}/",
    )
    write_text(output / PAGE, text)
    return output / PAGE


def add_photos(
    photos: Sequence[Path],
    checkpoints: Sequence[tuple[str, Path]],
    output: Path,
    sharp: Path | None = None,
    dataset: str = "photo",
    say: Callable[[str], None] = lambda line: None,
    watch: Callable[[str], Callable[[float], None]] = lambda name: lambda share: None,
) -> list[str]:
    """Restore photos by each model and add them to the page's pictures.

    Large photos, and their true pictures, are shown halved until they have 12 megapixels; they are restored and scored
    at their size.

    Args:
        photos: files, or folders of photos.
        checkpoints: each model's name, which may be empty, and its file.
        output: the page's folder.
        sharp: the true picture of a single photo, or a folder with true pictures under the photos' names.
        dataset: what the pictures are listed under.
        say: takes lines for people.
        watch: starts a progress bar, by its name; takes the share done, 0 to 1.

    Returns:
        Why photos were left out, a sentence each.

    Raises:
        ValueError: no checkpoint of ours.
        OSError: a folder that cannot be written.
    """
    from deblur_lightning.deblurring import load_named
    from deblur_lightning.photos import read_photo

    plan = plan_photos(photos, output / PICTURES)
    failed = [reason for _, reason in plan.failed]
    check_folder_writable(output / PICTURES)
    methods = load_named(list(checkpoints)) if plan.pairs else {}
    added: dict[str, Path] = {}
    for photo, named in plan.pairs:
        name = named.relative_to(output / PICTURES).as_posix()
        if name in added:
            failed.append(f"{photo}: {added[name]} is on the page as {dataset}/{name}. Give this one another name.")
            continue
        try:
            blurry, record = read_photo(photo)
            named_sharp = sharp / name if sharp and sharp.is_dir() else sharp
            true = read_sharp(named_sharp, photo, blurry) if named_sharp else None
            shown = show_photo(output / PICTURES, dataset, name, blurry, record, methods, true, watch)
        except (ValueError, OSError) as error:
            failed.append(sentence(error))
            continue
        added[name] = photo
        (height, width), (rows, columns) = blurry.shape[-2:], (shown["height"], shown["width"])
        say(f"{photo}: {dataset}/{name}, {columns} x {rows}" + (f" of {width} x {height}" if rows < height else ""))
    for line in plan.said_of_passed_over():
        say(line)
    return failed


def show_photo(
    folder: Path,
    dataset: str,
    name: str,
    blurry: Tensor,
    record: PhotoRecord,
    methods: dict[str, PhotoDeblurrer],
    sharp: Tensor | None = None,
    watch: Callable[[str], Callable[[float], None]] = lambda name: lambda share: None,
) -> PagePicture:
    """Restore a photo by each model and write its versions, motion fields and scores for the page.

    Args:
        folder: of the page's pictures.
        dataset: what it is listed under.
        name: its name there.
        blurry: the photo, ``[1, 3 or 1, H, W]`` in [0, 1].
        record: the photo's.
        methods: models by name.
        sharp: the true picture.
        watch: starts a progress bar, by its name; takes the share done, 0 to 1.
    """
    from deblur_lightning.metrics.similarity import file_scores
    from deblur_lightning.reports.page import add_picture
    from deblur_lightning.reports.page.pictures import BLURRY, LONGEST, SHARP

    pictures, fields, scores, notes = {BLURRY: record.over_white(blurry)}, {}, {}, {}
    for key, one in methods.items():
        answer = restored_to_show(one, blurry, record, watch(f"{name}: {key}"))
        pictures[key], notes[key] = record.over_white(answer.picture), answer.notes
        if answer.field is not None:
            fields[key] = answer.field
    if sharp is not None:
        sharp = record.over_white(sharp)
        scores = {key: file_scores(picture, sharp) for key, picture in pictures.items()}
        pictures[SHARP] = sharp
    shown = {key: shrink_to_show(picture, VIEWED, LONGEST) for key, picture in pictures.items()}
    reduced = round(blurry.shape[-1] / shown[BLURRY].shape[-1])
    return add_picture(folder, dataset, name, shown, fields, scores, reduced, notes)
