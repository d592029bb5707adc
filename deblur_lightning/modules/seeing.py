"""Train one network to restore photos and to tell the motion of each of their places."""

from pathlib import Path
from typing import Literal, cast

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import DirectDeblurrer, find_checkpoint
from deblur_lightning.losses import cell_divergence, psnr_loss
from deblur_lightning.losses.factors import check_factor
from deblur_lightning.modules.direct_weights import direct_weights
from deblur_lightning.modules.regression import RegressionModule
from deblur_lightning.modules.replay import Replay
from deblur_lightning.networks import SeeingNAFNet
from deblur_lightning.networks.cells import CELL, whole_sides


class SeeingModule(RegressionModule):
    """Train a `SeeingNAFNet` by the PSNR loss and `cell_divergence`; batches bring their motion fields.

    Args:
        deblurrer: its generator is trained.
        direct: checkpoint of the `DirectDeblurrer` whose `FoldedNAFNet` it begins with, or a bundled one's name; None
            begins from random weights, or from the checkpoint that training goes on from.
        floor: see `psnr_loss`.
        seeing: what a nat of divergence counts, in dB.
        replayed: how many batches from before each step sees again beside its own, turned and mirrored anew: where
            samples are made more slowly than the network learns. A resumed run begins to collect them anew.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.

    Raises:
        ValueError: a deblurrer with another network, a direct network that does not fit, or a number out of range.
        FileNotFoundError: no such checkpoint.
    """

    learns_from = ("sharp", "field")

    def __init__(
        self,
        deblurrer: DirectDeblurrer,
        direct: Path | None = None,
        floor: float = 1e-3,
        seeing: float = 1.0,
        replayed: int = 0,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        if not isinstance(deblurrer.generator, SeeingNAFNet):
            raise ValueError(
                f"generator is {type(deblurrer.generator).__name__}, which tells no motion. Pass a SeeingNAFNet."
            )
        check_factor("seeing", seeing)
        if direct is not None:
            begin_with(deblurrer.generator, find_checkpoint(direct))
        super().__init__(deblurrer, floor, optimizer, scheduler, scheduler_interval)
        self.keep_recipe(floor=floor, seeing=seeing, replayed=replayed, scheduler_interval=scheduler_interval)
        self.seeing, self.replay = seeing, Replay(replayed)

    def check_learnable(self, batch: Batch) -> None:
        super().check_learnable(batch)
        sides, told = list(batch["blurry"].shape[-2:]), list(batch["field"].coefficients.shape[-2:])
        if any(side % CELL for side in sides):
            raise ValueError(
                f"crops are {sides[0]} x {sides[1]}, but the network tells cells of {CELL} pixels. "
                f"Pass crop_size {whole_sides(min(sides))}."
            )
        if told not in (sides, [side // CELL for side in sides]):
            raise ValueError(
                f"fields are {told[0]} x {told[1]} for crops of {sides[0]} x {sides[1]}, but they are of pixels or of "
                f"cells of {CELL}. Pass CellFieldDataModule or MotionFieldDataModule."
            )

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        parts = [batch, *self.replay.turned_ones(batch)]
        blurry, sharp = (torch.cat([part[name] for part in parts]) for name in ("blurry", "sharp"))
        restored, told = cast(SeeingNAFNet, self.deblurrer.generator).both(blurry)
        restoring = psnr_loss(restored, sharp, self.floor)
        cell = CELL if batch["field"].coefficients.shape[-2:] == blurry.shape[-2:] else 1
        each = zip(parts, told.split([len(part["blurry"]) for part in parts]), strict=True)
        seeing = torch.stack([cell_divergence(own, part["field"], cell) for part, own in each]).mean()
        size = len(batch["name"])
        for name, part in (("restoring", restoring), ("seeing", seeing)):
            self.log(f"train/{name}", part.detach(), on_step=False, on_epoch=True, sync_dist=True, batch_size=size)
        loss = restoring + self.seeing * seeing
        self.log_loss(loss, batch)
        return loss


def begin_with(network: SeeingNAFNet, path: Path) -> None:
    """Give a network the weights of a trained `FoldedNAFNet`.

    Raises:
        ValueError: the file is of another network.
    """
    weights = direct_weights(path)
    try:
        network.begin_with(
            {name.removeprefix("inner."): one for name, one in weights.items() if name.startswith("inner.")}
        )
    except RuntimeError as error:
        raise ValueError(f"{path} holds another network than the trunk's. Pass a FoldedNAFNet's.") from error
