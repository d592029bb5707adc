"""An optimiser and the schedule of its learning rate, as Lightning takes both."""

from pytorch_lightning.cli import LRSchedulerCallable
from pytorch_lightning.utilities.types import LRSchedulerConfigType, OptimizerLRScheduler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau


def scheduled(optimizer: Optimizer, scheduler: LRSchedulerCallable | None, interval: str) -> OptimizerLRScheduler:
    """Return what `configure_optimizers` is to return.

    Args:
        optimizer: steps the weights.
        scheduler: builds the schedule, if there is one.
        interval: whether it counts epochs or steps. `ReduceLROnPlateau` of PyTorch watches ``val/psnr``.
    """
    if scheduler is None:
        return optimizer
    built = scheduler(optimizer)
    told: LRSchedulerConfigType = {"scheduler": built, "interval": interval}
    if isinstance(built, ReduceLROnPlateau):  # Lightning's names what it watches
        told["monitor"] = getattr(built, "monitor", "val/psnr")
    return {"optimizer": optimizer, "lr_scheduler": told}
