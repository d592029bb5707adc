"""Train what sees locally how far each part of a picture moved."""

from typing import Literal, cast

from pytorch_lightning import Callback
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import BlindEstimator, MotionDeblurrer
from deblur_lightning.modules.restoration import RestorationModule
from deblur_lightning.modules.schedule import scheduled
from deblur_lightning.networks import SpreadNetwork

MOVED = 1.0  # pixels of spread, both axes together: a straight motion over 3.5 pixels


class SpreadModule(RestorationModule):
    """Train the spread network of a `BlindEstimator` by `spread_loss`.

    Validation logs that error as ``val/spread_error``, ``val/still_error`` of what tells nothing moved, and
    ``val/moved_overlap``: cells that moved and are told to have, over cells that either holds for.

    Args:
        deblurrer: the spread network of its estimator is trained; nothing else is.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.

    Raises:
        ValueError: a deblurrer without a spread network.
    """

    deblurrer: MotionDeblurrer

    def __init__(
        self,
        deblurrer: MotionDeblurrer,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        if not (isinstance(deblurrer.network, BlindEstimator) and deblurrer.network.spread is not None):
            raise ValueError(
                "deblurrer has no spread network to train. Pass a MotionDeblurrer whose network is a BlindEstimator "
                "with spread: SpreadNetwork."
            )
        super().__init__(deblurrer)
        self.keep_recipe(scheduler_interval=scheduler_interval)
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval

    @property
    def spread(self) -> SpreadNetwork:
        """What is trained."""
        return cast(SpreadNetwork, cast(BlindEstimator, self.deblurrer.network).spread)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, size = spread_loss(self.spread(batch["blurry"]), batch["spread"]), len(batch["name"])
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)
        self.log("train/loss_epoch", loss.detach(), on_step=False, on_epoch=True, sync_dist=True, batch_size=size)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        seen, true = self.spread(batch["blurry"]), batch["spread"]
        told, moved = (spread[:, :2].sum(1) > MOVED for spread in (seen, true))
        figures = {
            "spread_error": (seen - true).abs().mean(),
            "still_error": true.abs().mean(),
            "moved_overlap": (told & moved).sum() / (told | moved).sum().clamp(min=1),
        }
        figures = {f"val/{name}": figure for name, figure in figures.items()}
        self.log_dict(figures, on_epoch=True, sync_dist=True, batch_size=len(batch["name"]))

    def on_validation_epoch_end(self) -> None:
        """Nothing was restored."""

    def configure_callbacks(self) -> list[Callback]:
        """Keep the checkpoint with the least error as the best."""
        return [ModelCheckpoint(monitor="val/spread_error", mode="min", filename="best")]

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return scheduled(self.optimizer(self.spread.parameters()), self.scheduler, self.scheduler_interval)


def spread_loss(seen: Tensor, true: Tensor) -> Tensor:
    """Add the mean absolute error, in pixels, to that beside each picture's mean, so that to see parts apart pays twice.

    Args:
        seen: ``[N, 3, h, w]``.
        true: likewise.
    """
    error = seen - true
    return error.abs().mean() + (error - error.mean(dim=(2, 3), keepdim=True)).abs().mean()
