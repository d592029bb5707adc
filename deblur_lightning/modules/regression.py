"""A network that goes straight from blurry to sharp, trained by regression on pairs: bring your own."""

from typing import Literal

from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.image import check_image
from deblur_lightning.losses import psnr_loss
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.modules.evaluation import RestorationModule


class RegressionModule(RestorationModule):
    """Train any network on pairs by the PSNR loss; validation scores what the network alone does.

    Args:
        network: maps pictures ``[N, 3, H, W]`` in [0, 1] to restored ones, display values both; in YAML a
            ``class_path``, as ``deblur_lightning.networks.NAFNet`` or a class of yours.
        floor: see `psnr_loss`.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.
    """

    def __init__(
        self,
        network: nn.Module,
        floor: float = 1e-5,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        super().__init__(further=("blurry_psnr",))
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])
        self.network, self.floor = network, floor
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures ``[N, C, H, W]`` in [0, 1]; not clipped."""
        return self.network(blurry)

    def restore(self, blurry: Tensor) -> Tensor:
        """Return sharp pictures of the shape and range of ``blurry``."""
        check_image(blurry, "blurry")
        return self(blurry).float().clamp(0, 1)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = psnr_loss(self(batch["blurry"]), batch["sharp"], self.floor)
        size = len(batch["blurry"])
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)
        self.log("train/loss_epoch", loss.detach(), on_step=False, on_epoch=True, sync_dist=True, batch_size=size)
        return loss

    def measure(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Restore a batch, and measure the blurry input against the sharp pictures (dB)."""
        return self.restore(batch["blurry"]), {"blurry_psnr": picture_psnr(batch["blurry"], batch["sharp"])}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = self.optimizer(self.parameters())
        if self.scheduler is None:
            return optimizer
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": self.scheduler(optimizer), "interval": self.scheduler_interval},
        }
