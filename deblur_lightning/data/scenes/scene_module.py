"""SceneDataModule: what modules that blur scenes on the fly have in common."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.data.checks import check_count, check_seed, check_workers
from deblur_lightning.data.resuming import ResumableLoader
from deblur_lightning.data.scenes.dead_leaves import DeadLeaves
from deblur_lightning.data.scenes.sources import MixedScenes, SceneSource, Split, shares
from deblur_lightning.data.scenes.wheel_photos import WheelPhotos
from deblur_lightning.data.workers import leave_signals_to_training

SEEDS = {"train": 0, "val": 1, "test": 2}

BlurredScenes = TypeVar("BlurredScenes", bound=Dataset[Any])


@dataclass(frozen=True)
class Samples:
    """How many crops are made.

    Attributes:
        train: in an epoch.
        val: for validation.
        test: for tests and prediction.
    """

    train: int = 4000
    val: int = 64
    test: int = 64

    def __post_init__(self) -> None:
        for split, count in asdict(self).items():
            check_count(f"{split} samples", count)


class SceneDataModule(LightningDataModule, ABC, Generic[BlurredScenes]):
    """Scenes of several sources, blurred on the fly; a subclass tells how, in `blurred`.

    Training makes new samples each epoch; validation and test samples are always the same, from pictures of their own.
    """

    def __init__(
        self,
        sources: list[SceneSource] | None,
        crop_size: int,
        kernel_size: int,
        max_objects: int,
        samples: Samples,
        batch_size: int,
        num_workers: int,
        seed: int,
    ) -> None:
        super().__init__()
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}, but a kernel needs a central pixel. Pass {max(1, kernel_size | 1)}."
            )
        check_count("batch_size", batch_size)
        check_workers(num_workers)
        check_seed(seed)
        if not crop_size >= 1:
            raise ValueError(f"crop_size is {crop_size}, but a crop needs a pixel. Pass at least 1.")
        if not 0 <= max_objects <= 255:
            raise ValueError(f"max_objects is {max_objects}, but labels are 0 to 255. Pass 3.")
        self.sources = [DeadLeaves(), WheelPhotos()] if sources is None else sources
        self.shares = shares("sources", [source.weight for source in self.sources])
        self.crop_size, self.kernel_size, self.max_objects = crop_size, kernel_size, max_objects
        self.samples, self.batch_size, self.num_workers, self.seed = samples, batch_size, num_workers, seed

    @abstractmethod
    def blurred(self, scenes: MixedScenes, length: int, seed: tuple[int, ...]) -> BlurredScenes:
        """Return a data set of so many blurred scenes per epoch."""

    def open(self, split: Split) -> BlurredScenes:
        """Open every source, so that what is wrong with one shows before training begins."""
        size = self.crop_size + self.kernel_size - 1
        scenes = MixedScenes(
            [source.open(split, size, self.max_objects) for source in self.sources],
            self.shares,
            [f"{split}/{source.name}" for source in self.sources],
        )
        return self.blurred(scenes, getattr(self.samples, split), (self.seed, SEEDS[split]))

    def setup(self, stage: str) -> None:
        if stage == "fit":
            self.train_set = self.open("train")
        if stage in ("fit", "validate"):
            self.val_set = self.open("val")
        if stage in ("test", "predict"):
            self.test_set = self.open("test")

    def train_dataloader(self) -> DataLoader[Any]:
        return ResumableLoader(
            self.train_set, self.batch_size, self.num_workers, self.seed, self.trainer, drop_last=False
        )

    def val_dataloader(self) -> DataLoader[Any]:
        return self._fixed(self.val_set)

    def test_dataloader(self) -> DataLoader[Any]:
        return self._fixed(self.test_set)

    def predict_dataloader(self) -> DataLoader[Any]:
        return self._fixed(self.test_set)

    def _fixed(self, samples: BlurredScenes) -> DataLoader[Any]:
        return DataLoader(
            samples,
            batch_size=self.batch_size,  # by name: Lightning makes the loader anew for prediction
            num_workers=self.num_workers,
            worker_init_fn=leave_signals_to_training,
        )
