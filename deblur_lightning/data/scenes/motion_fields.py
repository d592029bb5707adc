"""MotionFieldDataModule: many kinds of motion, each crop with its motion field, for networks that see motion."""

from collections.abc import Sequence
from typing import TypedDict, TypeVar

import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.batch import Batch, batched
from deblur_lightning.data.scenes.motion_blur import MotionBlur, MotionBlurDataModule
from deblur_lightning.data.scenes.sources import Split
from deblur_lightning.field import KernelField
from deblur_lightning.losses import kernel_weights
from deblur_lightning.networks.cells import CELL, whole_sides

AnySample = TypeVar("AnySample")


class FieldSample(TypedDict):
    """One pair of crops and the motion between them, ``[1, J, K, K]`` and ``[1, J, H, W]``; see `Batch`."""

    blurry: Tensor
    sharp: Tensor
    name: str
    field: KernelField


class MotionFields(Dataset[FieldSample]):
    """The samples of `MotionBlur` with their motion.

    Args:
        pairs: the samples.
        cell: see `MotionFieldDataModule`.
    """

    def __init__(self, pairs: MotionBlur, cell: int = 1) -> None:
        self.pairs, self.cell = pairs, cell

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: int | tuple[int, int]) -> FieldSample:
        sample, field = self.pairs.with_field(key)
        basis, coefficients = field.widened(self.pairs.kernel_size)
        if self.cell > 1:
            coefficients = F.avg_pool2d(coefficients, self.cell)
        return {**sample, "field": KernelField(basis, coefficients)}


class MotionFieldDataModule(MotionBlurDataModule):
    """The crops of `MotionBlurDataModule` with their motion fields.

    Takes the same arguments.

    Attributes:
        cell: side in pixels of the squares whose mean coefficients are told; 1 for those of each pixel.
    """

    cell = 1

    def open(self, split: Split) -> MotionFields:  # type: ignore[override] # the same samples, and more
        if self.crop_size % self.cell:
            raise ValueError(
                f"crop_size is {self.crop_size}, but the motion of cells of {self.cell} pixels is told. "
                f"Pass {whole_sides(self.crop_size)}."
            )
        return MotionFields(super().open(split), self.cell)

    def train_dataloader(self) -> DataLoader[FieldSample]:
        return stacked(super().train_dataloader())

    def _fixed(self, samples: MotionBlur) -> DataLoader[FieldSample]:
        return stacked(super()._fixed(samples))


def stacked(loader: DataLoader[AnySample]) -> DataLoader[AnySample]:
    """Have a loader stack fields of several numbers of kernels."""
    loader.collate_fn = with_fields
    return loader


def with_fields(samples: Sequence[FieldSample]) -> Batch:
    """Stack samples; fields of fewer or smaller kernels are widened, and pixels get their weights."""
    batch = batched(samples)
    return {**batch, "weights": kernel_weights(batch["field"])}


class CellFieldDataModule(MotionFieldDataModule):
    """The same, with the mean motion of cells of 8 x 8 pixels: a hundredth of the numbers to move to a GPU.

    Takes the same arguments.
    """

    cell = CELL
