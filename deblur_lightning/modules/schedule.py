"""An optimiser and the schedule of its learning rate, as Lightning takes both."""

from pytorch_lightning.cli import LRSchedulerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch.optim import Optimizer


def scheduled(optimizer: Optimizer, scheduler: LRSchedulerCallable | None, interval: str) -> OptimizerLRScheduler:
    """Return what `configure_optimizers` is to return.

    Args:
        optimizer: steps the weights.
        scheduler: builds the schedule, if there is one.
        interval: whether it counts epochs or steps.
    """
    if scheduler is None:
        return optimizer
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler(optimizer), "interval": interval}}
