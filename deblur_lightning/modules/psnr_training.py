"""PSNRTraining: what all trainings by the PSNR loss share."""

import math
from abc import abstractmethod
from typing import Literal

from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import Deblurrer
from deblur_lightning.losses import psnr_loss
from deblur_lightning.modules.restoration import RestorationModule
from deblur_lightning.modules.schedule import scheduled


class PSNRTraining(RestorationModule):
    """Train a part of a deblurrer by the PSNR loss of what comes out; a subclass says which part, and what comes out.

    Args:
        deblurrer: has the part that learns.
        floor: see `psnr_loss`.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.

    Raises:
        ValueError: a floor that is negative or not finite.
    """

    def __init__(
        self,
        deblurrer: Deblurrer,
        floor: float = 2e-4,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        if not 0 <= floor < math.inf:
            raise ValueError(f"floor is {floor}, but it is added to squared errors. Pass 0 or more.")
        super().__init__(deblurrer)
        self.keep_recipe(floor=floor, scheduler_interval=scheduler_interval)
        self.floor, self.optimizer = floor, optimizer
        self.scheduler, self.scheduler_interval = scheduler, scheduler_interval

    @property
    @abstractmethod
    def learning(self) -> nn.Module:
        """The part that learns; weights of it that take no gradients stay."""

    @abstractmethod
    def restored(self, batch: Batch) -> Tensor:
        """Return what the part makes of a batch, ``[N, C, H, W]``, display values, with gradients."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = psnr_loss(self.restored(batch), batch["sharp"], self.floor)
        self.log_loss(loss, batch)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        learning = [weights for weights in self.learning.parameters() if weights.requires_grad]
        return scheduled(self.optimizer(learning), self.scheduler, self.scheduler_interval)
