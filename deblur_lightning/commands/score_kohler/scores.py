"""Scores folders of restored Köhler pictures, one a method, against frames that are read once for all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deblur_lightning.commands._photo_paths import drawn_beside_photos
from deblur_lightning.data.kohler.files import KohlerFrames, find_kohler, ranges, read_png
from deblur_lightning.metrics.kohler import KohlerResult, kohler_scores
from deblur_lightning.metrics.kohler_metric import KERNELS, PICTURE_NAME, PICTURES, Picture, counted, parse_picture


class PictureScore(NamedTuple):
    """One picture's scores; frames are official numbers, from 1, shifts rows down and columns right."""

    psnr: float
    mssim: float
    psnr_frame: int
    mssim_frame: int
    psnr_shift: tuple[int, int]
    mssim_shift: tuple[int, int]
    frames: dict[int, tuple[float, float]]  # PSNR and MSSIM of each frame that counts


@dataclass(frozen=True)
class MethodScores:
    """One method's scores.

    Attributes:
        method: its folder's name.
        folder: where its pictures are.
        scores: of the pictures that were scored.
        unrestored: pictures without a restored one.
        frameless: restored pictures without sharp frames.
    """

    method: str
    folder: Path
    scores: Mapping[Picture, PictureScore]
    unrestored: Sequence[Picture]
    frameless: Sequence[Picture]

    @property
    def psnr(self) -> float:
        """Mean of the best PSNRs, in dB."""
        return float(np.mean([score.psnr for score in self.scores.values()]))

    @property
    def mssim(self) -> float:
        """Mean of the best MSSIMs."""
        return float(np.mean([score.mssim for score in self.scores.values()]))

    def means(self) -> dict[str, float]:
        """Give the finite means by the names that the results store knows: a restored frame has an infinite PSNR."""
        means = {"psnr": self.psnr, "mssim": self.mssim}
        return {name: mean for name, mean in means.items() if np.isfinite(mean)}

    def rows(self) -> list[dict[str, object]]:
        """Give each picture's scores for the results store."""
        return [{"name": str(which), "psnr": one.psnr, "mssim": one.mssim} for which, one in self.scores.items()]

    def lacking(self) -> str:
        """Say what is missing for the benchmark's figure; empty if nothing is."""
        said = []
        if self.unrestored:
            said.append(f"no restored picture of {_listed(self.unrestored)}")
        if self.frameless:
            said.append(f"no sharp frames of {_listed(self.frameless)}")
        if not said:
            return ""
        count = len(self.scores)
        return f"{self.method}: means over {count} of {len(PICTURES)} pictures: {'; '.join(said)}."


def score_folders(
    folders: Sequence[Path], data: Path, jobs: int | None = None, progress: Callable[[str], None] | None = None
) -> list[MethodScores]:
    """Score folders of restored pictures by the official protocol.

    Args:
        folders: of ``NAME{i}_{k}.png``, one a method; its name is the method's.
        data: the benchmark, in any layout of `find_kohler`.
        jobs: threads; None for all that torch may use.
        progress: told of each picture when it is scored.

    Returns:
        One a folder.

    Raises:
        FileNotFoundError: a folder is missing or empty, or frames are.
        ValueError: a name does not parse, a picture is no 8-bit RGB PNG, black or of another size; nothing to score.
    """
    named: dict[str, Path] = {}
    for folder in folders:
        if (other := named.get(folder.resolve().name)) is not None:
            raise ValueError(f"{other} and {folder} have one name, by which tables know a method. Pass one of them.")
        named[folder.resolve().name] = folder
    restored = {folder: find_restored(folder) for folder in folders}
    frames = find_kohler(data).frames
    wanted = [which for which in PICTURES if which in frames and any(which in found for found in restored.values())]
    if not wanted:
        there = f"sharp frames of {_listed(list(frames))}" if frames else "no sharp frames"
        raise ValueError(f"{data} holds {there}, none of a restored picture. Pass the folder that holds these.")
    for folder in folders:
        if not any(which in frames for which in restored[folder]):
            raise ValueError(
                f"{folder} holds restored pictures {_listed(list(restored[folder]))}, but {data} no sharp frames of "
                "one of them. Leave it out, or add its frames."
            )
    scores: dict[Path, dict[Picture, PictureScore]] = {folder: {} for folder in folders}
    for number, which in enumerate(wanted, start=1):
        theirs = [folder for folder in folders if which in restored[folder]]
        paths = [restored[folder][which] for folder in theirs]
        for folder, score in zip(theirs, _score(which, paths, frames[which], jobs), strict=True):
            scores[folder][which] = score
        if progress:
            progress(f"picture {which} scored, {number} of {len(wanted)}")
    return [_gather(folder, restored[folder], scores[folder], frames) for folder in folders]


def find_restored(folder: Path) -> dict[Picture, Path]:
    """Find a method's restored pictures ``NAME{i}_{k}.png``, whatever NAME is.

    The motion fields that `deblur restore --kernels` draws beside its results are no restored pictures.

    Raises:
        FileNotFoundError: no such folder, or no PNG in it.
        ValueError: a PNG's name does not parse, or there are two NAMEs.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} does not exist, but restored pictures are read from it. Check the path.")
    found: dict[Picture, Path] = {}
    prefixes: dict[str, Path] = {}
    files = set(folder.iterdir())
    for path in sorted(files - drawn_beside_photos(files)):
        if path.suffix.lower() != ".png" or path.name.startswith("."):
            continue
        try:
            picture = parse_picture(path.stem)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        match = PICTURE_NAME.fullmatch(path.stem)
        prefixes.setdefault(match["prefix"] if match else "", path)
        if len(prefixes) > 1:
            one, other = prefixes.values()
            raise ValueError(f"{folder} mixes {one.name} and {other.name}. Keep one method's pictures in a folder.")
        if picture in found:
            raise ValueError(f"{path} is the same picture as {found[picture].name}. Remove one.")
        found[picture] = path
    if not found:
        raise FileNotFoundError(f"{folder} holds no PNG, but NAME1_1.png to NAME4_12.png are scored. Restore some.")
    return found


class _Checked:
    """Frames that count, their numbers noted as they pass."""

    def __init__(self, which: Picture, frames: KohlerFrames) -> None:
        self.which, self.frames = which, frames
        self.numbers: list[int] = []

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for number, frame in counted(self.which, self.frames):
            self.numbers.append(number)
            yield frame


def _score(which: Picture, paths: Sequence[Path], frames: KohlerFrames, jobs: int | None) -> Iterable[PictureScore]:
    """Score one picture of several methods."""
    stream, names = _Checked(which, frames), [str(path) for path in paths]
    try:
        results = kohler_scores([read_png(path) for path in paths], stream, workers=jobs, names=names)
    except ValueError as error:
        raise ValueError(f"picture {which}: {error}") from error
    return [_row(result, stream.numbers) for result in results]


def _row(result: KohlerResult, numbers: Sequence[int]) -> PictureScore:
    def shift(frame: int) -> tuple[int, int]:
        down, right = result.shifts[frame].tolist()
        return down, right

    pairs = zip(result.frame_psnr.tolist(), result.frame_mssim.tolist(), strict=True)
    return PictureScore(
        result.psnr,
        result.mssim,
        numbers[result.psnr_frame],
        numbers[result.mssim_frame],
        shift(result.psnr_frame),
        shift(result.mssim_frame),
        dict(zip(numbers, pairs, strict=True)),
    )


def _gather(
    folder: Path,
    restored: Mapping[Picture, Path],
    scores: Mapping[Picture, PictureScore],
    frames: Mapping[Picture, KohlerFrames],
) -> MethodScores:
    return MethodScores(
        folder.resolve().name,
        folder,
        scores,
        [which for which in PICTURES if which not in restored],
        [which for which in PICTURES if which in restored and which not in frames],
    )


def _listed(pictures: Sequence[Picture]) -> str:
    """Name pictures, whole images as such."""
    words = []
    for image in sorted({picture.image for picture in pictures}):
        kernels = [picture.kernel for picture in pictures if picture.image == image]
        words.append(f"image {image}" + (f" kernels {ranges(kernels)}" if len(kernels) < len(KERNELS) else ""))
    return ", ".join(words)
