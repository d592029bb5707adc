"""What both methods share when they are scored: restore, compare, average, log."""

from abc import abstractmethod

from pytorch_lightning import LightningModule
from torch import Tensor

from deblur_lightning.batch import Batch
from deblur_lightning.metrics import KohlerScore, RestorationMetrics


class RestorationModule(LightningModule):
    """A LightningModule that restores pictures; validation and test score it alike.

    Logs ``val/NAME`` and ``test/NAME``: PSNR (dB), SSIM and the figures of `measure`. After a test
    ``test_rows`` holds each picture's figures by name, in the order of ``test_columns``.

    Batches with ``frames`` are tested by Köhler's official protocol instead: ``test/psnr`` and ``test/mssim``, the best
    over frames, and no figure of `measure`.

    Args:
        further: names of the figures that `measure` returns.
        quantize: round restored pictures to 8 bits before scoring, as benchmarks on files do.
    """

    def __init__(self, further: tuple[str, ...] = (), quantize: bool = True) -> None:
        super().__init__()
        self.val_metrics = RestorationMetrics(further, quantize)
        self.test_metrics = RestorationMetrics(further, quantize)
        self.kohler_scores = KohlerScore()
        self.test_rows: dict[str, tuple[float, ...]] = {}
        self.test_columns: tuple[str, ...] = self.test_metrics.columns

    @abstractmethod
    def restore(self, blurry: Tensor) -> Tensor:
        """Return sharp pictures ``[N, C, H, W]`` in [0, 1] of blurry ones alike."""

    def measure(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Restore a batch and measure what the method knows beside PSNR and SSIM.

        Returns:
            Restored pictures, and ``[N]`` figures by name.
        """
        return self.restore(batch["blurry"]), {}

    def derive(self, means: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add figures that are made of means, as quotients are, not averaged themselves."""
        return {}

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._score(batch, self.val_metrics)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        if "frames" in batch:
            self.kohler_scores.update(self.restore(batch["blurry"]), batch["frames"], batch["name"])
        else:
            self._score(batch, self.test_metrics)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self.restore(batch["blurry"])

    def on_validation_epoch_end(self) -> None:
        self._log_means("val", self.val_metrics)

    def on_test_epoch_end(self) -> None:
        if self.kohler_scores.update_called:
            self._log_kohler_scores()
            return
        with self.test_metrics.sync_context(should_sync=self.trainer.world_size > 1):
            self.test_rows, self.test_columns = self.test_metrics.rows(), self.test_metrics.columns
        self._log_means("test", self.test_metrics)

    def _score(self, batch: Batch, metrics: RestorationMetrics) -> None:
        restored, further = self.measure(batch)
        metrics.update(restored, batch["sharp"], batch["name"], **further)

    def _log_kohler_scores(self) -> None:
        with self.kohler_scores.sync_context(should_sync=self.trainer.world_size > 1):
            self.test_rows, self.test_columns = self.kohler_scores.rows(), self.kohler_scores.columns
        means = {f"test/{name}": mean.float() for name, mean in self.kohler_scores.compute().items()}
        self.log_dict(means, sync_dist=True)  # equal on every process already
        self.kohler_scores.reset()

    def _log_means(self, stage: str, metrics: RestorationMetrics) -> None:
        means = metrics.compute()
        means = {f"{stage}/{name}": mean.float() for name, mean in {**means, **self.derive(means)}.items()}
        self.log_dict(means, sync_dist=True)  # equal on every process already
        metrics.reset()
