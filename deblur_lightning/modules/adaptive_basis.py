"""The adaptive basis network as a LightningModule (Carbajal et al. 2021, arXiv 2102.01026)."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Adam

from deblur_lightning.batch import Batch
from deblur_lightning.estimation import SOFTNESS, dark_beyond, refine_field, richest_window, with_fade, without_fade
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Sides
from deblur_lightning.field import KernelField, delta_field, stack_fields
from deblur_lightning.image import check_image
from deblur_lightning.losses import (
    kernel_distance,
    kernel_loss,
    reblur_loss,
    reversible_cross_entropy,
    sampled_cross_entropy,
)
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.modules.evaluation import RestorationModule
from deblur_lightning.networks import AdaptiveBasisNetwork, PathNetwork, path_features, reflections
from deblur_lightning.physics import blur, check_gamma, saturate, to_display, to_linear
from deblur_lightning.restoration import richardson_lucy

UNIFORM = 0.45  # softness in pixels of kernels where a program blurred: it moves all of a picture alike


class _Shown(NamedTuple):
    """Pictures that were blurred alike."""

    pictures: Tensor  # display values of the module's gamma
    power: float = 1.0  # that made them such
    dark: Sides = NO_SIDE
    softness: float = SOFTNESS  # of their kernels


class AdaptiveBasisModule(RestorationModule):
    """See each pixel's motion, then undo it.

    Training adds the paper's two losses, each with its own weight. What the last three groups of arguments turn
    on beyond the paper is off by default.

    Args:
        num_basis: number B of basis kernels.
        kernel_size: side K of the kernels, in pixels: 9, 17, 33 or 65.
        width: channels of the network's first stage; published 64.
        normalize: group normalisation in the encoder (ours).
        relative: see light relative to the picture's mean (ours).
        correlations: hand the kernel decoder the picture's edge correlations (ours).
        fold: side of the squares of pixels that enter the network as one (ours).
        deepest: limit of the stages' channels, as a multiple of ``width``; published 16.
        gray_stem: whether gray pictures have a first convolution of their own, as published.
        path_width: channels of a second network, `PathNetwork` (ours), whose guess of each motion's kernel, or its
            reverse, is a second start for ``refine``; 0 for none.
        gamma: display to linear light; 1.0 for pictures that are linear already, as Köhler's.
        kernel_weight: factor of the kernel loss.
        reblur_weight: factor of the reblur loss.
        l1_from_epoch: first epoch whose kernel loss is L1; before it, and always if None, L2. The authors' file
            names tell of 300.
        cross_entropy_weight: factor of a cross-entropy between true and predicted kernels (ours); leaves the
            plateau of the mean kernel sooner.
        cross_entropy_samples: pixels a picture at which it is taken.
        path_weight: factor of the path network's own loss, a cross-entropy that forgives reversed kernels (ours). With
            all other factors at 0 that network alone is trained.
        method: Richardson-Lucy's update: basic, saturated or combined.
        iterations: Richardson-Lucy's; few while the field is uncertain.
        refine: fit the field to the picture before it restores: blind deconvolution that starts from the network's
            field (and its path) and stays near, see `refine_field` (ours). Everywhere but in training steps.
        still: largest share of light that the picture's mean kernel may leave on one pixel; where it leaves more,
            hardly anything moved, and the picture is returned as it is. 1 restores every picture.
        path_still: the same for the path network's guess, which tells pictures that are soft from moved ones.
        dark_gamma: display to linear light of pictures that fade to black at their borders (`dark_beyond`; ours): a
            program blurred them, mostly display values, that is 1.0, with nothing beyond the borders. None does not
            look for such pictures.
        optimizer: builds the optimiser.
        scheduler: builds the schedule of the learning rate.
        scheduler_interval: whether the schedule counts epochs or steps.
    """

    sees_motion = True

    def __init__(
        self,
        num_basis: int = 25,
        kernel_size: int = 33,
        width: int = 64,
        normalize: bool = False,
        relative: bool = False,
        correlations: bool = False,
        fold: int = 1,
        deepest: int = 16,
        gray_stem: bool = True,
        path_width: int = 0,
        gamma: float = 2.2,
        kernel_weight: float = 1.0,
        reblur_weight: float = 1.0,
        l1_from_epoch: int | None = None,
        cross_entropy_weight: float = 0.0,
        cross_entropy_samples: int = 256,
        path_weight: float = 1.0,
        method: Literal["basic", "saturated", "combined"] = "basic",
        iterations: int = 30,
        refine: bool = False,
        still: float = 1.0,
        path_still: float = 1.0,
        dark_gamma: float | None = None,
        optimizer: OptimizerCallable = Adam,
        scheduler: LRSchedulerCallable | None = None,
        scheduler_interval: Literal["epoch", "step"] = "epoch",
    ) -> None:
        check_gamma(gamma)
        if dark_gamma is not None:
            check_gamma(dark_gamma, "dark_gamma")
        super().__init__(further=("blurry_psnr", "reblur_psnr", "kernel_l2", "still_l2"))
        self.save_hyperparameters(ignore=["optimizer", "scheduler"])  # callables would need pickle to load
        self.network = AdaptiveBasisNetwork(
            num_basis, kernel_size, width, normalize, relative, correlations, fold, deepest, gray_stem
        )
        self.path_network = PathNetwork(kernel_size, path_width) if path_width else None
        self.gamma, self.dark_gamma, self.method, self.iterations = gamma, dark_gamma, method, iterations
        self.refine, self.still, self.path_still = refine, still, path_still
        self.kernel_weight, self.reblur_weight, self.l1_from_epoch = kernel_weight, reblur_weight, l1_from_epoch
        self.cross_entropy_weight, self.cross_entropy_samples = cross_entropy_weight, cross_entropy_samples
        self.path_weight = path_weight
        self.optimizer, self.scheduler, self.scheduler_interval = optimizer, scheduler, scheduler_interval

    def forward(self, blurry: Tensor) -> KernelField:
        """Estimate the field of pictures ``[N, 3 or 1, H, W]`` in [0, 1], display values, at a glance."""
        return self.network(to_linear(blurry, self.gamma) - 0.5)

    def field(self, blurry: Tensor) -> KernelField:
        check_image(blurry, "blurry")
        return stack_fields([self._seen(shown)[0] for shown in self._shown(blurry, None)])

    def restore(self, blurry: Tensor) -> Tensor:
        """Return sharp pictures of the shape and range of ``blurry``."""
        return self.see(blurry)[0]

    def see(self, blurry: Tensor, sides: Sides | None = None) -> tuple[Tensor, KernelField]:
        check_image(blurry, "blurry")
        sharp, fields, moved = [], [], []
        for shown in self._shown(blurry, sides):
            field, motion = self._seen(shown)
            pictures, dark = shown.pictures, shown.dark
            display = richardson_lucy(pictures, field, self.iterations, gamma=self.gamma, method=self.method, dark=dark)
            sharp.append(display ** (1 / shown.power))
            fields.append(field)
            moved.append(motion)
        restored = torch.cat(sharp)
        return torch.where(torch.cat(moved).view(-1, 1, 1, 1), restored, blurry.to(restored)), stack_fields(fields)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        losses, size = self._losses(batch), len(batch["name"])
        total = torch.stack([weight * loss for loss, weight in losses.values()]).sum()
        logged = {f"train/{name}": loss.detach() for name, (loss, _) in losses.items()} | {"train/loss": total.detach()}
        for name, loss in logged.items():  # each twice: Lightning's own pair would call the first NAME_step
            self.log(name, loss, prog_bar=name == "train/loss", batch_size=size)
            self.log(f"{name}_epoch", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=size)
        return total

    def measure(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Restore a batch; measure the blurry input, the reblurred sharp picture and, if known, the field.

        Returns:
            Restored pictures; PSNR of ``blurry`` and of the sharp picture blurred by the estimated field against
            ``blurry`` (dB), and the squared distance of the estimated and of no field to the true one, a pixel
            (NaN where none is known). The logged ``kernel_error`` is the quotient of both means.
        """
        blurry, sharp = batch["blurry"], batch["sharp"]
        restored, field = self.see(blurry)
        reblurred = to_display(saturate(blur(to_linear(sharp, self.gamma), field)), self.gamma)
        ours = nothing = blurry.new_full((len(blurry),), torch.nan)
        if "field" in batch:
            true, pixels = batch["field"], blurry[0, 0].numel()
            ours = kernel_distance(field, true) / pixels
            nothing = kernel_distance(delta_field(blurry, true.kernel_size), true) / pixels
        return restored, {
            "blurry_psnr": picture_psnr(blurry, sharp),
            "reblur_psnr": picture_psnr(reblurred.clamp(0, 1), blurry),
            "kernel_l2": ours,
            "still_l2": nothing,
        }

    def derive(self, means: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add the kernel error: the field's squared distance to the truth, over that of no blur at all."""
        return {"kernel_error": means["kernel_l2"] / means["still_l2"]}

    def configure_optimizers(self) -> OptimizerLRScheduler:
        if not self._asks_field() and (self.path_network is None or not self.path_weight):
            raise ValueError(
                "every loss has factor 0, but a training needs one. Set kernel_weight, or another, above 0."
            )
        optimizer = self.optimizer(self.parameters())
        if self.scheduler is None:
            return optimizer
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": self.scheduler(optimizer), "interval": self.scheduler_interval},
        }

    def _losses(self, batch: Batch) -> dict[str, tuple[Tensor, float]]:
        """Compute each loss that counts, with its factor; run no network that none of them asks."""
        losses = self._field_losses(batch) if self._asks_field() else {}
        if self.path_network is not None and self.path_weight:
            features = path_features(to_linear(batch["blurry"], self.gamma), self.path_network.kernel_size)
            features, kernels = reflections(features, batch["field"].mean_kernel())
            losses["path_loss"] = reversible_cross_entropy(self.path_network(features), kernels), self.path_weight
        return losses

    def _asks_field(self) -> bool:
        return any((self.kernel_weight, self.reblur_weight, self.cross_entropy_weight))

    def _field_losses(self, batch: Batch) -> dict[str, tuple[Tensor, float]]:
        field, target, weights = self(batch["blurry"]), batch["field"], batch["weights"]
        losses: dict[str, tuple[Tensor, float]] = {}
        if self.kernel_weight:
            late = self.l1_from_epoch is not None and self.current_epoch >= self.l1_from_epoch
            losses["kernel_loss"] = kernel_loss(field, target, weights, p=1 if late else 2), self.kernel_weight
        if self.reblur_weight:
            scene = batch.get("scene", batch["sharp"])
            reblur = reblur_loss(batch["blurry"], scene, field, weights, gamma=self.gamma)
            losses["reblur_loss"] = reblur, self.reblur_weight
        if self.cross_entropy_weight:
            pixels = torch.Generator(self.device).manual_seed(self.global_step)  # so that a resumed run draws the same
            cross_entropy = sampled_cross_entropy(field, target, self.cross_entropy_samples, pixels)
            losses["cross_entropy"] = cross_entropy, self.cross_entropy_weight
        return losses

    def _shown(self, blurry: Tensor, sides: Sides | None) -> Iterator[_Shown]:
        """Part a batch by how its pictures were blurred; those that fade come one by one."""
        if self.dark_gamma is None:
            yield _Shown(blurry)
            return
        fading = dark_beyond(blurry) if sides is None else torch.ones(len(blurry), dtype=torch.bool)
        if not fading.any():
            yield _Shown(blurry)
            return
        power, dark = self.dark_gamma / self.gamma, EVERY_SIDE if sides is None else sides
        for one, fades in zip(blurry.split(1), fading, strict=True):
            yield _Shown(one**power, power, dark, UNIFORM) if fades else _Shown(one)

    def _seen(self, shown: _Shown) -> tuple[KernelField, Tensor]:
        """Estimate the field, refined if it shall be, and which pictures ``[N]`` moved at all."""
        blurry = without_fade(shown.pictures, shown.dark)
        field = self(blurry)
        moved = field.mean_kernel().amax(dim=(1, 2)) <= self.still
        guess = None if self.path_network is None else self.path_network.guess
        if guess is not None and self.path_still < 1 and moved.any():
            light = to_linear(blurry, self.gamma).mean(dim=1)
            paths = torch.stack([guess(plane[richest_window(plane)]) for plane in light])
            moved = moved & (paths.amax(dim=(1, 2)) <= self.path_still)
        if self.refine and moved.any():
            softness = shown.softness
            field = refine_field(blurry, field, gamma=self.gamma, still=self.still, softness=softness, guess=guess)
        return with_fade(field, shown.dark), moved
