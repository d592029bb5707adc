"""Train a network that goes straight from blurry to sharp, by regression on pairs: bring your own."""

from typing import Literal

from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.modules.psnr_training import PSNRTraining


class RegressionModule(PSNRTraining):
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
        super().__init__(deblurrer, floor, optimizer, scheduler, scheduler_interval)

    @property
    def learning(self) -> DirectDeblurrer:
        return self.deblurrer

    def restored(self, batch: Batch) -> Tensor:
        return self.deblurrer.generate(batch["blurry"])
