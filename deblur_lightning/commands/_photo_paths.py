"""Which photos a command is to work on, and where each result goes."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deblur_lightning.photos.finding import kinds_not_read, no_photo
from deblur_lightning.photos.formats import READ_SUFFIXES, UNREAD_SUFFIXES, VIDEO_SUFFIXES, WRITTEN, format_of_name
from deblur_lightning.sentences import count_of, sentence

PASSED_OVER = UNREAD_SUFFIXES | VIDEO_SUFFIXES
"""Said, never silently passed over."""

LONGEST_NAME = 255
"""Bytes of a file's name, on most file systems."""

OFTEN_TYPED = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".avif", ".heic")
"""Suffixes that people type, some of them wrongly."""

DRAWN_PARTS = ("field", "basis", "coefficients")
"""How the names of the three pictures of a motion field end, which stand beside a restored photo."""


@dataclass
class PhotoPlan:
    """The work of one command.

    Attributes:
        folder: that all results stay in.
        exact: the user named the result's file, so its suffix decides the format; otherwise the photo's content.
        pairs: photos, each with the name of its result.
        failed: photos that cannot be worked on, each with the sentence that says why.
        passed_over: pictures and videos in folders that are of kinds not read.
        drawn: pictures in folders that are drawings of a motion field, not photos.
    """

    folder: Path
    exact: bool = False
    pairs: list[tuple[Path, Path]] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    passed_over: list[Path] = field(default_factory=list)
    drawn: list[Path] = field(default_factory=list)

    def said_of_passed_over(self) -> list[str]:
        """Say in a line each which files are not looked at, if there are any."""
        lines = []
        if self.passed_over:
            files = count_of(len(self.passed_over), "file")
            lines.append(f"passed over {files} of kinds that are not read {kinds_not_read(self.passed_over)}")
        if self.drawn:
            lines.append(f"passed over {count_of(len(self.drawn), 'drawing')} of motion fields")
        return lines


def plan_photos(photos: Sequence[Path], output: Path) -> PhotoPlan:
    """Find the photos in files and folders; a folder's structure is kept in the output folder.

    Links to folders are not followed, hidden files and the output folder itself are left out.

    Args:
        photos: files and folders, or patterns such as ``frames/*.png``.
        output: the output folder; for a single photo also a file name with a photo's suffix.

    Raises:
        ValueError: ``output`` names one picture for several photos, or a kind of picture that is not written; or it is
            of one photo, no folder that is there, and looks like a picture's name mistyped.
    """
    photos = expand_patterns(photos)
    _check_output(photos, output)
    exact = len(photos) == 1 and not photos[0].is_dir() and not output.is_dir() and format_of_name(output) is not None
    plan = PhotoPlan(output.parent if exact else output, exact)
    for photo in photos:
        try:
            _add(photo, output if exact else output / photo.name, plan)
        except OSError as error:  # the system does not let us look there
            plan.failed.append((photo, sentence(error)))
    plan.pairs = list(dict.fromkeys(plan.pairs))  # patterns may overlap
    return plan


def expand_patterns(paths: Sequence[Path]) -> list[Path]:
    """Replace patterns such as ``frames/*.png`` by what they match, in order; Windows' shells leave that to programs.

    A pattern that matches nothing, and a file of that very name, stay as they are.
    """
    found: list[Path] = []
    for path in paths:
        plain = not glob.has_magic(str(path)) or os.path.lexists(path)  # never raises
        found += [path] if plain else sorted(map(Path, glob.glob(str(path), recursive=True))) or [path]  # noqa: PTH207 - absolute too
    return found


def _check_output(photos: Sequence[Path], output: Path) -> None:
    """Refuse names of pictures for folders, before such folders are made; for one photo also those mistyped."""
    suffix = output.suffix.lower()
    if output.is_dir():
        return
    if suffix not in READ_SUFFIXES | PASSED_OVER:
        meant = difflib.get_close_matches(suffix, OFTEN_TYPED, 1, cutoff=0.75)  # two letters swapped, one more or less
        if meant and len(photos) == 1 and not photos[0].is_dir():
            raise ValueError(
                f"--output is {output}; if that is a picture, write {meant[0]}. If not, make that folder first."
            )
        return
    if len(photos) > 1 or photos[0].is_dir():
        many = f"{photos[0]} is a folder" if len(photos) == 1 else f"there are {len(photos)} photos"
        raise ValueError(f"--output is {output}, which names one picture, but {many}. Name a folder.")
    if format_of_name(output) is None:
        written = ", ".join(form.suffixes[0] for form in WRITTEN.values())
        raise ValueError(f"--output is {output}, but {suffix} is not written, only {written}. Choose one of these.")


def _add(photo: Path, result: Path, plan: PhotoPlan) -> None:
    """Add a photo with the name of its result, or a folder's photos, to a plan."""
    if photo.is_dir():
        _search(photo, plan)
    elif not photo.exists() and not photo.is_symlink():
        plan.failed.append((photo, f"{photo} does not exist. Check the path; this folder is {Path.cwd()}."))
    elif photo.suffix.lower() in VIDEO_SUFFIXES:
        plan.failed.append((photo, f"{photo} is a video, not a photo. Restore it by: deblur restore-video."))
    else:
        plan.pairs.append((photo, result))


def _search(folder: Path, plan: PhotoPlan) -> None:
    """Add a folder's photos to a plan."""
    results, found, before = plan.folder.resolve(), len(plan.pairs), len(plan.passed_over)

    def refused(error: OSError) -> None:
        plan.failed.append((Path(error.filename), f"{error.filename} cannot be searched: {error.strerror}."))

    for parent, folders, names in os.walk(folder, onerror=refused):
        inside = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in inside if (Path(parent) / name).resolve() != results)
        drawn = drawn_beside_photos({Path(parent) / name for name in names})
        for name in sorted(names):
            photo = Path(parent) / name
            if name.startswith("."):
                continue  # of the file system's, not of people's
            if photo in drawn:
                plan.drawn.append(photo)
            elif photo.suffix.lower() in READ_SUFFIXES:
                plan.pairs.append((photo, plan.folder / photo.relative_to(folder)))
            elif photo.suffix.lower() in PASSED_OVER:
                plan.passed_over.append(photo)
    if found == len(plan.pairs):
        plan.failed.append((folder, no_photo(folder, plan.passed_over[before:])))
        del plan.passed_over[before:]


def drawn_fields(stem: Path) -> list[Path]:
    """Name the pictures of a motion field: ``STEM_field.png``, ``STEM_basis.png``, ``STEM_coefficients.png``."""
    return [stem.with_name(f"{stem.name}_{part}.png") for part in DRAWN_PARTS]


def drawn_stem(target: Path, taken: set[Path]) -> Path:
    """Give what the names of a result's drawings begin with.

    Args:
        target: the result.
        taken: results and drawings of the same run.

    Returns:
        ``photo`` of ``photo.png``; where another result has such drawings, as of ``photo.jpg``, ``photo.png`` itself.
    """
    stem = target.with_suffix("")
    return stem if taken.isdisjoint(drawn_fields(stem)) else target


def drawn_beside_photos(files: set[Path]) -> set[Path]:
    """Tell which files are the three drawings of a photo among them, see `drawn_stem`."""
    photos = [photo for photo in files if photo.suffix.lower() in READ_SUFFIXES]
    fields = [set(drawn_fields(stem)) for photo in photos for stem in (photo.with_suffix(""), photo)]
    return set[Path]().union(*(three for three in fields if three <= files))


def result_name(photo: Path, named: Path, plain: str, plan: PhotoPlan, taken: Iterable[Path]) -> Path:
    """Name a result whose format is not its photo's, as PNG is for ``anim.gif``, so that no other photo loses its name.

    Args:
        photo: the photo.
        named: its result's name before its format is known.
        plain: its result's name with the suffix of the format.
        plan: whose other photos have results too.
        taken: results of the same run.

    Returns:
        ``anim.png``; where that is another's, ``anim.gif.png``.
    """
    target = named.with_name(plain)
    others = (other for source, other in plan.pairs if source != photo)
    if target != named and (target in taken or target in others):
        return named.with_name(named.name + target.suffix)
    return target


def target_problem(source: Path, target: Path, output: Path, taken: Iterable[Path]) -> str | None:
    """Say why a result must not be written under a name, if so.

    Args:
        source: the photo.
        target: its result.
        output: the folder that results must stay in.
        taken: results of the same run.
    """
    if len(os.fsencode(target.name)) > LONGEST_NAME:
        return f"{source}: its result's name is longer than {LONGEST_NAME} bytes. Choose a shorter name or --suffix."
    if target.exists() and target.samefile(source):
        return f"{source} would be overwritten by its own result. Choose another output folder."
    if not target.parent.resolve().is_relative_to(output.resolve()):
        return f"{source}: its result {target} would leave {output} through a link. Remove the link."
    if target in taken:
        return f"{source}: its result {target} is already another photo's of this run. Restore it to another folder."
    if target.is_dir():
        return f"{source}: its result {target} is a folder. Choose another output folder."
    if target.exists() and not target.stat().st_mode & 0o222:
        return f"{source}: its result {target} is there and read-only. Make it writable or choose another folder."
    return None
