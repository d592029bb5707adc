"""The Köhler benchmark's 48 pictures: which frames of each count, and the torchmetrics Metric over them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.metrics.kohler import kohler_score
from deblur_lightning.metrics.pictures import PictureScores

IMAGES, KERNELS = range(1, 5), range(1, 13)
PICTURE_NAME = re.compile(r"(?P<prefix>.*?)(?P<image>\d)_(?P<kernel>\d+)")

Frame = TypeVar("Frame")


class Picture(NamedTuple):
    """One of the benchmark's blurry shots: image 1 to 4, kernel (trajectory) 1 to 12."""

    image: int
    kernel: int

    def __str__(self) -> str:
        return f"{self.image}_{self.kernel}"


PICTURES = tuple(Picture(image, kernel) for image in IMAGES for kernel in KERNELS)


def frame_count(picture: Picture) -> int:
    """Give the number of sharp frames published for a picture."""
    if picture == (2, 11):
        return 200
    return 198 if picture in {(1, 10), (1, 12), (2, 10), (3, 7), (3, 12), (4, 12)} else 199


def counts(picture: Picture, number: int) -> bool:
    """Tell whether the official code scores against frame ``number``, from 1; it skips some of (1, 3)."""
    return picture != (1, 3) or (number != 30 and number <= 198)


def parse_picture(name: str) -> Picture:
    """Read the picture from a name as ``Blurry1_10`` or ``anything4_2``, without suffix.

    Raises:
        ValueError: the name does not end in IMAGE_KERNEL, or the benchmark has no such picture.
    """
    match = PICTURE_NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name} names no Köhler picture, but IMAGE_KERNEL ends such names. Call it NAME1_1 or alike.")
    picture = Picture(int(match["image"]), int(match["kernel"]))
    if picture not in PICTURES:
        raise ValueError(f"{name} is picture {picture}, but images are 1 to 4 and kernels 1 to 12. Rename it.")
    return picture


def counted(picture: Picture, frames: Iterable[Frame]) -> Iterator[tuple[int, Frame]]:
    """Pass on the frames that count, each with its official number.

    Args:
        picture: whose frames they are.
        frames: in order; their numbers are ``frames.numbers`` where it has such, else 1, 2, ….
    """
    for position, frame in enumerate(frames):
        number = getattr(frames, "numbers", range(1, position + 2))[position]
        if counts(picture, number):
            yield number, frame


class KohlerScore(PictureScores):
    """Best PSNR and best MSSIM of each restored Köhler picture, by the official protocol, and their means.

    A picture counts once, by its name, on any number of processes. For (1, 3) the frames that the official code
    leaves out are left out here.

    Args:
        workers: threads; None for as many as torch uses.
    """

    def __init__(self, workers: int | None = None) -> None:
        super().__init__(("psnr", "mssim"))
        self.workers = workers

    def update(
        self, restored: Tensor, frames: Sequence[Iterable[NDArray[np.uint8] | Tensor]], names: Sequence[str]
    ) -> None:
        """Score one batch.

        Args:
            restored: ``[N, 3, H, W]``, uint8, or floats in [0, 1], rounded to 8 bits.
            frames: for each picture its sharp frames ``[H, W, 3]``, uint8, streamed, from official number 1 on
                (or with their numbers as the attribute ``numbers``).
            names: names that end in IMAGE_KERNEL, as ``Blurry1_10``.

        Raises:
            ValueError: a name does not parse, the batch is of another length, or as `kohler_score`.
        """
        if not len(restored) == len(frames) == len(names):
            raise ValueError(
                f"restored holds {len(restored)} pictures, but there are {len(frames)} sets of frames and "
                f"{len(names)} names. Pass one of each."
            )
        scores = []
        for picture, its_frames, name in zip(restored, frames, names, strict=True):
            which = parse_picture(name)
            sharp = (frame for _, frame in counted(which, its_frames))
            try:
                score = kohler_score(picture.permute(1, 2, 0), sharp, workers=self.workers)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            scores.append((score.psnr, score.mssim))
        if not scores:
            return
        psnr, mssim = torch.tensor(scores, dtype=torch.float64, device=restored.device).T
        self.record(names, {"psnr": psnr, "mssim": mssim})
