"""MotionBlurDataModule: blurry and sharp crops of many kinds of motion, for networks that restore directly."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from deblur_lightning.data.scenes.motions import CameraMotion, Motion, ObjectMotion, Unmoved
from deblur_lightning.data.scenes.scene_module import Samples, SceneDataModule
from deblur_lightning.data.scenes.sensor import Sensor
from deblur_lightning.data.scenes.sources import MixedScenes, SceneSource, shares
from deblur_lightning.field import KernelField


class MotionSample(TypedDict):
    """One pair of crops; see `Batch`."""

    blurry: Tensor
    sharp: Tensor
    name: str


class MotionBlur(Dataset[MotionSample]):
    """Scenes that moved during the exposure, each in a way drawn from several.

    A sample depends on the seed, the epoch and its index alone: index with ``(epoch, index)``, as `EpochSampler`
    does, or with ``index`` for epoch 0.

    Args:
        scenes: what is blurred.
        motions: the kinds of motion, mixed by their weights.
        sensor: how pictures are taken of them.
        length: samples in an epoch.
        kernel_size: side K of the largest kernels; scenes are K - 1 larger than crops.
        seed: of everything, with the split's number.
    """

    def __init__(
        self,
        scenes: MixedScenes,
        motions: Sequence[Motion],
        sensor: Sensor,
        *,
        length: int,
        kernel_size: int = 33,
        seed: tuple[int, ...] = (0,),
    ) -> None:
        self.scenes, self.sensor, self.length, self.kernel_size, self.seed = scenes, sensor, length, kernel_size, seed
        self.motions, self.shares = list(motions), shares("motions", [motion.weight for motion in motions])

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: int | tuple[int, int]) -> MotionSample:
        return self.with_field(key)[0]

    def with_field(self, key: int | tuple[int, int]) -> tuple[MotionSample, KernelField]:
        """Return a sample and the motion behind it; its kernels are of any number, and no larger than the motion."""
        epoch, index = key if isinstance(key, tuple) else (0, key)
        if not -self.length <= index < self.length:
            raise IndexError(f"index is {index}, but there are {self.length} samples.")
        index %= self.length
        random = np.random.default_rng((*self.seed, epoch, index))
        scene, name = self.scenes.draw(random)
        motion = self.motions[int(random.choice(len(self.motions), p=self.shares))]
        field = motion.draw(scene.labels, self.kernel_size, random)
        blurry, sharp = self.sensor.take(scene.photo, field, random)
        return {"blurry": blurry, "sharp": sharp, "name": f"{name}/{epoch}-{index:05d}"}, field


class MotionBlurDataModule(SceneDataModule[MotionBlur]):
    """Pairs of crops for training a network that goes straight from blurry to sharp; without the motion field.

    Training makes new samples each epoch; validation and test samples are always the same, from pictures of their own.

    Args:
        sources: kinds of scenes, mixed by their weights; None for dead leaves and scikit-image's photographs.
        motions: kinds of motion, mixed by their weights; None for moving cameras and objects, and some unmoved.
        sensor: how pictures are taken.
        crop_size: side of ``blurry`` and ``sharp``, in pixels.
        kernel_size: side K of the largest kernels, odd.
        max_objects: moving objects besides the background.
        samples: how many crops.
        batch_size: crops per step and process.
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
        samples: Samples = Samples(),  # noqa: B008 - frozen
        batch_size: int = 8,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__(sources, crop_size, kernel_size, max_objects, samples, batch_size, num_workers, seed)
        self.motions = [CameraMotion(5), ObjectMotion(4), Unmoved(1)] if motions is None else motions
        self.sensor = sensor
        shares("motions", [motion.weight for motion in self.motions])

    def blurred(self, scenes: MixedScenes, length: int, seed: tuple[int, ...]) -> MotionBlur:
        return MotionBlur(scenes, self.motions, self.sensor, length=length, kernel_size=self.kernel_size, seed=seed)
