"""Pairs of pictures: by name in two folders, or as two halves of one file."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from deblur_lightning.data.frames import frames_below

Half = Literal["left", "right"]

BLURRY_FOLDERS = ("blur", "blurry", "blurred", "input", "lq")
SHARP_FOLDERS = ("sharp", "gt", "target", "groundtruth", "hq")
ROLE_WORD = re.compile(r"(?:^|(?<=[_-]))(?:blur(?:ry|red)?|sharp|gt|input|target)(?:[_-]|$)", re.IGNORECASE)
FRAME_NUMBER = re.compile(r"^(.+?)[-_]\d+$")


Role = Literal["blurry", "sharp"]


class Pair(NamedTuple):
    """A blurry picture and its sharp one.

    Attributes:
        name: unique in its split; part of the path, without suffix.
        sequence: the video, scene or picture it comes from; all of one is held out together.
        blurry: the blurry picture's file.
        sharp: the sharp one's; the same file if both stand side by side.
        sharp_half: the half of the file that is sharp, if both stand side by side.
    """

    name: str
    sequence: str
    blurry: Path
    sharp: Path
    sharp_half: Half | None = None

    def files(self) -> tuple[Path, ...]:
        """List the files to read: one or two."""
        return (self.blurry,) if self.sharp == self.blurry else (self.blurry, self.sharp)


class UnpairedError(FileNotFoundError):
    """A blurry or a sharp picture has no counterpart in the folder of the others."""


def role_of(path: str) -> Role | None:
    """Tell from the names along a path whether its picture is a blurry or a sharp one; the innermost that says so wins.

    Args:
        path: with ``/`` between folders; words within names count, as in ``train_blur``, ``blur_1.png`` or ``GT``.
    """
    for part in reversed(PurePosixPath(path).parts):
        words = {part.lower(), *re.split(r"[\W_]+", part.lower())}
        blurry, sharp = not words.isdisjoint(BLURRY_FOLDERS), not words.isdisjoint(SHARP_FOLDERS)
        if blurry != sharp:
            return "blurry" if blurry else "sharp"
    return None


def pairs_of_folders(blurry: Path, sharp: Path, prefix: str = "") -> list[Pair]:
    """Pair the pictures of two folders by their path below them, whatever the suffix.

    ``blur_1.png`` belongs to ``gt_1.png``: words for blurry and sharp in names do not count.

    Raises:
        FileNotFoundError: a folder is missing or empty, or a picture has no counterpart.
        ValueError: two pictures have the same name, or the folders' names say that they are swapped.
    """
    if (role_of(blurry.name), role_of(sharp.name)) == ("sharp", "blurry"):
        raise ValueError(
            f"{blurry} is to hold the blurry pictures and {sharp} the sharp ones, but their names say the reverse. "
            "Swap them."
        )
    blurry_files, sharp_files = pictures_by_key(blurry), pictures_by_key(sharp)
    for alone, there, missing in (
        (blurry_files.keys() - sharp_files.keys(), blurry_files, sharp),
        (sharp_files.keys() - blurry_files.keys(), sharp_files, blurry),
    ):
        if alone:
            first = there[min(alone, key=natural)]
            raise UnpairedError(
                f"{first} has no counterpart in {missing} ({len(alone)} such). Copy what is missing, or remove it."
            )
    keys = sorted(blurry_files, key=natural)
    if prefix:
        return [Pair(f"{prefix}/{key}", prefix, blurry_files[key], sharp_files[key]) for key in keys]
    return [
        Pair(key, sequence, blurry_files[key], sharp_files[key])
        for key, sequence in zip(keys, sequences_of(keys), strict=True)
    ]


def pairs_side_by_side(folder: Path, sharp_half: Half) -> list[Pair]:
    """Take each picture of a folder as a pair, one half blurry, the other sharp.

    Raises:
        FileNotFoundError: no picture there.
    """
    files = pictures_by_key(folder)
    keys = sorted(files, key=natural)
    return [
        Pair(key, sequence, files[key], files[key], sharp_half)
        for key, sequence in zip(keys, sequences_of(keys), strict=True)
    ]


def pictures_by_key(folder: Path) -> dict[str, Path]:
    """List the pictures in a folder and below, by path without suffix and role words.

    Raises:
        FileNotFoundError: no such folder, or no picture in it.
        ValueError: two pictures have the same name.
    """
    files: dict[str, Path] = {}
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} does not exist, but pictures are read from there. Check the path.")
    for path in frames_below(folder):
        below = path.relative_to(folder)
        key = (below.parent / without_role(below.stem)).as_posix()
        if key in files:
            raise ValueError(f"{path} and {files[key].name} have one name. Remove or rename one of them.")
        files[key] = path
    if not files:
        raise FileNotFoundError(f"{folder} holds no pictures. Check the path, or copy them there.")
    return files


def without_role(stem: str) -> str:
    """Leave out words for blurry and sharp in a picture's name: ``blur_1`` and ``gt_1`` are both ``1``."""
    return ROLE_WORD.sub("", stem).strip("_-") or stem


def sequences_of(keys: Sequence[str]) -> list[str]:
    """Tell each picture's sequence by its folder or the part of its name before the frame number."""
    numbered = [FRAME_NUMBER.match(key) for key in keys]
    named = [
        str(Path(key).parent) if "/" in key else m.group(1) if m else key for key, m in zip(keys, numbered, strict=True)
    ]
    return named if len(set(named)) > 1 else list(keys)


def unique(pairs: list[Pair], where: Path) -> list[Pair]:
    """Raise unless every pair has a name of its own, by which scores count it once."""
    seen: set[str] = set()
    for pair in pairs:
        if pair.name in seen:
            raise ValueError(f"{where} has {pair.name} twice, but each picture counts once. Remove one.")
        seen.add(pair.name)
    return pairs


def natural(key: str | Path) -> list[tuple[bool, int, str]]:
    """Return a sorting key that takes numbers by value: frame 9 comes before frame 10."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", str(key))]
