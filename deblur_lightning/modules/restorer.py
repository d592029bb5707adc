"""Train a restorer that is given a motion field, right or not, by regression on pairs."""

from pathlib import Path
from typing import Literal, cast

from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch, check_parts
from deblur_lightning.deblurring import MotionDeblurrer, UnrolledRestorer, find_checkpoint
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.exposure import Exposure
from deblur_lightning.metrics import RestorationMetrics, picture_psnr
from deblur_lightning.modules.direct_weights import direct_weights
from deblur_lightning.modules.psnr_training import PSNRTraining


class RestorerModule(PSNRTraining):
    """Train the restorer of a deblurrer by the PSNR loss; batches bring the field to restore by.

    Validation restores by the batches' fields too, and measures none. Tests and predictions take the whole deblurrer's
    way.

    Args:
        deblurrer: its restorer, an `UnrolledRestorer` or one within `Agreed`, is trained but for the direct network in
            it; nothing else is.
        direct: checkpoint that this network is taken from, of a `DirectDeblurrer` or of a restorer with one, or a
            bundled one's name; None leaves its weights to the checkpoint that training goes on from.
        floor: see `psnr_loss`.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.

    Raises:
        ValueError: a restorer that learns nothing, or a direct network of another kind than it has.
        FileNotFoundError: no such checkpoint.
    """

    deblurrer: MotionDeblurrer
    learns_from = ("sharp", "field")

    def __init__(
        self,
        deblurrer: MotionDeblurrer,
        direct: Path | None = None,
        floor: float = 2e-4,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "step",
    ) -> None:
        learning = unjudged(deblurrer.restorer)
        if not isinstance(learning, UnrolledRestorer):
            raise ValueError(f"restorer is {type(learning).__name__}, which learns nothing. Pass an UnrolledRestorer.")
        if direct is not None:
            load_direct(learning, find_checkpoint(direct))
        super().__init__(deblurrer, floor, optimizer, scheduler, scheduler_interval)
        self.val_metrics = RestorationMetrics(("blurry_psnr",), quantize=True)

    @property
    def learning(self) -> UnrolledRestorer:
        """What is trained."""
        return cast(UnrolledRestorer, unjudged(self.deblurrer.restorer))

    def restored(self, batch: Batch) -> Tensor:
        return self.learning.restore(batch["blurry"], batch["field"], Exposure(), batch.get("start"))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        check_parts(batch, "blurry", "name")
        self.check_learnable(batch)
        blurry = batch["blurry"]
        restored = self.learning(blurry, batch["field"], Exposure())
        before = picture_psnr(blurry, batch["sharp"])
        self.val_metrics.update(restored, batch["sharp"], batch["name"], blurry_psnr=before)


def load_direct(restorer: UnrolledRestorer, path: Path) -> None:
    """Give a restorer's direct network the weights of a trained `DirectDeblurrer`.

    Raises:
        ValueError: it has none, or the file is of another network.
    """
    if restorer.direct is None:
        raise ValueError(f"direct is {path}, but the restorer has no direct network. Leave it out, or give it one.")
    weights = direct_weights(path)
    try:
        restorer.direct.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f"{path} holds another network than the restorer's {type(restorer.direct).__name__}. Pass its own."
        ) from error
