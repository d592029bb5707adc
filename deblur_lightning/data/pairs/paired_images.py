"""PairedImages: blurry and sharp pictures from any folders, cut and turned alike."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, Protocol, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from deblur_lightning.data.frames import Frame, read_frame
from deblur_lightning.data.pairs.lists import pairs_of_list
from deblur_lightning.data.pairs.pairing import Half, Pair, pairs_of_folders, pairs_side_by_side

if TYPE_CHECKING:
    import albumentations


class Sample(TypedDict):
    """One picture or a crop of it, float32 ``[3 or 1, H, W]`` in [0, 1], display values; ``path`` of a lone photo."""

    blurry: Tensor
    sharp: NotRequired[Tensor]
    name: str
    path: NotRequired[str]


class FrameSource(Protocol):
    """Where frames come from: their files, or a cache of them."""

    def __call__(self, path: Path) -> Frame:
        """Return the picture of a file, ``[H, W, 3]``; it may be a view into memory that is read when touched."""


class PairedImages(Dataset[Sample]):
    """Blurry and sharp pictures, whole or as random crops, flipped and turned by quarters.

    A sample depends on the seed, the epoch and its index alone, so training repeats whatever the number of workers:
    index with ``(epoch, index)``, as `EpochSampler` does, or with ``index`` for epoch 0.

    Args:
        pairs: what belongs together; see `find_pairs`.
        crop_size: side of the crops, in pixels; None yields whole pictures as they are.
        augment: flip and turn crops at random.
        seed: of crops, flips and turns.
        frames: how to get at a file's pixels.

    Example:
        ``PairedImages.from_folders("GoPro/train/blur", "GoPro/train/sharp", crop_size=256)[0]["blurry"]``
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        crop_size: int | None = None,
        augment: bool = True,
        seed: int = 0,
        frames: FrameSource = read_frame,
    ) -> None:
        if crop_size is not None and not crop_size >= 1:
            raise ValueError(f"crop_size is {crop_size}, but a crop needs a pixel. Pass at least 1, or None.")
        self.pairs = list(pairs)
        self.crop_size, self.seed, self.frames = crop_size, seed, frames
        self.turn = _turns() if augment and crop_size else None

    @classmethod
    def from_folders(cls, blurry: Path | str, sharp: Path | str, crop_size: int | None = None) -> "PairedImages":
        """Pair the pictures of two folders by name; see `pairs_of_folders`."""
        return cls(pairs_of_folders(Path(blurry), Path(sharp)), crop_size)

    @classmethod
    def side_by_side(cls, folder: Path | str, sharp_half: Half, crop_size: int | None = None) -> "PairedImages":
        """Split each picture of a folder in two; see `pairs_side_by_side`."""
        return cls(pairs_side_by_side(Path(folder), sharp_half), crop_size)

    @classmethod
    def from_list(cls, path: Path | str, crop_size: int | None = None) -> "PairedImages":
        """Read a list of ``sharp blurry`` rows; see `pairs_of_list`."""
        return cls(pairs_of_list(Path(path)), crop_size)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: int | tuple[int, int]) -> Sample:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        pair = self.pairs[index]
        blurry, sharp = self._frames(pair)
        if self.crop_size is not None:
            seeds = self._seeds(epoch, index)
            rows, columns = self._window(blurry.shape[:2], pair, np.random.default_rng(seeds))
            blurry, sharp = blurry[rows, columns], sharp[rows, columns]
            if self.turn is not None:
                self.turn.set_random_seed(int(seeds.generate_state(2)[1]))
                turned = self.turn(image=np.asarray(blurry), sharp=np.asarray(sharp))
                blurry, sharp = turned["image"], turned["sharp"]
        return {"blurry": _tensor(blurry), "sharp": _tensor(sharp), "name": pair.name}

    def _frames(self, pair: Pair) -> tuple[Frame, Frame]:
        """Get the pixels of both pictures."""
        if pair.sharp_half is None:
            return self.frames(pair.blurry), self.frames(pair.sharp)
        both = self.frames(pair.blurry)
        middle = both.shape[1] // 2
        left, right = both[:, :middle], both[:, middle:]
        return (right, left) if pair.sharp_half == "left" else (left, right)

    def _seeds(self, epoch: int, index: int) -> np.random.SeedSequence:
        """Seed what is drawn for a sample."""
        return np.random.SeedSequence((self.seed, epoch, index % len(self.pairs)))

    def _window(self, size: tuple[int, ...], pair: Pair, generator: np.random.Generator) -> tuple[slice, slice]:
        """Draw where to cut a picture of a size (height, width)."""
        crop_size = self.crop_size or 0
        height, width = size
        if not min(height, width) >= crop_size:
            raise ValueError(
                f"{pair.blurry} is {width} x {height}, but crop_size is {crop_size}. "
                f"Pass crop_size={min(height, width)} or less."
            )
        top, left = generator.integers(height - crop_size + 1), generator.integers(width - crop_size + 1)
        return slice(top, top + crop_size), slice(left, left + crop_size)


def _tensor(frame: Frame) -> Tensor:
    planes = torch.from_numpy(np.ascontiguousarray(frame.transpose(2, 0, 1)))
    return planes.to(torch.float32).div_(255)


def _turns() -> "albumentations.Compose":
    """Compose the eight symmetries of a square, the same for both pictures."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version
    import albumentations

    return albumentations.Compose([albumentations.D4(p=1.0)], additional_targets={"sharp": "image"})
