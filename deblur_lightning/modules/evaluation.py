"""What both methods share when they are scored: restore, compare, average, log."""

from abc import abstractmethod

from pytorch_lightning import LightningModule
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor

from deblur_lightning.batch import Batch, check_batch
from deblur_lightning.exposure import Sides
from deblur_lightning.field import KernelField
from deblur_lightning.image import check_image
from deblur_lightning.metrics import KohlerScore, RestorationMetrics


class RestorationModule(LightningModule):
    """A LightningModule that restores pictures; validation and test score it alike.

    Logs ``val/NAME`` and ``test/NAME``: PSNR (dB), SSIM with reflected borders and over the valid region, in tests
    also CW-SSIM, and the figures of `measure`. After a test
    ``test_rows`` holds each picture's figures by name, in the order of ``test_columns``.

    Batches with ``frames`` are tested by Köhler's official protocol instead: ``test/psnr`` and ``test/mssim``, the best
    over frames, and no figure of `measure`.

    Args:
        further: names of the figures that `measure` returns.
        quantize: round restored pictures to 8 bits before scoring, as benchmarks on files do.
    """

    sees_motion = False
    """Whether `field` gives the motion at each pixel."""

    dark_gamma: float | None = None
    """Display to linear light of pictures that fade to black at their borders; None if the module does not look."""

    whole_pixels = 0
    """Up to how many pixels a photo is restored at once, where each of its pixels depends on all others."""

    def __init__(self, further: tuple[str, ...] = (), quantize: bool = True) -> None:
        super().__init__()
        self.val_metrics = RestorationMetrics(further, quantize)
        self.test_metrics = RestorationMetrics(further, quantize, wavelets=True)
        self.kohler_scores = KohlerScore()
        self.test_rows: dict[str, tuple[float, ...]] = {}
        self.test_columns: tuple[str, ...] = self.test_metrics.columns

    def setup(self, stage: str) -> None:
        if isinstance(self.trainer.strategy, DDPStrategy):  # colour leaves the gray stem unused, a GAN one of its two
            self.trainer.strategy._ddp_kwargs.setdefault("find_unused_parameters", True)

    @property
    def between_steps(self) -> bool:
        """Tell whether every batch so far has reached the weights, so that a checkpoint here loses none."""
        return True

    @abstractmethod
    def restore(self, blurry: Tensor) -> Tensor:
        """Return sharp pictures ``[N, C, H, W]`` in [0, 1] of blurry ones alike.

        Raises:
            ValueError: no pictures in [0, 1]; see `check_image`.
        """

    def field(self, blurry: Tensor) -> KernelField:
        """Return the motion field of pictures ``[N, C, H, W]`` in [0, 1], as `restore` undoes it.

        Raises:
            ValueError: no pictures in [0, 1], or a module that sees no motion.
        """
        raise ValueError(
            f"{type(self).__name__} restores without a motion field. Pass a checkpoint of AdaptiveBasisModule."
        )

    def see(self, blurry: Tensor, sides: Sides | None = None) -> tuple[Tensor, KernelField | None]:
        """Return what `restore` does and the motion field that it undid, None from a module that sees no motion.

        Args:
            blurry: ``[N, C, H, W]`` in [0, 1].
            sides: if the pictures are parts of one that fades to black at its borders (`dark_beyond`): which
                sides of them are such borders. None for whole pictures, and parts of others.

        Raises:
            ValueError: no pictures in [0, 1].
        """
        return self.restore(blurry), self.field(blurry) if self.sees_motion else None

    def measure(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Restore a batch and measure what the method knows beside PSNR and SSIM.

        Returns:
            Restored pictures, and ``[N]`` figures by name.

        Raises:
            ValueError: no pictures in [0, 1].
        """
        return self.restore(batch["blurry"]), {}

    def derive(self, means: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add figures that are made of means, as quotients are, not averaged themselves."""
        return {}

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        if batch_idx == 0:
            check_batch(batch)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._score(batch, self.val_metrics)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Score a batch and return what was restored, for callbacks that save or show it.

        Raises:
            ValueError: no pictures in [0, 1], or restored ones of another size or with NaN.
        """
        if "frames" not in batch:
            return self._score(batch, self.test_metrics)
        check_image(batch["blurry"], "blurry")
        restored = self.restore(batch["blurry"])
        self.kohler_scores.update(restored, batch["frames"], batch["name"])
        return restored

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self.restore(batch["blurry"])

    def on_validation_epoch_end(self) -> None:
        self._log_means("val", self.val_metrics)

    def on_test_epoch_end(self) -> None:
        metrics = self.kohler_scores if self.kohler_scores.update_called else self.test_metrics
        with metrics.sync_context(should_sync=self.trainer.world_size > 1):
            self.test_rows, self.test_columns = metrics.rows(), metrics.columns
        self._log_means("test", metrics)

    def _score(self, batch: Batch, metrics: RestorationMetrics) -> Tensor:
        check_image(batch["blurry"], "blurry")
        restored, further = self.measure(batch)
        metrics.update(restored, batch["sharp"], batch["name"], **further)
        return restored

    def _log_means(self, stage: str, metrics: RestorationMetrics | KohlerScore) -> None:
        means = metrics.compute()
        if isinstance(metrics, RestorationMetrics):
            means |= self.derive(means)
        self.log_dict({f"{stage}/{name}": mean.float() for name, mean in means.items()}, sync_dist=True)  # equal on all
        metrics.reset()
