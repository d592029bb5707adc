"""`deblur check-data`: tell what a folder of pictures is to the datamodules, before anything is trained or scored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeVar, get_args

import typer

from deblur_lightning.commands._photo_paths import expand_patterns
from deblur_lightning.commands._saying import say
from deblur_lightning.data.absent import AbsentError
from deblur_lightning.sentences import count_of, sentence

if TYPE_CHECKING:
    from deblur_lightning.data.kohler.files import KohlerFolder
    from deblur_lightning.data.pairs.pairing import Pair
    from deblur_lightning.data.scenes.photo_files import PhotoFile

Item = TypeVar("Item")

FAULTS_SHOWN = 5
SKIPPING = re.compile(r"(?:, or|\. Or) pass (?:files\.)?skip_corrupt=True\.")
"""An advice for those who train."""


class Finding(NamedTuple):
    """What a folder is, in sentences, and what is wrong with its files."""

    said: list[str]
    faults: list[str]


def check_data(
    folder: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="Folders with unpacked data sets.")],
    sharp_half: Annotated[
        Literal["left", "right"] | None, typer.Option(help="Which half is sharp, if files hold both side by side.")
    ] = None,
    folders: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="BLURRY SHARP", help="Names of the two folders, if unusual."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Decode every picture even in sets above 256 MB, not just the headers.")
    ] = False,
) -> int:
    """Tell which data set a folder holds and what reads it.

    It knows GoPro and other pairs, those of `deblur synthesize`, Köhler, ADE20K, COCO, BSDS500, and folders of photos.
    It names truncated files, pairs of two sizes, pictures without a counterpart and other missing parts; the exit
    status is then 1.
    """
    faulty = False
    for one in expand_patterns(folder):
        try:
            found = describe(one, sharp_half, folders, full=full)
        except (OSError, ValueError) as error:
            found = Finding([], [sentence(error)])
        for line in found.said:
            say(line)
        for fault in found.faults[:FAULTS_SHOWN]:
            say(SKIPPING.sub(".", fault), err=True)
        if len(found.faults) > FAULTS_SHOWN:
            say(f"{one}: {count_of(len(found.faults) - FAULTS_SHOWN, 'more file')} with faults.", err=True)
        faulty |= bool(found.faults)
    return int(faulty)


def describe(
    root: Path,
    sharp_half: Literal["left", "right"] | None = None,
    folders: tuple[str, str] | None = None,
    *,
    full: bool = False,
) -> Finding:
    """Say what is found in a folder and which class reads it, and which files are damaged.

    Args:
        root: the folder, or a list file of pairs.
        sharp_half: as for `find_pairs`.
        folders: likewise.
        full: decode every picture, however many there are.

    Returns:
        Sentences; of a folder that is no known data set, how many photos it holds and why they make no pairs.

    Raises:
        FileNotFoundError: no such folder, or no picture in it, or a data set that is known, but not all there.
        ValueError: a data set that is known, but damaged.
    """
    from deblur_lightning.data.scenes.photo_files import photo_paths
    from deblur_lightning.photos import find_photos

    root = root.expanduser()
    if not root.exists():
        raise FileNotFoundError(f"{root} does not exist. Pass the folder that a data set was unpacked to.")
    if root.is_dir() and not (sharp_half or folders):
        for kind in (_synthesized, _kohler, _ade20k, _coco, _bsds500):
            try:
                return kind(root, full)
            except AbsentError:
                continue
    found, reason = _pairs(root, sharp_half, folders, full)
    if found.said or (found.faults and (folders or root.is_file())):
        return found
    if folders:
        raise FileNotFoundError(reason)
    photos = photo_paths(root)
    said = [f"{root}: {count_of(len(photos), 'photo')}. PhotoFolder trains on them, `deblur restore` restores them."]
    if others := find_photos(root).said():
        said.append(f"{root}: {others}.")
    if found.faults:
        return Finding(said, found.faults)
    return Finding([*said, f"No pairs: {reason}"], _faults_of_files(photos, full))


def _synthesized(root: Path, full: bool) -> Finding:
    from deblur_lightning.data import find_pairs
    from deblur_lightning.data.synthesis.pair_folder import faults_of_folder, read_settings, unfinished

    if part := unfinished(root):
        said = f"{root}: {part[0]} of {count_of(part[1], 'pair')} of `deblur synthesize` are made."
        return Finding([said], [f"{root} is unfinished, so nothing reads it. Run the same command again: it goes on."])
    settings = read_settings(root)
    if settings is None:
        raise AbsentError(root)
    pairs = find_pairs(root).pairs
    fields = " with their motion fields" if (root / "fields").is_dir() else ""
    how = f"kind {settings['kind']}" if "kind" in settings else f"averaged frames, {settings['average']} values"
    reads = "SynthesizedDataModule" if fields else "GoProDataModule"
    said = f"{root}: {count_of(len(pairs), 'pair')}{fields}, made by `deblur synthesize` ({how}). {reads} reads it."
    return Finding([said], [*faults_of_folder(root), *_faults_of_pairs(pairs, full)])


def _kohler(root: Path, full: bool) -> Finding:
    from deblur_lightning.data import find_kohler

    found = find_kohler(root)
    shots = f"{len(found.blurry)} of Köhler's 48 blurry shots"
    count = sum(map(len, found.frames.values()))
    frames = f"{count_of(count, 'sharp frame')} of {count_of(len(found.frames), 'picture')}"
    if not found.frames:
        said = f"{root}: {shots}, and no sharp frames. KohlerDataModule restores them, but cannot score them."
    elif not found.blurry:
        said = f"{root}: {frames} of Köhler's 48, and no blurry shots. `deblur score-kohler` scores with them."
    else:
        said = f"{root}: {shots}, and {frames}. KohlerDataModule reads it."
    return Finding([said], _faults_of_kohler(found, full))


def _ade20k(root: Path, full: bool) -> Finding:
    from deblur_lightning.data.scenes.ade20k import ade20k_photos

    training, validation = ade20k_photos(root, "training"), _further(lambda: ade20k_photos(root, "validation"))
    counts = f"{len(training)} training and {len(validation)} validation photos"
    said = f"{root}: {counts} of ADE20K with segments. ADE20K reads it."
    return Finding([said], _faults_of_annotated([*training, *validation], full))


def _coco(root: Path, full: bool) -> Finding:
    from deblur_lightning.data.scenes.coco import coco_photos

    training = coco_photos(root, "train")
    validation = _further(lambda: coco_photos(root, "val")) if any(root.glob("val20*/")) else []
    counts = f"{len(training)} training and {len(validation)} validation photos"
    said = f"{root}: {counts} of COCO with instances. COCO reads it."
    return Finding([said], _faults_of_annotated([*training, *validation], full))


def _bsds500(root: Path, full: bool) -> Finding:
    from deblur_lightning.data.scenes.bsds500 import PARTS, bsds500_photos

    parts = [folder for folder in PARTS if any((root / "images" / folder).glob("*.jpg"))]
    if not parts or not (root / "groundTruth").is_dir():
        raise AbsentError(root)
    photos = {folder: bsds500_photos(root, folder) for folder in parts}
    counts = ", ".join(f"{len(found)} {folder}" for folder, found in photos.items())
    said = f"{root}: {counts} photos of BSDS500 with segments. BSDS500 reads it."
    return Finding([said], _faults_of_annotated([photo for found in photos.values() for photo in found], full))


def _further(find: Callable[[], list[Item]]) -> list[Item]:
    """List a further part of a data set, which is known by now, so that what lacks is a fault."""
    try:
        return find()
    except AbsentError as error:
        raise FileNotFoundError(str(error)) from error


def _pairs(
    root: Path, sharp_half: Literal["left", "right"] | None, folders: tuple[str, str] | None, full: bool
) -> tuple[Finding, str]:
    """Describe the pairs of each blur, or tell why there are none."""
    from deblur_lightning.data import Layout, find_pairs
    from deblur_lightning.data.pairs.layouts import GoProBlur, Split
    from deblur_lightning.data.pairs.pairing import UnpairedError

    said: list[str] = []
    reasons: list[str] = []
    unpaired: list[str] = []
    pairs: dict[Pair, None] = {}
    halved = f" and layout.sharp_half={sharp_half}" if sharp_half else ""
    for blur in get_args(GoProBlur):
        parts = []
        for split in get_args(Split):
            try:
                found = find_pairs(root, split, blur, Layout(sharp_half, folders))
            except UnpairedError as error:
                unpaired.append(str(error))
                continue
            except (FileNotFoundError, ValueError) as error:
                reasons.append(str(error))
                continue
            if found.pairs[0] not in pairs:
                pairs |= dict.fromkeys(found.pairs)
                parts.append(count_of(len(found.pairs), f"{split} pair" if found.split else "pair"))
        if parts:
            reads = f"GoProDataModule reads it with blur={blur}{halved}."
            said.append(f"{root}: {' and '.join(parts)} ({found.layout}). {reads}")
    reason = next(iter(reasons), "")
    for theirs, ours in (
        ("layout.sharp_half=left or layout.sharp_half=right", "--sharp-half left or --sharp-half right"),
        ("layout.folders=[blurry, sharp]", "--folders BLURRY SHARP"),
    ):
        reason = reason.replace(theirs, ours)
    faults = [*dict.fromkeys(unpaired), *_faults_of_pairs(list(pairs), full)]
    if unpaired:
        faults += _faults_of_files(_without_pair(root, pairs), full)
    return Finding(said, faults), reason


def _without_pair(root: Path, pairs: Iterable[Pair]) -> list[Path]:
    """List a folder's pictures that are in no pair; those of a list file may lie anywhere."""
    from deblur_lightning.data.frames import frames_below

    paired = {file for pair in pairs for file in pair.files()}
    return sorted({*frames_below(root)} - paired) if root.is_dir() else []


def _faults_of_pairs(pairs: Sequence[Pair], full: bool) -> list[str]:
    """Name damaged pictures, and pairs of two sizes."""
    from deblur_lightning.data.pairs.soundness import check_pair

    decoded = _decodes(full, (file for pair in pairs for file in pair.files()))
    return _faults(pairs, lambda pair: check_pair(pair, decode=decoded))


def _faults_of_files(files: Sequence[Path], full: bool) -> list[str]:
    """Name damaged pictures."""
    from deblur_lightning.data.frames import frame_size, prove_frame

    return _faults(files, prove_frame if _decodes(full, files) else frame_size)


def _faults_of_annotated(photos: Sequence[PhotoFile], full: bool) -> list[str]:
    """Name damaged photos, and those of another size than their segments."""
    from deblur_lightning.data.frames import prove_frame

    decoded = _decodes(full, (photo.path for photo in photos))

    def sound(photo: PhotoFile) -> None:
        photo.size()
        if decoded:
            prove_frame(photo.path)

    return _faults(photos, sound)


def _faults_of_kohler(found: KohlerFolder, full: bool) -> list[str]:
    """Name damaged pictures, and frames of another size than their blurry shot."""
    from deblur_lightning.data.frames import frame_size, prove_frame
    from deblur_lightning.data.kohler.files import check_png, read_png

    files = [*found.blurry.values(), *(png for frames in found.frames.values() for png in frames.pngs)]
    stacks = [frames for frames in found.frames.values() if frames.stack is not None]
    decoded = _decodes(full, [*files, *(one.stack for one in stacks if one.stack)])

    def sound(path: Path) -> None:
        (prove_frame if decoded else frame_size)(path)
        (read_png if decoded else check_png)(path)

    damaged = _faults(files, sound)
    damaged += _faults(stacks, lambda frames: all(frame.size for frame in frames)) if decoded else []
    if damaged:
        return damaged

    def fit(shot: tuple[Path, Path]) -> None:
        (width, height), (other_width, other_height) = map(frame_size, shot)
        if (width, height) != (other_width, other_height):
            raise ValueError(
                f"{shot[1]} is {other_width} x {other_height}, but {shot[0].name} is {width} x {height}. "
                "Unpack it again."
            )

    shots = [
        (blurry, png) for which, blurry in found.blurry.items() if which in found.frames
        for png in found.frames[which].pngs
    ]  # fmt: skip
    return _faults(shots, fit)


def _decodes(full: bool, files: Iterable[Path]) -> bool:
    """Tell whether pictures are decoded, not measured by their headers alone."""
    from deblur_lightning.data import Files

    return Files("full" if full else "auto").decodes(files)


def _faults(items: Sequence[Item], check: Callable[[Item], object]) -> list[str]:
    """Collect what a check raises."""

    def fault(item: Item) -> str | None:
        try:
            check(item)
        except ValueError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(4) as pool:  # decoding releases the interpreter's lock
        return [text for text in pool.map(fault, items) if text]
