"""The Köhler benchmark on disk: blurry shots and their sharp frames, in every layout they come in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur_lightning.data.absent import AbsentError
from deblur_lightning.data.kohler.matlab import read_stack, stack_shape
from deblur_lightning.metrics.kohler_metric import PICTURES, Picture, counts, frame_count
from deblur_lightning.texts import parse_json

Key = TypeVar("Key")

SAMPLE_NOTE = "sample.json"
"""A file in the root of sets that are no benchmark: ``{"frames": F}``, the number of frames of each picture."""

BLURRY = re.compile(r"Blurry([1-4])_(\d{1,2})\.png", re.IGNORECASE)
FRAME = re.compile(r"GroundTruth([1-4])_(\d{1,2})_(\d{1,3})\.png", re.IGNORECASE)
STACK = re.compile(r"GroundTruth([1-4])_(\d{1,2})\.mat", re.IGNORECASE)
STACK_VARIABLE = "GroundTruth"


class KohlerFrames:
    """The sharp frames of one picture, read from disk as they are iterated over, ``[H, W, 3]`` uint8.

    Attributes:
        numbers: the frames' official numbers, from 1, in the order of iteration.
    """

    def __init__(self, numbers: tuple[int, ...], pngs: tuple[Path, ...] = (), stack: Path | None = None) -> None:
        self.numbers, self.pngs, self.stack = numbers, pngs, stack

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        if self.stack is not None:
            return read_stack(self.stack, STACK_VARIABLE)
        return (read_png(path) for path in self.pngs)


class KohlerFolder(NamedTuple):
    """What was found: the blurry shots and each picture's sharp frames, either may be of some pictures only."""

    blurry: Mapping[Picture, Path]
    frames: Mapping[Picture, KohlerFrames]


def find_kohler(root: Path) -> KohlerFolder:
    """Find blurry shots and sharp frames below a folder, by their names: the folders between do not matter.

    Known are ``Blurry{i}_{k}.png``; ``GroundTruth{i}_{k}_{frame}.png``, as the official archives unpack or all in
    one folder; the authors' ``GroundTruth{i}_{k}.mat``, used for pictures that have no PNGs.

    Args:
        root: the folder.

    Raises:
        FileNotFoundError: no such folder, nothing of the benchmark in it, or a picture lacks some of its frames.
        ValueError: two files are the same picture.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(
            f"{root} does not exist, but the Köhler pictures are read from there. Pass the folder of the unpacked "
            "archives, fetch them with --download, or make a small set with `deblur sample-kohler FOLDER`."
        )
    blurry: dict[Picture, Path] = {}
    pngs: dict[Picture, dict[int, Path]] = {}
    stacks: dict[Picture, Path] = {}
    for path in sorted(root.rglob("*_*.*")):
        if path.name.startswith("."):
            continue
        if match := FRAME.fullmatch(path.name):
            image, kernel, number = map(int, match.groups())
            _once(pngs.setdefault(Picture(image, kernel), {}), number, path)
        elif match := BLURRY.fullmatch(path.name):
            _once(blurry, _picture(match), path)
        elif match := STACK.fullmatch(path.name):
            _once(stacks, _picture(match), path)
    if not (blurry or pngs or stacks):
        raise AbsentError(
            f"{root} holds no Blurry1_1.png, GroundTruth1_1_1.png, GroundTruth1_1.mat or alike. "
            "Pass the folder of the unpacked archives, or fetch them with --download."
        )
    of_each = _sampled(root / SAMPLE_NOTE)
    frames = {picture: _png_frames(picture, found, of_each) for picture, found in pngs.items()}
    frames |= {
        picture: _stack_frames(picture, stack, of_each) for picture, stack in stacks.items() if picture not in pngs
    }
    return KohlerFolder(
        {picture: blurry[picture] for picture in PICTURES if picture in blurry},
        {picture: frames[picture] for picture in PICTURES if picture in frames},
    )


def kohler_name(root: Path, pictures: int) -> str:
    """Say what tables call a set of pictures: a sample set or a part of the benchmark is not the benchmark.

    Args:
        root: the data.
        pictures: how many of them are scored.
    """
    if (Path(root).expanduser() / SAMPLE_NOTE).exists():
        return "Köhler sample"
    return "Köhler" if pictures == len(PICTURES) else f"Köhler, {pictures} of {len(PICTURES)} pictures"


def read_png(path: Path) -> NDArray[np.uint8]:
    """Read an 8-bit RGB PNG, ``[H, W, 3]``.

    Raises:
        FileNotFoundError: no file.
        ValueError: the file is no PNG, damaged, or has another depth or kind of pixels.
    """
    check_png(path)
    try:
        with Image.open(path) as picture:
            return np.array(picture)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}). Fetch or write it again.") from error


def check_png(path: Path) -> None:
    """Raise unless a file's header is that of an 8-bit RGB PNG.

    Raises:
        FileNotFoundError: no file.
        ValueError: another kind of file, depth or kind of pixels.
    """
    try:
        with path.open("rb") as file:
            head = file.read(26)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path} does not exist. Check the path.") from error
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 26:
        raise ValueError(f"{path} is no PNG, but the benchmark scores PNGs. Write it as 8-bit RGB PNG.")
    depth, kind = head[24], head[25]
    if depth != 8 or kind != 2:
        kinds = {0: "gray", 2: "RGB", 3: "palette", 4: "gray with alpha", 6: "RGB with alpha"}
        raise ValueError(
            f"{path} is {depth}-bit {kinds.get(kind, 'unknown')}, but 8-bit RGB is scored. Write it as 8-bit RGB PNG."
        )


def ranges(numbers: Sequence[int]) -> str:
    """Write numbers as ranges: ``1-3, 7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def _sampled(note: Path) -> int | None:
    """Read how many frames a sample set has of each picture; None where there is no such note.

    Raises:
        ValueError: another file of that name.
    """
    if not note.is_file():
        return None
    try:
        told = parse_json(note.read_bytes())
    except ValueError:
        told = None
    count = told.get("frames") if isinstance(told, dict) else None
    if not isinstance(count, int):
        raise ValueError(f"{note} does not tell how many frames a sample set has. Remove it, or make the set anew.")
    return count


def _picture(match: re.Match[str]) -> Picture:
    return Picture(int(match[1]), int(match[2]))


def _once(found: dict[Key, Path], key: Key, path: Path) -> None:
    if key in found:
        raise ValueError(f"{path} is the same picture as {found[key]}. Remove one, or pass the folder of one.")
    found[key] = path


def _png_frames(picture: Picture, found: dict[int, Path], of_each: int | None) -> KohlerFrames:
    wanted = range(1, (of_each or frame_count(picture)) + 1)
    missing = [number for number in wanted if number not in found and counts(picture, number)]
    if missing:
        raise FileNotFoundError(
            f"{next(iter(found.values())).parent}: picture {picture} lacks frames {ranges(missing)}, but its score is "
            f"the best over all {len(wanted)}. Unpack its archive again."
        )
    numbers = tuple(sorted(found))
    return KohlerFrames(numbers, tuple(found[number] for number in numbers))


def _stack_frames(picture: Picture, stack: Path, of_each: int | None) -> KohlerFrames:
    count, wanted = stack_shape(stack, STACK_VARIABLE)[-1], of_each or frame_count(picture)
    if count < wanted:
        raise ValueError(f"{stack} holds {count} frames, but picture {picture} has {wanted}. Fetch it again.")
    return KohlerFrames(tuple(range(1, count + 1)), stack=stack)
