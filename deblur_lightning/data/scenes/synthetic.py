"""SyntheticBlur: pictures blurred on the fly, with the motion field that did it (Carbajal et al. 2021, section 5)."""

from collections.abc import Sequence
from typing import NamedTuple, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from deblur_lightning.data.scenes.sensor import PaperSensor
from deblur_lightning.data.scenes.sources import MixedScenes, Scene
from deblur_lightning.field import KernelField
from deblur_lightning.losses import kernel_weights
from deblur_lightning.physics import (
    Tremors,
    draw_sides,
    expose,
    follow_tremors,
    kernels_along,
    scene_field,
    to_display,
    to_linear,
)


class SyntheticSample(TypedDict):
    """One blurry crop and all that made it; see `Batch`."""

    blurry: Tensor
    sharp: Tensor
    scene: Tensor
    field: KernelField
    weights: Tensor
    name: str


class _Plan(NamedTuple):
    """All that is random about one sample, drawn before its kernels are."""

    scene: Scene
    name: str
    brightness: float
    tremors: Tremors
    sides: Tensor | None
    generator: torch.Generator


class SyntheticBlur(Dataset[SyntheticSample]):
    """Scenes whose background and objects move each with a random camera-shake kernel.

    A sample depends on the seed, the epoch and its index alone: index with ``(epoch, index)``, as `EpochSampler`
    does, or with ``index`` for epoch 0. The camera paths of a whole batch are followed together.

    Args:
        scenes: what is blurred.
        sensor: how pictures are taken.
        length: samples in an epoch.
        crop_size: side of ``blurry``, in pixels.
        kernel_size: side K of the kernels; the scene is K - 1 larger than the crop.
        max_objects: J - 1; absent objects have no pixels and a delta kernel.
        extent: range of the kernels' sides, in pixels; None for the lengths that the shake process gives.
        seed: of everything, with the split's number.
    """

    def __init__(
        self,
        scenes: MixedScenes,
        sensor: PaperSensor = PaperSensor(),  # noqa: B008 - frozen
        *,
        length: int,
        crop_size: int,
        kernel_size: int = 33,
        max_objects: int = 3,
        extent: tuple[float, float] | None = None,
        seed: tuple[int, ...] = (0,),
    ) -> None:
        self.scenes, self.sensor, self.length, self.seed = scenes, sensor, length, seed
        self.crop_size, self.kernel_size, self.max_objects, self.extent = crop_size, kernel_size, max_objects, extent

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: int | tuple[int, int]) -> SyntheticSample:
        return self.__getitems__([key])[0]

    def __getitems__(self, keys: Sequence[int | tuple[int, int]]) -> list[SyntheticSample]:
        """Make several samples, as a DataLoader asks for a batch; each is what ``self[key]`` is, bit for bit."""
        plans = [self._plan(*(key if isinstance(key, tuple) else (0, key))) for key in keys]
        sides = [plan.sides for plan in plans if plan.sides is not None]
        paths = follow_tremors(Tremors.cat([plan.tremors for plan in plans]))
        kernels = kernels_along(paths, self.kernel_size, sides=torch.cat(sides) if sides else None)
        return [self._expose(plan, own) for plan, own in zip(plans, kernels.split(self.max_objects + 1), strict=True)]

    def _plan(self, epoch: int, index: int) -> _Plan:
        if not -self.length <= index < self.length:
            raise IndexError(f"index is {index}, but there are {self.length} samples.")
        seeds = np.random.SeedSequence((*self.seed, epoch, index % self.length))
        random = np.random.default_rng(seeds)
        generator = torch.Generator().manual_seed(int(seeds.generate_state(1, np.uint64)[0] >> 1))
        scene, name = self.scenes.draw(random)
        layers = self.max_objects + 1
        return _Plan(
            scene=scene,
            name=f"{name}/{epoch}-{index % self.length:05d}",
            brightness=float(random.uniform(*self.sensor.brightness)),
            tremors=Tremors.draw(layers, generator=generator),
            sides=None if self.extent is None else draw_sides(layers, self.extent, generator),
            generator=generator,
        )

    def _expose(self, plan: _Plan, kernels: Tensor) -> SyntheticSample:
        present = np.flatnonzero(np.bincount(plan.scene.labels.ravel(), minlength=self.max_objects + 1))
        masks = torch.from_numpy(np.stack([plan.scene.labels == layer for layer in present], dtype=np.float32))
        field = scene_field(masks.unsqueeze(0), kernels[present].unsqueeze(0))
        gamma = self.sensor.gamma
        levels = to_linear(torch.arange(256) / 255, gamma) * plan.brightness
        planes = np.ascontiguousarray(plan.scene.photo.transpose(2, 0, 1))
        linear = torch.from_numpy(levels.numpy().take(planes)).unsqueeze(0)
        blurry = expose(linear, field, generator=plan.generator, gamma=gamma, noise=self.sensor.noise)
        scene = torch.from_numpy(to_display(levels, gamma).numpy().take(planes))
        margin = self.kernel_size // 2
        inner = slice(margin, margin + self.crop_size)
        return {
            "blurry": blurry[0],
            "sharp": scene[:, inner, inner].clamp(0, 1),
            "scene": scene,
            "field": self._padded(field, present),
            "weights": kernel_weights(field)[0],
            "name": plan.name,
        }

    def _padded(self, field: KernelField, present: NDArray[np.intp]) -> KernelField:
        """Add the absent objects, so that samples collate: they have no pixels, and a delta kernel."""
        basis = torch.zeros(self.max_objects + 1, self.kernel_size, self.kernel_size)
        basis[:, self.kernel_size // 2, self.kernel_size // 2] = 1
        basis[present] = field.basis[0]
        coefficients = torch.zeros(self.max_objects + 1, self.crop_size, self.crop_size)
        coefficients[present] = field.coefficients[0]
        return KernelField(basis, coefficients)
