"""SyntheticBlurDataModule: the paper's training data, made on the fly from sources chosen in YAML."""

import math

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from deblur_lightning.data.resuming import ResumableLoader
from deblur_lightning.data.scenes.dead_leaves import DeadLeaves
from deblur_lightning.data.scenes.sources import SceneSource, Split
from deblur_lightning.data.scenes.synthetic import SyntheticBlur, SyntheticSample
from deblur_lightning.data.scenes.wheel_photos import WheelPhotos
from deblur_lightning.data.workers import leave_signals_to_training
from deblur_lightning.physics import check_gamma

SEEDS = {"train": 0, "val": 1, "test": 2}


class SyntheticBlurDataModule(LightningDataModule):
    """Blurry crops with their motion field; the defaults are the paper's recipe on scenes that need no download.

    Background and up to three objects, each with a 33 x 33 camera-shake kernel; gamma 2.2; light times 1 to 3, so that
    the sensor saturates; noise; 8 bits. The crop, the batch and the noise level are ours: the paper has none of them.
    Training makes new samples each epoch; validation and test samples are always the same, from pictures of their own.

    Args:
        sources: kinds of scenes, mixed by their weights; None for dead leaves and scikit-image's photographs.
        crop_size: side of ``blurry`` and ``sharp``, in pixels.
        kernel_size: side K of the kernels, odd.
        max_objects: moving objects beside the background, 0 for camera shake alone.
        extent: range of the kernels' sides, in pixels, ``[0, K - 1]`` for anything from none to filling the kernel;
            None for the lengths that the shake process gives.
        gamma: display to linear light.
        noise: standard deviation at full well, of linear light; its variance falls with the light.
        brightness: range of the factor on linear light.
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
        crop_size: int = 256,
        kernel_size: int = 33,
        max_objects: int = 3,
        extent: tuple[float, float] | None = None,
        gamma: float = 2.2,
        noise: float = 0.01,
        brightness: tuple[float, float] = (1.0, 3.0),
        batch_size: int = 8,
        samples_per_epoch: int = 4000,
        val_samples: int = 64,
        test_samples: int = 64,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.sources = [DeadLeaves(), WheelPhotos()] if sources is None else sources
        self.crop_size, self.kernel_size, self.max_objects, self.extent = crop_size, kernel_size, max_objects, extent
        self.gamma, self.noise, self.brightness = gamma, noise, brightness
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

    def train_dataloader(self) -> DataLoader[SyntheticSample]:
        return ResumableLoader(
            self.train_set, self.batch_size, self.num_workers, self.seed, self.trainer, drop_last=False
        )

    def val_dataloader(self) -> DataLoader[SyntheticSample]:
        return self._fixed(self.val_set)

    def test_dataloader(self) -> DataLoader[SyntheticSample]:
        return self._fixed(self.test_set)

    def predict_dataloader(self) -> DataLoader[SyntheticSample]:
        return self._fixed(self.test_set)

    def _fixed(self, samples: SyntheticBlur) -> DataLoader[SyntheticSample]:
        return DataLoader(
            samples,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            worker_init_fn=leave_signals_to_training,
        )

    def _open(self, split: Split) -> SyntheticBlur:
        """Open every source, so that what is wrong with one shows before training begins."""
        size = self.crop_size + self.kernel_size - 1
        total = math.fsum(source.weight for source in self.sources)
        return SyntheticBlur(
            [source.open(split, size, self.max_objects) for source in self.sources],
            [source.weight / total for source in self.sources],
            [f"{split}/{source.name}" for source in self.sources],
            length=self.lengths[split],
            crop_size=self.crop_size,
            kernel_size=self.kernel_size,
            max_objects=self.max_objects,
            extent=self.extent,
            gamma=self.gamma,
            noise=self.noise,
            brightness=self.brightness,
            seed=(self.seed, SEEDS[split]),
        )

    def _check(self) -> None:
        if self.kernel_size < 1 or self.kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {self.kernel_size}, but a kernel needs a central pixel. "
                f"Pass {max(1, self.kernel_size | 1)}."
            )
        for what, value in (("batch_size", self.batch_size), *((f"{k} samples", n) for k, n in self.lengths.items())):
            if not value >= 1:
                raise ValueError(f"{what} is {value}, but there is nothing to do with none. Pass at least 1.")
        check_gamma(self.gamma)
        if not self.num_workers >= 0:
            raise ValueError(f"num_workers is {self.num_workers}, but it counts processes. Pass 0 or more.")
        if not self.crop_size >= 1:
            raise ValueError(f"crop_size is {self.crop_size}, but a crop needs a pixel. Pass at least 1.")
        if not 0 <= self.max_objects <= 255:
            raise ValueError(f"max_objects is {self.max_objects}, but labels are 0 to 255. Pass 3.")
        if self.extent is not None and not 0 <= self.extent[0] <= self.extent[1] <= self.kernel_size - 1:
            raise ValueError(
                f"extent is {tuple(self.extent)}, but kernels of {self.kernel_size} hold 0 to {self.kernel_size - 1}. "
                "Order it within those."
            )
        if not 0 < self.brightness[0] <= self.brightness[1] < math.inf:
            raise ValueError(f"brightness is {tuple(self.brightness)}, but a factor is above 0. Pass (1.0, 3.0).")
        if not 0 <= self.noise < math.inf:
            raise ValueError(f"noise is {self.noise}, but a standard deviation is not below 0. Pass 0.01.")
        if not self.sources or not all(0 <= source.weight < math.inf for source in self.sources):
            raise ValueError("sources have a negative weight or are none. Pass at least one, with weights above 0.")
        if not any(source.weight for source in self.sources):
            raise ValueError("sources all have weight 0, but one must be drawn from. Pass a weight above 0.")
