"""Train a network that sees each pixel's motion (Carbajal et al. 2021, arXiv 2102.01026)."""

from dataclasses import asdict, dataclass
from typing import Literal

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.deblurring import MotionDeblurrer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.losses import kernel_loss, kernel_weights, reblur_loss, sampled_cross_entropy
from deblur_lightning.losses.factors import check_factor
from deblur_lightning.modules.restoration import RestorationModule
from deblur_lightning.modules.schedule import scheduled


@dataclass(frozen=True)
class FieldLosses:
    """What a field network is trained on; a factor of 0 leaves a loss out.

    Attributes:
        kernel: factor of the paper's kernel loss.
        reblur: factor of the paper's reblur loss.
        l1_from_epoch: first epoch whose kernel loss is L1; before it, and always if None, L2. The authors' file
            names tell of 300.
        cross_entropy: factor of a cross-entropy between true and predicted kernels (ours); leaves the plateau of the
            mean kernel sooner.
        samples: pixels a picture at which it is taken.

    Raises:
        ValueError: every factor is 0, one is negative or not finite, no samples, or an epoch before the first.
    """

    kernel: float = 1.0
    reblur: float = 1.0
    l1_from_epoch: int | None = None
    cross_entropy: float = 0.0
    samples: int = 256

    def __post_init__(self) -> None:
        for name in ("kernel", "reblur", "cross_entropy"):
            check_factor(name, getattr(self, name))
        if self.samples < 1:
            raise ValueError(f"samples is {self.samples}, but a cross-entropy needs a pixel. Pass 1 or more.")
        if self.l1_from_epoch is not None and self.l1_from_epoch < 0:
            raise ValueError(f"l1_from_epoch is {self.l1_from_epoch}, but epochs count from 0. Pass 0 or more.")
        if not (self.kernel or self.reblur or self.cross_entropy):
            raise ValueError("every loss has factor 0, but a training needs one. Set kernel, or another, above 0.")


class AdaptiveBasisModule(RestorationModule):
    """Train the network of a `MotionDeblurrer` on known fields.

    Training steps look at what the network sees at a glance; validation and test restore by the whole chain.

    Args:
        deblurrer: the published network and Richardson-Lucy if None.
        losses: the paper's two, each with factor 1, if None.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.
    """

    deblurrer: MotionDeblurrer
    learns_from = ("sharp", "field")

    def __init__(
        self,
        deblurrer: MotionDeblurrer | None = None,
        losses: FieldLosses | None = None,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
    ) -> None:
        super().__init__(MotionDeblurrer() if deblurrer is None else deblurrer)
        self.losses = FieldLosses() if losses is None else losses
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval
        self.keep_recipe(losses=asdict(self.losses), scheduler_interval=scheduler_interval)

    @property
    def gamma(self) -> float:
        """Display to linear light of training pictures."""
        return self.deblurrer.exposure.gamma

    def forward(self, blurry: Tensor) -> KernelField:
        """Estimate the field of pictures ``[N, 3 or 1, H, W]`` in [0, 1], display values, at a glance."""
        return self.deblurrer.glance(blurry, Exposure(self.gamma))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        losses, size = self._losses(batch), len(batch["name"])
        total = torch.stack([weight * loss for loss, weight in losses.values()]).sum()
        logged = {f"train/{name}": loss.detach() for name, (loss, _) in losses.items()} | {"train/loss": total.detach()}
        for name, loss in logged.items():  # each twice: Lightning's own pair would call the first NAME_step
            self.log(name, loss, prog_bar=name == "train/loss", batch_size=size)
            self.log(f"{name}_epoch", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=size)
        return total

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return scheduled(self.optimizer(self.deblurrer.network.parameters()), self.scheduler, self.scheduler_interval)

    def _losses(self, batch: Batch) -> dict[str, tuple[Tensor, float]]:
        """Compute each loss that counts, with its factor."""
        field, blurry = self(batch["blurry"]), batch["blurry"]
        kind = torch.promote_types(field.basis.dtype, blurry.dtype)  # 64-true has two
        field, target, blurry = field.to(dtype=kind), batch["field"].to(dtype=kind), blurry.to(kind)
        weights = batch["weights"].to(kind) if "weights" in batch else kernel_weights(target)
        factors, losses = self.losses, dict[str, tuple[Tensor, float]]()
        if factors.kernel:
            late = factors.l1_from_epoch is not None and self.current_epoch >= factors.l1_from_epoch
            losses["kernel_loss"] = kernel_loss(field, target, weights, p=1 if late else 2), factors.kernel
        if factors.reblur:
            scene = batch.get("scene", batch["sharp"]).to(kind)
            losses["reblur_loss"] = reblur_loss(blurry, scene, field, weights, gamma=self.gamma), factors.reblur
        if factors.cross_entropy:
            pixels = torch.Generator(self.device).manual_seed(self.global_step)  # so that a resumed run draws the same
            cross_entropy = sampled_cross_entropy(field, target, factors.samples, pixels)
            losses["cross_entropy"] = cross_entropy, factors.cross_entropy
        return losses
