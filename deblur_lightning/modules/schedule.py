"""An optimiser and the schedule of its learning rate, as Lightning takes both."""

from pytorch_lightning import Trainer
from pytorch_lightning.cli import LRSchedulerCallable
from pytorch_lightning.utilities.types import LRSchedulerConfigType, OptimizerLRScheduler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau


def scheduled(optimizer: Optimizer, scheduler: LRSchedulerCallable | None, interval: str) -> OptimizerLRScheduler:
    """Return what `configure_optimizers` is to return.

    Args:
        optimizer: steps the weights.
        scheduler: builds the schedule, if there is one.
        interval: whether it counts epochs or steps. A `ReduceLROnPlateau` counts epochs, and PyTorch's watches
            ``val/psnr``.

    Raises:
        ValueError: a `ReduceLROnPlateau` that waits for a figure to fall which should rise.
    """
    if scheduler is None:
        return optimizer
    built = scheduler(optimizer)
    told: LRSchedulerConfigType = {"scheduler": built, "interval": interval}
    if isinstance(built, ReduceLROnPlateau):
        watched = getattr(built, "monitor", "val/psnr")  # Lightning's names it
        if built.mode == "min" and watched.rpartition("/")[2].startswith(("psnr", "ssim", "cw_ssim", "mssim")):
            raise ValueError(
                f"ReduceLROnPlateau waits for {watched} to fall, but it rises as pictures get better. Pass mode max."
            )
        told |= {"interval": "epoch", "monitor": watched, "strict": False}  # not each epoch has a validation
    return {"optimizer": optimizer, "lr_scheduler": told}


def check_resumed_end(trainer: Trainer) -> None:
    """Raise where a resumed training is longer than the checkpoint's schedule, such as `OneCycleLR`, which has an end.

    Raises:
        ValueError: it is.
    """
    for config in trainer.lr_scheduler_configs if trainer.ckpt_path else ():
        end, steps = getattr(config.scheduler, "total_steps", None), trainer.estimated_stepping_batches
        if end is not None and config.interval == "step" and steps > end:
            raise ValueError(
                f"the learning rate's schedule comes from the checkpoint and ends after {end} steps, but this training "
                f"takes {steps}. Pass --trainer.max_steps {end}, or go on from weights alone, which "
                "`deblur import-weights` makes."
            )
