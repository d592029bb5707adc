"""`deblur restore`: restore photos, one after another, going on past bad ones."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from deblur_lightning.commands._options import Checkpoint, Gamma
from deblur_lightning.commands._output_paths import check_folder_writable
from deblur_lightning.commands._photo_paths import (
    PhotoPlan,
    drawn_fields,
    drawn_stem,
    plan_photos,
    result_name,
    target_problem,
)
from deblur_lightning.commands._result_files import ResultFiles
from deblur_lightning.commands._seen_photo import whole_picture
from deblur_lightning.commands.kernels import check_drawings, check_sees_motion, draw_kernels
from deblur_lightning.deblurring.bundled import RestorerName
from deblur_lightning.richardson_lucy_updates import Method
from deblur_lightning.sentences import count_of, sentence

if TYPE_CHECKING:
    from torch import Tensor

    from deblur_lightning.deblurring import PhotoDeblurrer
    from deblur_lightning.photos import PhotoRecord

Say = Callable[[str], None]
Progress = Callable[[float], None]


def restore(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTO", readable=False, help="Photos, or folders of photos."),  # each tells it itself
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="Folder for the results; for one photo, it may be a file."),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace existing results, which are otherwise kept.")
    ] = False,
    kernels: Annotated[
        bool, typer.Option("--kernels", help="Also draw each photo's motion field beside its result.")
    ] = False,
    suffix: Annotated[
        str, typer.Option(metavar="TEXT", help="Added to each photo's name: _sharp makes photo_sharp.jpg.")
    ] = "",
    format: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Write jpg, png, tif, webp, avif, heic, …; default: the photo's own."),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            metavar="Q",
            help="Quality of JPEG and WebP (default: 95), AVIF and HEIC (90); lower is smaller.",
        ),
    ] = None,
    strength: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="S", help="0 restores nothing and only writes the photo anew, 1 restores it fully."
        ),
    ] = 1.0,
    checkpoint: Checkpoint = None,
    gamma: Gamma = None,
    iterations: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Iterations of Richardson-Lucy: more is sharper and noisier. Default: the model's.",
        ),
    ] = None,
    method: Annotated[Method | None, typer.Option(help="Richardson-Lucy's update. Default: the model's.")] = None,
    restorer: Annotated[
        RestorerName | None,
        typer.Option(
            help="What undoes the motion. hyper-laplacian is finer where one motion moved everything, and does harm "
            "elsewhere. Default: the model's.",
        ),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="PIXELS",
            help="Side of a tile; smaller ones need less memory. Default: 1152; direct networks restore up to 4 "
            "megapixels whole.",
        ),
    ] = None,
) -> int:
    """Undo camera shake and motion in photos.

    Size, orientation, 8 or 16 bits, transparency, colour profile, EXIF, keywords and ratings are kept. Folders keep
    their structure. If a photo cannot be read, that is reported, the others are restored, and the exit status is 1;
    after Ctrl-C it is 130.

    Large photos are restored tile by tile: 100 megapixels take 5 GB of memory, plus what the model needs for the tiles
    processed at once, up to four. Without --tile, direct networks restore up to 4 megapixels at once (`direct` in 2 GB,
    DeblurGAN in 4), and larger photos in tiles of that size: DeblurGAN normalises by all that it sees.

    Pictures that fade to black at their borders are assumed to be blurred by a program, not by a camera.
    """
    from deblur_lightning.commands._progress import Console
    from deblur_lightning.deblurring import find_checkpoint

    path, files = find_checkpoint(checkpoint), ResultFiles(suffix, format, quality)

    def load() -> PhotoDeblurrer | None:
        if not strength and not kernels:
            console.say("model: none, for --strength 0 restores nothing: photos are only written anew")
            return None
        from deblur_lightning.deblurring import load_deblurrer

        model = load_deblurrer(
            path, strength=strength, tile=tile, restorer=restorer, gamma=gamma, iterations=iterations, method=method
        )
        console.say(f"model: {model.name}")
        return model

    with Console() as console:
        report = restore_photos(
            photos,
            output,
            load,
            overwrite=overwrite,
            kernels=kernels,
            files=files,
            say=console.say,
            watch=console.watch,
        )
        console.say(report.summary())
        for _, reason in report.failed:
            console.complain(f"failed: {reason}")
    return 1 if report.failed else 0


@dataclass
class RestoreReport:
    """What became of the photos.

    Attributes:
        restored: results written.
        kept: results that were there already and were left alone.
        failed: photos without a result, each with the sentence that says why.
        notes: what else is to be said of the run, a line each.
        seconds: wall time, loading the model included.
    """

    restored: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def summary(self) -> str:
        """Say it in a few lines: counts and time."""
        photos = len(self.restored) + len(self.failed)
        lines = [f"restored {len(self.restored)} of {count_of(photos, 'photo')} in {self.seconds:.1f} s"]
        if self.kept:
            results = "1 result that was" if len(self.kept) == 1 else f"{len(self.kept)} results that were"
            lines = [*(lines if photos else ()), f"kept {results} there already"]
        return "\n".join([*lines, *self.notes])


def restore_photos(
    photos: Sequence[Path],
    output: Path,
    load: Callable[[], PhotoDeblurrer | None],
    *,
    overwrite: bool = False,
    kernels: bool = False,
    files: ResultFiles = ResultFiles(),  # noqa: B008 - frozen
    say: Say = lambda line: None,
    watch: Callable[[str], Progress] = lambda name: lambda share: None,
) -> RestoreReport:
    """Restore photos and folders of photos into a folder.

    A photo that cannot be read, restored or written is reported and the next one taken; a result is written whole
    or not at all.

    Args:
        photos: files and folders; a folder's structure is kept.
        output: the folder for the results; for a single photo also a file name.
        load: loads the model; called once, after everything that can be checked without it. None leaves photos as they
            are.
        overwrite: replace results that are there; without it they are kept.
        kernels: also write the picture of the motion field beside each result.
        files: how results are named and stored.
        say: takes lines for people.
        watch: starts a photo's progress bar, by its name; takes the share done, 0 to 1.

    Returns:
        What became of each photo.

    Raises:
        OSError: the output folder cannot be written.
        ValueError: the model cannot be loaded, or sees no motion that is to be drawn; or results cannot be named or
            stored as asked.
    """
    began = time.monotonic()
    plan = plan_photos(photos, output)
    report = RestoreReport(failed=plan.failed, notes=[*files.apply(plan), *plan.said_of_passed_over()])
    if plan.pairs:
        check_folder_writable(plan.folder)
    load_once, taken = functools.cache(load), set[Path]()
    for source, named in plan.pairs:
        try:
            target = _target(source, named, plan, taken, files)
            stem = drawn_stem(target, taken) if kernels else None
            photo = _read(source, target, files, stem) if overwrite or not target.exists() else None
            taken.update((target, *(() if stem is None else drawn_fields(stem))))
        except (ValueError, OSError) as error:
            report.failed.append((source, sentence(error)))
            continue
        if photo is None:
            report.kept.append(target)
            say(f"{target} is there already and is kept. Pass --overwrite to replace it.")
            continue
        model = load_once()
        if kernels and model is not None:
            check_sees_motion(model)
        try:
            done = _restore(photo, model, watch(source.name))
        except (ValueError, OSError) as error:
            report.failed.append((source, sentence(error)))
            continue
        report.restored.append(photo.target)
        say(done)
    report.seconds = time.monotonic() - began
    return report


class _Photo(NamedTuple):
    """A photo in work; the names of its drawings, if any are asked for, begin with the stem."""

    source: Path
    target: Path
    blurry: Tensor
    record: PhotoRecord
    stem: Path | None


def _target(source: Path, named: Path, plan: PhotoPlan, taken: set[Path], files: ResultFiles) -> Path:
    """Settle the name of a photo's result by its header, so that those that are there already are not decoded."""
    from deblur_lightning.photos import PhotoRecord, photo_format

    known = PhotoRecord(photo_format(source))
    plain = files.record(known).file_name(named.name)
    target = named if plan.exact else result_name(source, named, plain, plan, taken)
    if problem := target_problem(source, target, plan.folder, taken):
        raise ValueError(problem)
    return target


def _read(source: Path, target: Path, files: ResultFiles, stem: Path | None) -> _Photo:
    from deblur_lightning.photos import read_photo

    if stem is not None:
        check_drawings(source, stem)
    blurry, known = read_photo(source)
    record = files.record(known).for_name(target)
    record.check_size(target, blurry.shape[-1], blurry.shape[-2])
    return _Photo(source, target, blurry, record, stem)


def _restore(photo: _Photo, model: PhotoDeblurrer | None, progress: Progress) -> str:
    """Restore and write one photo; return the line that says so."""
    from deblur_lightning.photos import write_photo

    started, shows = time.monotonic(), (..., *photo.record.visible)
    answer = None
    if model is not None:
        seen = photo.stem is not None and model.estimates_whole  # otherwise it is estimated of what is drawn
        answer = model(photo.blurry[shows], progress=progress, with_field=seen)
    restored, notes = photo.blurry, photo.record.notes
    if answer is not None:
        restored, notes = whole_picture(answer.picture, photo.blurry, photo.record), (*notes, *answer.notes)
    if model is not None and answer is not None and photo.stem is not None:
        drawn = draw_kernels(photo.blurry, photo.record, model, photo.stem, answer.field)
        notes = (*notes, f"motion drawn in {', '.join(path.name for path in drawn)}")
    write_photo(photo.target, restored, photo.record)  # last, for the next run takes what is there for done
    height, width = photo.blurry.shape[-2:]
    said = "".join(f"; {note}" for note in notes)
    return f"{photo.source} -> {photo.target}: {width} x {height}, {time.monotonic() - started:.1f} s{said}"
