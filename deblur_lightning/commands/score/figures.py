"""The figures of one restored picture, and of all."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data.pairs.pairing import Half
from deblur_lightning.data.pairs.shots import Shot
from deblur_lightning.metrics import RestorationMetrics, align, cw_ssim, luma, picture_psnr
from deblur_lightning.metrics.perceptual import Distance
from deblur_lightning.metrics.pictures import IDENTICAL
from deblur_lightning.metrics.similarity import INSIDE, WIDTHS, ssim_map
from deblur_lightning.photos import read_photo

SHIFTS = ("shift_down", "shift_right")
"""Figures that belong to a picture and have no mean worth telling."""


@dataclass(frozen=True)
class Measures:
    """What is measured.

    Attributes:
        luma: of the pictures' luma, not of their RGB.
        aligned: also after the best shift.
        wavelets: CW-SSIM too, which takes most of the time.
        gains: over the blurry pictures too.
        perceptual: distances of RGB pictures by their names, ``lpips`` and ``dists``.
    """

    luma: bool = False
    aligned: bool = False
    wavelets: bool = True
    gains: bool = False
    perceptual: Mapping[str, Distance] = field(default_factory=dict)

    @property
    def further(self) -> tuple[str, ...]:
        """Names of the figures beside PSNR and the SSIMs."""
        names = ["cw_ssim"] if self.wavelets else []
        names += self.perceptual
        names += ["blurry_psnr", "gain"] if self.gains else []
        names += ["aligned_psnr", "aligned_ssim_valid"] if self.aligned else []
        names += ["aligned_gain"] if self.aligned and self.gains else []
        return (*names, *(SHIFTS if self.aligned else ()))


@dataclass(frozen=True)
class Scores:
    """Figures of restored pictures.

    Attributes:
        rows: each picture's figures by its name.
        means: over the pictures, finite ones alone.
        identical: how many pictures equal their sharp ones, before or after restoration; no mean has them.
        far: names of pictures whose best shift is at the limit of the search.
        transparent: names of restored pictures that are not opaque everywhere; their colours alone are scored.
    """

    rows: Mapping[str, Mapping[str, float]]
    means: Mapping[str, float]
    identical: int
    far: Sequence[str]
    transparent: Sequence[str] = ()


def score_pictures(
    shots: Sequence[Shot], restored: Mapping[str, Path], measures: Measures, progress: Callable[[float], None]
) -> Scores:
    """Score restored pictures against the sharp ones, each at its own size.

    Args:
        shots: the sharp pictures, and the blurry ones where ``measures.gains``.
        restored: files by the shots' names.
        measures: what is measured.
        progress: told the share that is done.

    Raises:
        ValueError: a picture that cannot be read, two sizes, or no restored picture that differs from its sharp one;
            the message names the files.
    """
    metrics, far, transparent = RestorationMetrics(measures.further), [], []
    for number, shot in enumerate(shots, start=1):
        files = [(shot.sharp, shot.sharp_half), (restored[shot.name], None)]
        files += [(shot.blurry, other_half(shot.sharp_half))] if measures.gains and shot.blurry else []
        read = [_read(*file) for file in files]
        if not read[1][1]:
            transparent.append(shot.name)
        sharp, *others = _alike([picture for picture, _ in read], [path for path, _ in files])
        try:
            if _score(metrics, str(number), sharp, others, measures):
                far.append(shot.name)
        except ValueError as error:
            raise ValueError(f"{restored[shot.name]}: {error}") from error
        progress(number / len(shots))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*are identical to what they are compared with")  # the table says so
        means = {name: float(mean) for name, mean in metrics.compute().items()}
    identical, found = int(means.pop(IDENTICAL, 0)), metrics.rows()
    rows = {
        shot.name: dict(zip(metrics.columns, found[str(number)], strict=True)) for number, shot in enumerate(shots, 1)
    }
    kept = {name: mean for name, mean in means.items() if math.isfinite(mean) and name not in SHIFTS}
    if identical == len(rows):
        raise ValueError(
            f"{restored[shots[0].name]} and all others equal their sharp pictures, before or after restoration, so "
            "that no mean is left. Pass pictures that were restored."
        )
    return Scores(rows, kept, identical, far, transparent)


def read_half(path: Path, half: Half | None = None) -> Tensor:
    """Read a picture ``[1, 3 or 1, H, W]`` in [0, 1], or one half of it."""
    return _read(path, half)[0]


def other_half(half: Half | None) -> Half | None:
    """Give the half that is blurry where the other is sharp."""
    return None if half is None else "right" if half == "left" else "left"


def _read(path: Path, half: Half | None) -> tuple[Tensor, bool]:
    """Read a picture or one half of it, and tell whether all of the file is opaque."""
    picture, record = read_photo(path)
    opaque = record.alpha is None or bool((record.alpha == np.iinfo(record.alpha.dtype).max).all())
    middle = picture.shape[-1] // 2
    kept = picture if half is None else picture[..., :middle] if half == "left" else picture[..., middle:]
    return kept, opaque


def _alike(pictures: Sequence[Tensor], paths: Sequence[Path]) -> list[Tensor]:
    """Give gray pictures three channels where others have them; refuse other sizes than the first's."""
    height, width = pictures[0].shape[-2:]
    for picture, path in zip(pictures, paths, strict=True):
        if picture.shape[-2:] != pictures[0].shape[-2:]:
            rows, columns = picture.shape[-2:]
            raise ValueError(
                f"{path} has {columns} x {rows} pixels, but {paths[0]} has {width} x {height}. Save it at full size."
            )
    channels = max(picture.shape[1] for picture in pictures)
    return [picture.expand(-1, channels, -1, -1) for picture in pictures]


def _score(metrics: RestorationMetrics, name: str, sharp: Tensor, others: Sequence[Tensor], measures: Measures) -> bool:
    """Add a picture's figures; tell whether its best shift is at the limit of the search."""
    further: dict[str, float] = {}
    restored = others[0]
    if measures.wavelets:  # has a gray of its own, whether luma is asked for or not
        enough = sharp[0, 0].numel() >= 10 * WIDTHS
        further["cw_ssim"] = cw_ssim(restored, sharp).item() if enough else math.nan
    further |= {name: distance(restored, sharp).item() for name, distance in measures.perceptual.items()}
    seen = luma if measures.luma else Tensor.double
    true, *pictures = (seen(one) for one in (sharp, *others))
    psnrs = [picture_psnr(one, true).item() for one in pictures]
    if measures.gains:
        further |= {"blurry_psnr": psnrs[1], "gain": psnrs[0] - psnrs[1]}
    best = [align(one, true) for one in pictures] if measures.aligned else []
    if best:
        shifted = [picture_psnr(one.restored, one.sharp).item() for one in best]
        inner = ssim_map(best[0].restored, best[0].sharp)[..., INSIDE, INSIDE].mean().item()
        further |= {"aligned_psnr": shifted[0], "aligned_ssim_valid": inner}
        further |= {"aligned_gain": shifted[0] - shifted[1]} if measures.gains else {}
        further |= dict(zip(SHIFTS, (best[0].down, best[0].right), strict=True))
    figures = {name: torch.tensor([value], dtype=torch.float64) for name, value in further.items()}
    metrics.update(pictures[0], true, [name], **figures)
    return any(one.at_the_limit for one in best)
