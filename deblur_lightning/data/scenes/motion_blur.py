"""MotionBlurDataModule: blurry and sharp crops of many kinds of motion, for networks that restore directly."""

import math
from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.data.resuming import ResumableLoader
from deblur_lightning.data.scenes.dead_leaves import DeadLeaves
from deblur_lightning.data.scenes.motions import CameraMotion, Motion, ObjectMotion, Unmoved
from deblur_lightning.data.scenes.sensor import Sensor
from deblur_lightning.data.scenes.sources import DrawScene, SceneSource, Split
from deblur_lightning.data.scenes.synthetic_module import SEEDS
from deblur_lightning.data.scenes.wheel_photos import WheelPhotos
from deblur_lightning.data.workers import leave_signals_to_training
from deblur_lightning.field import KernelField
from deblur_lightning.physics import field_spread


class MotionSample(TypedDict):
    """One pair of crops, and how far each cell of 4 x 4 pixels moved, see `field_spread`."""

    blurry: Tensor
    sharp: Tensor
    spread: Tensor
    name: str


class MotionBlur(Dataset[MotionSample]):
    """Scenes that moved during the exposure, each in a way drawn from several.

    A sample depends on the seed, the epoch and its index alone: index with ``(epoch, index)``, as `EpochSampler`
    does, or with ``index`` for epoch 0.

    Args:
        draw: one function per source of scenes; see `SceneSource.open`.
        names: what the samples of each are called.
        probabilities: how often each is drawn from; sum 1.
        motions: the kinds of motion, mixed by their weights.
        sensor: how pictures are taken of them.
        length: samples in an epoch.
        kernel_size: side K of the largest kernels; scenes are K - 1 larger than crops.
        seed: of everything, with the split's number.
    """

    def __init__(
        self,
        draw: Sequence[DrawScene],
        names: Sequence[str],
        probabilities: Sequence[float],
        motions: Sequence[Motion],
        sensor: Sensor,
        *,
        length: int,
        kernel_size: int = 33,
        seed: tuple[int, ...] = (0,),
    ) -> None:
        self.draw, self.names, self.probabilities = list(draw), list(names), list(probabilities)
        self.motions, self.shares = list(motions), shares(motions)
        self.sensor, self.length, self.kernel_size, self.seed = sensor, length, kernel_size, seed

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: int | tuple[int, int]) -> MotionSample:
        return self.with_field(key)[0]

    def with_field(self, key: int | tuple[int, int]) -> tuple[MotionSample, KernelField]:
        """Return a sample and the motion behind it; kernels are no larger than that, and of any number."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        if not -self.length <= index < self.length:
            raise IndexError(f"index is {index}, but there are {self.length} samples.")
        index %= self.length
        random = np.random.default_rng((*self.seed, epoch, index))
        source = int(random.choice(len(self.draw), p=self.probabilities))
        scene = self.draw[source](random)
        motion = self.motions[int(random.choice(len(self.motions), p=self.shares))]
        field = motion.draw(scene.labels, self.kernel_size, random)
        blurry, sharp = self.sensor.take(scene.photo, field, random)
        spread = field_spread(field)[0]
        name = f"{self.names[source]}/{epoch}-{index:05d}"
        return {"blurry": blurry, "sharp": sharp, "spread": spread, "name": name}, field


class MotionBlurDataModule(LightningDataModule):
    """Pairs of crops for training a network that goes straight from blurry to sharp; without the motion field.

    Training makes new samples each epoch; validation and test samples are always the same, from pictures of their own.

    Args:
        sources: kinds of scenes, mixed by their weights; None for dead leaves and scikit-image's photographs.
        motions: kinds of motion, mixed by their weights; None for moving cameras and objects, and some unmoved.
        sensor: how pictures are taken.
        crop_size: side of ``blurry`` and ``sharp``, in pixels.
        kernel_size: side K of the largest kernels, odd.
        max_objects: moving objects beside the background.
        batch_size: crops per step and process.
        samples_per_epoch: training crops in an epoch.
        val_samples: validation crops.
        test_samples: test crops.
        num_workers: loading processes per split; samples do not depend on it.
        seed: of everything.
    """

    def __init__(
        self,
        sources: list[SceneSource] | None = None,
        motions: list[Motion] | None = None,
        sensor: Sensor = Sensor(),  # noqa: B008 - frozen
        crop_size: int = 256,
        kernel_size: int = 33,
        max_objects: int = 2,
        batch_size: int = 8,
        samples_per_epoch: int = 4000,
        val_samples: int = 64,
        test_samples: int = 64,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.sources = [DeadLeaves(), WheelPhotos()] if sources is None else sources
        self.motions = [CameraMotion(5), ObjectMotion(4), Unmoved(1)] if motions is None else motions
        self.sensor, self.crop_size, self.kernel_size, self.max_objects = sensor, crop_size, kernel_size, max_objects
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.lengths: dict[Split, int] = {"train": samples_per_epoch, "val": val_samples, "test": test_samples}
        self._check()

    def setup(self, stage: str) -> None:
        if stage == "fit":
            self.train_set = self._open("train")
        if stage in ("fit", "validate"):
            self.val_set = self._open("val")
        if stage in ("test", "predict"):
            self.test_set = self._open("test")

    def train_dataloader(self) -> DataLoader[MotionSample]:
        return ResumableLoader(
            self.train_set, self.batch_size, self.num_workers, self.seed, self.trainer, drop_last=False
        )

    def val_dataloader(self) -> DataLoader[MotionSample]:
        return self._fixed(self.val_set)

    def test_dataloader(self) -> DataLoader[MotionSample]:
        return self._fixed(self.test_set)

    def predict_dataloader(self) -> DataLoader[MotionSample]:
        return self._fixed(self.test_set)

    def _fixed(self, samples: MotionBlur) -> DataLoader[MotionSample]:
        return DataLoader(
            samples,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            worker_init_fn=leave_signals_to_training,
        )

    def _open(self, split: Split) -> MotionBlur:
        size = self.crop_size + self.kernel_size - 1
        return MotionBlur(
            [source.open(split, size, self.max_objects) for source in self.sources],
            [f"{split}/{source.name}" for source in self.sources],
            shares(self.sources),
            self.motions,
            self.sensor,
            length=self.lengths[split],
            kernel_size=self.kernel_size,
            seed=(self.seed, SEEDS[split]),
        )

    def _check(self) -> None:
        if self.kernel_size < 1 or self.kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {self.kernel_size}, but a kernel needs a central pixel. "
                f"Pass {max(1, self.kernel_size | 1)}."
            )
        counts = {"batch_size": self.batch_size, "crop_size": self.crop_size}
        for what, value in (counts | {f"{split} samples": length for split, length in self.lengths.items()}).items():
            if not value >= 1:
                raise ValueError(f"{what} is {value}, but there is nothing to do with none. Pass at least 1.")
        if not 0 <= self.max_objects <= 255:
            raise ValueError(f"max_objects is {self.max_objects}, but labels are 0 to 255. Pass 2.")
        shares(self.sources)
        shares(self.motions)


def shares(entries: Sequence[SceneSource] | Sequence[Motion]) -> list[float]:
    """Turn weights into probabilities.

    Raises:
        ValueError: a negative weight, or none above 0.
    """
    weights = [entry.weight for entry in entries]
    total = math.fsum(weights)
    if not all(0 <= weight < math.inf for weight in weights) or not total > 0:
        raise ValueError(
            f"weights are {weights}, but something must be drawn, and nothing less than never. "
            "Pass at least one entry with a weight above 0."
        )
    return [weight / total for weight in weights]
