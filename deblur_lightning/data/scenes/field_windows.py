"""FieldWindowsDataModule: windows on disk with their true and their estimated motion, for learned restorers."""

from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.batch import batched, turned
from deblur_lightning.data.checks import check_count, check_seed, check_workers
from deblur_lightning.data.resuming import ResumableLoader
from deblur_lightning.data.synthesis.field_files import UNREADABLE
from deblur_lightning.data.workers import leave_signals_to_training
from deblur_lightning.field import KernelField

TRUE, SEEN = "", "seen_"
"""Prefixes of a file's true and of its estimated field."""


class WindowSample(TypedDict):
    """One pair of crops and a field, true or estimated, to restore them with."""

    blurry: Tensor
    sharp: Tensor
    start: Tensor  # what `deconvolve` makes of both
    field: KernelField  # [1, B, K, K] and [1, B, H, W], as in a batch of one
    name: str


class FieldWindows(Dataset[WindowSample]):
    """Crops of windows, turned and mirrored, each with a field.

    A sample depends on the seed, the epoch and its index alone.

    Args:
        files: as ``experiments/unrolled/estimates.py`` writes them.
        crop_size: side of the crops, in pixels; None takes whole windows, each once, with the estimated field.
        estimated: share of crops with the estimated field; the others have the true one.
        length: crops in an epoch.
        seed: of everything.
    """

    def __init__(self, files: list[Path], crop_size: int | None, estimated: float, length: int, seed: int) -> None:
        self.files, self.crop_size, self.length, self.seed = files, crop_size, length, seed
        self.estimated = estimated

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: int | tuple[int, int]) -> WindowSample:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        if not 0 <= index < self.length:
            raise IndexError(f"index is {index}, but there are {self.length} samples.")
        random = np.random.default_rng((self.seed, epoch, index))
        path = self.files[index if self.crop_size is None else int(random.integers(len(self.files)))]
        kind = SEEN if self.crop_size is None or random.random() < self.estimated else TRUE
        blurry, sharp, start, field = _read_window(path, kind)
        if self.crop_size is None:
            return {"blurry": blurry, "sharp": sharp, "start": start, "field": field, "name": path.stem}
        height, width = blurry.shape[1:]
        if min(height, width) < self.crop_size:
            raise ValueError(
                f"{path} is {height} x {width}, but crops are {self.crop_size} x {self.crop_size}. Lower crop_size."
            )
        top, left = (int(random.integers(side - self.crop_size + 1)) for side in (height, width))
        inner = (..., slice(top, top + self.crop_size), slice(left, left + self.crop_size))
        crop: WindowSample = {
            "blurry": blurry[inner],
            "sharp": sharp[inner],
            "start": start[inner],
            "field": KernelField(field.basis, field.coefficients[inner]).used(),
            "name": path.stem,
        }
        return turned(crop, random.random(3))


class FieldWindowsDataModule(LightningDataModule):
    """Train and validate restorers that are given a motion field, on windows made once.

    Args:
        root: holds the folders ``train`` and ``val`` of ``.npz`` files that ``experiments/unrolled/estimates.py``
            wrote; those that appear while a training runs are used from its next start on.
        crop_size: side of training crops, in pixels; validation takes whole windows with their estimated fields.
        estimated: share of training crops that come with the estimated field; the others with the true one.
        batch_size: crops per step and process.
        samples_per_epoch: training crops in an epoch.
        num_workers: loading processes per split; samples do not depend on it.
        seed: of everything.
    """

    def __init__(
        self,
        root: Path,
        crop_size: int = 128,
        estimated: float = 0.6,
        batch_size: int = 8,
        samples_per_epoch: int = 4000,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for what, value in (("crop_size", crop_size), ("batch_size", batch_size), ("samples", samples_per_epoch)):
            check_count(what, value)
        check_workers(num_workers)
        check_seed(seed)
        if not 0 <= estimated <= 1:
            raise ValueError(f"estimated is {estimated}, but it is a share. Pass 0.6.")
        self.root, self.crop_size, self.estimated, self.batch_size = Path(root), crop_size, estimated, batch_size
        self.samples_per_epoch, self.num_workers, self.seed = samples_per_epoch, num_workers, seed

    def setup(self, stage: str) -> None:
        if stage == "fit":
            files = self._files("train")
            self.train_set = FieldWindows(files, self.crop_size, self.estimated, self.samples_per_epoch, self.seed)
        if stage in ("fit", "validate"):
            files = self._files("val")
            self.val_set = FieldWindows(files, None, self.estimated, len(files), self.seed)

    def train_dataloader(self) -> DataLoader[WindowSample]:
        loader = ResumableLoader(self.train_set, self.batch_size, self.num_workers, self.seed, self.trainer)
        loader.collate_fn = batched
        return loader

    def val_dataloader(self) -> DataLoader[WindowSample]:
        return DataLoader(
            self.val_set, 1, num_workers=self.num_workers, collate_fn=batched, worker_init_fn=leave_signals_to_training
        )

    def _files(self, split: str) -> list[Path]:
        files = sorted((self.root / split).glob("[0-9]*.npz"))
        if not files:
            raise FileNotFoundError(
                f"{self.root / split} holds no windows. Make them: python experiments/unrolled/estimates.py."
            )
        return files


def _read_window(path: Path, kind: str) -> tuple[Tensor, Tensor, Tensor, KernelField]:
    """Read a window's blurry, sharp and restored picture, ``[3, H, W]`` in [0, 1], and its field of a kind, N = 1.

    Raises:
        ValueError: a damaged file, or one without such a field.
    """
    pictures, field = ("blurry", "sharp", f"{kind}restored"), [kind + name for name in KernelField._fields]
    try:
        with path.open("rb") as file, np.load(file) as window:
            missing = {field[0], pictures[2]} - set(window)
            parts = {} if missing else {name: torch.from_numpy(window[name]) for name in (*pictures, *field)}
    except UNREADABLE as error:
        raise ValueError(f"{path} is damaged ({error}). Make it anew: experiments/unrolled/estimates.py.") from error
    if missing:
        lacks = " and no ".join(sorted(missing))
        raise ValueError(f"{path} has no {lacks}. Make it anew: experiments/unrolled/estimates.py.")
    blurry, sharp, start = (parts[name].float() / 255 for name in pictures)
    stored = KernelField(*(parts[name][None] for name in field))  # in half precision
    return blurry, sharp, start, stored.normalised(torch.float32)
