"""Pairs that `deblur synthesize` wrote, with their motion fields: cut, mirrored and turned alike."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from deblur_lightning.batch import turned
from deblur_lightning.data.frames import frame_size, read_frame
from deblur_lightning.data.pairs.paired_images import FrameSource, PairedImages, Sample
from deblur_lightning.data.pairs.pairing import Pair
from deblur_lightning.data.synthesis.field_files import load_field
from deblur_lightning.field import KernelField


class FieldPair(Sample):
    """A pair, or a crop of it, and its motion field, ``[1, B, K, K]`` and ``[1, B, H, W]``."""

    field: KernelField


class FieldPairs(PairedImages):
    """Blurry and sharp pictures with the motion between them, whole or as random crops.

    The field of a crop is the field of the whole picture, cut; where a crop is mirrored or turned, so are its kernels.
    A sample depends on the seed, the epoch and its index alone, as those of `PairedImages`.

    Args:
        pairs: whose fields lie beside them; see `field_file`.
        crop_size: side of the crops, in pixels; None yields whole pictures as they are.
        augment: mirror and turn crops at random.
        seed: of crops, mirrors and turns.
        frames: how to get at a picture's pixels.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        crop_size: int | None = None,
        augment: bool = True,
        seed: int = 0,
        frames: FrameSource = read_frame,
    ) -> None:
        super().__init__(pairs, crop_size, augment=False, seed=seed, frames=frames)
        self.turns = augment and crop_size is not None

    def __getitem__(self, key: int | tuple[int, int]) -> FieldPair:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        pair, sample = self.pairs[index], super().__getitem__(key)
        field = load_field(field_file(pair))
        if self.crop_size is not None:
            random = np.random.default_rng(self._seeds(epoch, index))
            inner = self._window(field.coefficients.shape[-2:], pair, random)
            field = KernelField(field.basis, field.coefficients[..., *inner]).used()
            if self.turns:
                return turned(FieldPair(**sample, field=field), random.random(3))
        return {**sample, "field": field}


def field_file(pair: Pair) -> Path:
    """Tell where the field of a pair is: in the folder ``fields`` beside that of its blurry picture."""
    return pair.blurry.parent.parent / "fields" / f"{pair.blurry.stem}.npz"


def check_fields(pairs: Sequence[Pair]) -> None:
    """See that every pair has a sound motion field of its pictures' size, before a training asks for it.

    Args:
        pairs: whose pictures are sound.

    Raises:
        FileNotFoundError: a pair without a field.
        ValueError: a damaged field, or one of another size than its picture.
    """
    files = [field_file(pair) for pair in pairs]
    if missing := [file for file in files if not file.is_file()]:
        none = (
            "These pairs have no fields, as those of videos; train on them with GoProDataModule and RegressionModule."
            if len(missing) == len(files)
            else f"Make the folder again: `deblur synthesize` ({len(missing)} such of {len(files)})."
        )
        raise FileNotFoundError(f"{missing[0]} is missing, but a training of motion needs each pair's field. {none}")
    with ThreadPoolExecutor(4) as pool:  # inflating releases the interpreter's lock
        list(pool.map(_check, pairs, files))


def _check(pair: Pair, file: Path) -> None:
    height, width = load_field(file).coefficients.shape[-2:]
    if (width, height) != (size := frame_size(pair.blurry)):
        raise ValueError(
            f"{file} is of {width} x {height} pixels, but {pair.blurry} is {size[0]} x {size[1]}. "
            "Make the folder again: `deblur synthesize`."
        )
