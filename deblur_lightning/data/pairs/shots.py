"""Which sharp picture a restored one is scored against, and which blurry one it was made of."""

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from deblur_lightning.data.pairs.layouts import GOPRO_TEST_PAIRS, GoProBlur, Layout, blur_to_record, find_pairs
from deblur_lightning.data.pairs.lists import LIST_SUFFIXES, is_list
from deblur_lightning.data.pairs.pairing import (
    BLURRY_FOLDERS,
    SHARP_FOLDERS,
    Half,
    Pair,
    natural,
    pairs_of_folders,
    pictures_by_key,
    role_of,
)

ROLES = frozenset((*BLURRY_FOLDERS, *SHARP_FOLDERS, "blur_gamma"))
DEPTH = 4  # folders down to which a data set shows that it is one: REDS has val/val_blur/000


class Shot(NamedTuple):
    """A sharp picture, and the blurry one of it where that is known.

    Attributes:
        name: unique in its set; a path without suffix.
        sharp: its file.
        blurry: the blurry picture's file; the same one if both stand side by side.
        sharp_half: the half of the file that is sharp, if both stand side by side.
    """

    name: str
    sharp: Path
    blurry: Path | None = None
    sharp_half: Half | None = None


class Shots(NamedTuple):
    """The pictures of a set.

    Attributes:
        shots: in natural order.
        dataset: what tables call the set: ``GoPro`` for its 1,111 test pairs, else the folder's name.
        blur: which of GoPro's blurs they have; empty for sets that have one blur.
    """

    shots: list[Shot]
    dataset: str
    blur: str = ""


def find_shots(
    sharp: Path, blurry: Path | None = None, layout: Layout | None = None, blur: GoProBlur = "blur"
) -> Shots:
    """Find what is scored: one picture, a folder of sharp pictures, or a data set of pairs in any known layout.

    Args:
        sharp: a picture, a folder of them, or the folder or list file of a data set as `find_pairs` knows it, of
            which the test split is taken.
        blurry: a picture or folder to pair with; None where ``sharp`` is a data set, or no blurry ones are at hand.
        layout: of a data set, what cannot be found out.
        blur: which of GoPro's blurry pictures are taken.

    Raises:
        FileNotFoundError: nothing there, or a picture without its counterpart.
        ValueError: a picture and a folder are to be paired, or a data set has its blurry pictures already.
    """
    sharp, layout = sharp.expanduser(), layout or Layout()
    if not sharp.exists():
        raise FileNotFoundError(f"{sharp} does not exist, but sharp pictures are read from there. Check the path.")
    if blurry is not None:
        return _two_sides(blurry.expanduser(), sharp, layout)
    if holds_pairs(sharp, layout):
        pairs = find_pairs(sharp, "test", blur, layout).pairs
        shots = [Shot(one.name, one.sharp, one.blurry, one.sharp_half) for one in pairs]
        name = "GoPro" if len(shots) == GOPRO_TEST_PAIRS else _set_name(sharp)
        return Shots(shots, name, blur_to_record(pairs, blur, sharp))
    if sharp.is_file():
        return Shots([Shot(sharp.stem, sharp)], _set_name(sharp.parent))
    files = pictures_by_key(sharp)
    return Shots([Shot(key, files[key]) for key in sorted(files, key=natural)], _set_name(sharp))


def match_restored(restored: Path, shots: Collection[Shot], left_out: Collection[Path] = ()) -> dict[str, Path]:
    """Find the restored picture of each shot by its name: the path below the folder, whatever the suffix.

    Folders that only say which side of a pair they hold do not count: ``GOPR0384/blur/000001.png``, as `deblur restore`
    keeps the structure, belongs to GOPR0384/000001.

    Args:
        restored: a folder, or the picture of the only shot.
        shots: what was restored.
        left_out: pictures in the folder that are no results.

    Returns:
        Files by the shots' names.

    Raises:
        FileNotFoundError: nothing there, or a picture without its counterpart.
        ValueError: one picture for several shots, or two for one.
    """
    restored = restored.expanduser()
    if restored.is_file():
        if len(shots) > 1:
            raise ValueError(f"{restored} is one picture, but there are {len(shots)} sharp ones. Pass a folder.")
        return {one.name: restored for one in shots}
    there = {file: key for key, file in pictures_by_key(restored).items() if file not in left_out}
    if len(shots) == len(there) == 1:
        return {one.name: file for one in shots for file in there}
    found: dict[str, Path] = {}
    for file, key in there.items():
        place = _place(key)
        if place in found:
            raise ValueError(f"{file} and {found[place]} are results of one picture. Remove one of them.")
        found[place] = file
    places = {_place(one.name): one for one in shots}
    if missing := [one for place, one in places.items() if place not in found]:
        raise FileNotFoundError(
            f"{restored} has no restored picture of {missing[0].name} ({len(missing)} such of {len(shots)}). Restore "
            "what is missing; results are named as the blurry pictures."
        )
    if extra := [file for place, file in found.items() if place not in places]:
        raise FileNotFoundError(f"{extra[0]} has no sharp picture ({len(extra)} such). Remove it, or pass another set.")
    return {one.name: found[place] for place, one in places.items()}


def holds_pairs(root: Path, layout: Layout) -> bool:
    """Tell whether a folder or file is a data set with blurry and sharp pictures, not pictures of one kind."""
    if root.is_file():
        return root.suffix.lower() in LIST_SUFFIXES
    if layout.folders or layout.sharp_half or any(is_list(path) for path in root.iterdir() if path.is_file()):
        return True
    return any(role_of(folder.name) == "blurry" for folder in _folders_below(root, DEPTH))


def _folders_below(root: Path, depth: int) -> Iterator[Path]:
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield path
            if depth > 1:
                yield from _folders_below(path, depth - 1)


def _two_sides(blurry: Path, sharp: Path, layout: Layout) -> Shots:
    if not blurry.exists():
        raise FileNotFoundError(f"{blurry} does not exist, but blurry pictures are read from there. Check the path.")
    if blurry.is_file() != sharp.is_file():
        one, many = (blurry, sharp) if blurry.is_file() else (sharp, blurry)
        raise ValueError(f"{one} is one picture, but {many} is a folder. Pass two pictures, or two folders.")
    if sharp.is_file():
        pair = Pair(sharp.stem, sharp.stem, blurry, sharp)
        return Shots(
            [Shot(sharp.stem, sharp, blurry)], _set_name(sharp.parent), blur_to_record([pair], "blur", blurry.parent)
        )
    if holds_pairs(sharp, layout):
        raise ValueError(f"{sharp} holds blurry pictures too. Pass the folder of the sharp ones, or no blurry folder.")
    pairs = pairs_of_folders(blurry, sharp)
    shots = [Shot(one.name, one.sharp, one.blurry) for one in pairs]
    return Shots(shots, _set_name(sharp), blur_to_record(pairs, "blur", blurry))


def _set_name(folder: Path) -> str:
    """Name a set by its folder, or by the one above it where it only says which side of pairs it holds."""
    folder = folder.absolute()
    plain = role_of(folder.name) is None and folder.name.lower() not in ("test", "val", "train")
    return (folder if plain or not folder.parent.name else folder.parent).name or "pictures"


def _place(key: str) -> str:
    """Leave out folders that only tell which side of a pair is in them."""
    path = PurePosixPath(key)
    return "/".join([*(part for part in path.parts[:-1] if part.lower() not in ROLES), path.name])
