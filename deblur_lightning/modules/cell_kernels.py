"""Train a network that sees the motion of each cell of a photo by itself."""

from pathlib import Path
from typing import Literal, cast

from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import MotionDeblurrer
from deblur_lightning.losses import cell_divergence
from deblur_lightning.modules.restoration import RestorationModule
from deblur_lightning.modules.schedule import scheduled
from deblur_lightning.modules.trunk import begin_with
from deblur_lightning.networks import CellKernelNetwork
from deblur_lightning.networks.cell_kernels import CELL


class CellKernelModule(RestorationModule):
    """Train the `CellKernelNetwork` of a deblurrer by `cell_divergence`; batches bring their motion fields.

    Validation restores by the deblurrer, and scores the field that the network alone tells.

    Args:
        deblurrer: its network is trained; nothing else is.
        direct: checkpoint of the `DirectDeblurrer` whose `FoldedNAFNet` the trunk begins with, or a bundled one's name;
            None begins from random weights, or from the checkpoint that training goes on from.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.

    Raises:
        ValueError: a deblurrer with another network, or a direct network that does not fit.
        FileNotFoundError: no such checkpoint.
    """

    deblurrer: MotionDeblurrer

    def __init__(
        self,
        deblurrer: MotionDeblurrer,
        direct: Path | None = None,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        if not isinstance(deblurrer.network, CellKernelNetwork):
            raise ValueError(
                f"network is {type(deblurrer.network).__name__}, which tells no cells. Pass a CellKernelNetwork."
            )
        if direct is not None:
            begin_with(deblurrer.network.load_trunk, direct)
        super().__init__(deblurrer)
        self.keep_recipe(scheduler_interval=scheduler_interval)
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval

    @property
    def learning(self) -> CellKernelNetwork:
        """What is trained."""
        return cast(CellKernelNetwork, self.deblurrer.network)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = cell_divergence(self.learning.log_kernels(batch["blurry"]), batch["field"], CELL)
        self.log_loss(loss, batch)
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return scheduled(self.optimizer(self.learning.parameters()), self.scheduler, self.scheduler_interval)
