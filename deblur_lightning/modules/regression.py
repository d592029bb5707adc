"""Train a network that goes straight from blurry to sharp, by regression on pairs: bring your own."""

from typing import Literal

from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.losses import psnr_loss
from deblur_lightning.modules.restoration import RestorationModule
from deblur_lightning.modules.schedule import scheduled


class RegressionModule(RestorationModule):
    """Train any direct network on pairs by the PSNR loss; validation scores what the network alone does.

    Args:
        deblurrer: its generator is trained: in YAML a ``class_path``, as ``deblur_lightning.networks.NAFNet`` or a
            class of yours that maps pictures ``[N, 3, H, W]`` to restored ones.
        floor: see `psnr_loss`.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.
    """

    deblurrer: DirectDeblurrer

    def __init__(
        self,
        deblurrer: DirectDeblurrer,
        floor: float = 1e-5,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        super().__init__(deblurrer)
        self.keep_recipe(floor=floor, scheduler_interval=scheduler_interval)
        self.floor, self.optimizer = floor, optimizer
        self.scheduler, self.scheduler_interval = scheduler, scheduler_interval

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, size = psnr_loss(self.deblurrer.generate(batch["blurry"]), batch["sharp"], self.floor), len(batch["name"])
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)
        self.log("train/loss_epoch", loss.detach(), on_step=False, on_epoch=True, sync_dist=True, batch_size=size)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return scheduled(self.optimizer(self.parameters()), self.scheduler, self.scheduler_interval)
