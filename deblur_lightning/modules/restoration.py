"""RestorationModule: any deblurrer, restored, compared, averaged, logged."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor

from deblur_lightning.batch import Batch, check_batch, check_parts
from deblur_lightning.deblurring import Deblurred, Deblurrer, describe, told_plainly
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.image import check_image
from deblur_lightning.losses import kernel_distance
from deblur_lightning.metrics import KohlerScore, RestorationMetrics, picture_psnr
from deblur_lightning.modules.schedule import check_resumed_end
from deblur_lightning.physics import blur, saturate, to_display, to_linear

MOTION = ("reblur_psnr", "kernel_l2", "still_l2")
"""What is measured where a deblurrer sees motion."""


class RestorationModule(LightningModule):
    """Test any deblurrer, and predict with it; trainings are its subclasses.

    Logs ``val/NAME`` and ``test/NAME``: PSNR (dB), SSIM with reflected borders and over the valid region, in tests
    also CW-SSIM, and the figures of `measure`. After a test
    ``test_rows`` holds each picture's figures by name, in the order of ``test_columns``, and ``restoring_seconds`` the
    time that restoring took, without reading and scoring; of several devices, on the one that took longest.

    Batches with ``frames`` are tested by Köhler's official protocol instead: ``test/psnr`` and ``test/mssim``, the best
    over frames, and no figure of `measure`.

    Args:
        deblurrer: restores; what it restores is rounded to 8 bits before scoring, as benchmarks on files do.
    """

    learns_from: tuple[str, ...] = ("sharp",)

    def __init__(self, deblurrer: Deblurrer) -> None:
        super().__init__()
        self.deblurrer = deblurrer
        self.untold: ValueError | None = None
        further = ("blurry_psnr", *(MOTION if deblurrer.undoes_motion else ()))
        self.val_metrics = RestorationMetrics(further, quantize=True)
        self.test_metrics = RestorationMetrics(further, quantize=True, wavelets=True)
        self.kohler_scores = KohlerScore()
        self.test_rows: dict[str, tuple[float, ...]] = {}
        self.test_columns: tuple[str, ...] = self.test_metrics.columns
        self.restoring_seconds = 0.0
        self.keep_recipe()

    def keep_recipe(self, **settings: object) -> None:
        """Have loggers and checkpoints tell what the deblurrer is built from, and how it is trained.

        Args:
            **settings: what else they tell: numbers, text and parts; a part that cannot be described is left out.
        """
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        built = {"_class_path": kind, "_instantiator": "pytorch_lightning.cli.instantiate_module"}
        try:
            told: dict[str, object] = {"deblurrer": describe(self.deblurrer)}
        except ValueError as error:  # it can be tested and predicted with, but not trained
            self.untold = error
            return
        for name, value in settings.items():
            with suppress(ValueError):
                told[name] = told_plainly(value)
        self.save_hyperparameters(told | built)

    def setup(self, stage: str) -> None:
        if stage == "fit" and self.untold is not None:
            raise self.untold
        if stage in ("test", "validate") and self.trainer.precision in ("16-true", "bf16-true"):
            precision = str(self.trainer.precision)
            raise ValueError(
                f"precision is {precision}, which rounds the sharp pictures that are compared with too. "
                f"Pass {precision.replace('true', 'mixed')}."
            )
        if isinstance(self.trainer.strategy, DDPStrategy):  # colour leaves the gray stem unused, a GAN one of its two
            self.trainer.strategy._ddp_kwargs.setdefault("find_unused_parameters", True)

    def on_fit_start(self) -> None:
        least = [optimizer.defaults.get("eps", 1.0) for optimizer in self.trainer.optimizers]
        if self.trainer.precision == "16-true" and not torch.tensor(least, dtype=torch.float16).all():
            raise ValueError(
                "precision is 16-true, but Adam's smallest divisor is nothing in float16 and its steps become NaN. "
                "Pass bf16-true, bf16-mixed or 16-mixed."
            )

    @property
    def method(self) -> str:
        """What the method is called in tables and figures."""
        return self.deblurrer.method

    @property
    def between_steps(self) -> bool:
        """Tell whether every batch so far has reached the weights, so that a checkpoint here loses none."""
        return True

    def deblur(self, blurry: Tensor) -> Deblurred:
        """Restore pictures ``[N, 3 or 1, H, W]`` in [0, 1], display values; of each, the motion too if it is seen.

        Raises:
            ValueError: no pictures in [0, 1]; see `check_image`.
        """
        return self.deblurrer(blurry)

    def restore(self, blurry: Tensor) -> Tensor:
        """Return sharp pictures of the shape and range of ``blurry``.

        Raises:
            ValueError: no pictures in [0, 1]; see `check_image`.
        """
        return self.deblur(blurry).picture

    def measure(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Restore a batch; measure the blurry input and, where motion is undone, the field.

        Returns:
            Restored pictures; PSNR of ``blurry`` and of the sharp picture blurred by the estimated field against
            ``blurry`` (dB), and the squared distance of the estimated and of no field to the true one, a pixel
            (NaN where none is known). The logged ``kernel_error`` is the quotient of both means.

        Raises:
            ValueError: no pictures in [0, 1].
        """
        blurry, sharp = batch["blurry"], batch["sharp"]
        with self._timed(blurry.device):
            restored, field, _ = self.deblur(blurry)
        figures = {"blurry_psnr": picture_psnr(blurry, sharp)}
        if field is None or not self.deblurrer.undoes_motion:
            return restored, figures
        return restored, figures | self._motion_figures(batch, field)

    def derive(self, means: dict[str, Tensor]) -> dict[str, Tensor]:
        """Add figures that are made of means, as quotients are, not averaged themselves."""
        return {"kernel_error": means["kernel_l2"] / means["still_l2"]} if "still_l2" in means else {}

    def log_loss(self, loss: Tensor, batch: Batch) -> None:
        """Log ``train/loss`` of a step, and its mean over an epoch."""
        size = len(batch["name"])
        self.log("train/loss", loss.detach(), prog_bar=True, batch_size=size)
        self.log("train/loss_epoch", loss.detach(), on_step=False, on_epoch=True, sync_dist=True, batch_size=size)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        if batch_idx == 0:
            check_batch(batch)
            self.check_learnable(batch)

    def check_learnable(self, batch: Batch) -> None:
        """Raise unless a batch has what the module learns from.

        Raises:
            ValueError: it has not.
        """
        lacking = [name for name in self.learns_from if name not in batch]
        if lacking:
            fields = "data with motion fields, as MotionBlurDataModule's or SyntheticBlurDataModule's"
            raise ValueError(
                f"batches have no {' and no '.join(lacking)}, but {type(self).__name__} learns from it. "
                f"Pass {fields if 'field' in lacking else 'pairs, blurry and sharp'}."
            )

    def on_train_start(self) -> None:
        """Raise where a checkpoint's state would end training amid an epoch: another optimiser's, or a schedule's."""
        check_resumed_end(self.trainer)
        for optimizer in self.trainer.optimizers:
            lacking = set(getattr(optimizer, "defaults", ())).difference(
                *(group.keys() for group in optimizer.param_groups)
            )
            if lacking:
                raise ValueError(
                    f"the checkpoint's optimiser has no {' and no '.join(sorted(lacking))}, but "
                    f"{type(optimizer).__name__} needs it. Pass the optimizer that the training began with, or go on "
                    "from weights alone, which `deblur import-weights` makes."
                )

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._score(batch, self.val_metrics)

    def on_test_start(self) -> None:
        self.restoring_seconds = 0.0

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Score a batch and return what was restored, for callbacks that save or show it.

        Raises:
            ValueError: no pictures in [0, 1], or restored ones of another size or with NaN.
        """
        if "frames" not in batch:
            return self._score(batch, self.test_metrics)
        check_parts(batch, "blurry", "frames", "name")
        check_image(batch["blurry"], "blurry")
        with self._timed(batch["blurry"].device):
            restored = self.restore(batch["blurry"])
        self.kohler_scores.update(restored, batch["frames"], batch["name"])
        return restored

    def predict_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> Tensor:
        check_parts(batch, "blurry")
        return self.restore(batch["blurry"])

    def on_validation_epoch_end(self) -> None:
        self._log_means("val", self.val_metrics)

    def on_test_epoch_end(self) -> None:
        metrics = self.kohler_scores if self.kohler_scores.update_called else self.test_metrics
        with metrics.sync_context(should_sync=self.trainer.world_size > 1):
            self.test_rows, self.test_columns = metrics.rows(), metrics.columns
        seconds = torch.tensor(self.restoring_seconds, device=self.device)
        self.restoring_seconds = float(self.trainer.strategy.reduce(seconds, reduce_op="max"))
        self._log_means("test", metrics)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take of a checkpoint what restores, whatever training it is of; what else this module has stays."""
        ours = self.state_dict()
        weights = checkpoint["state_dict"]
        restoring = {name: weight for name, weight in weights.items() if name.startswith("deblurrer.")}
        others = {name: weights.get(name, weight) for name, weight in ours.items() if not name.startswith("deblurrer.")}
        checkpoint["state_dict"] = restoring | others

    @contextmanager
    def _timed(self, device: torch.device) -> Iterator[None]:
        """Add what a block takes to the seconds of restoring; a GPU's work is waited for, before and after."""

        def now() -> float:
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            return time.monotonic()

        started = now()
        yield
        self.restoring_seconds += now() - started

    def _motion_figures(self, batch: Batch, field: KernelField) -> dict[str, Tensor]:
        blurry, sharps = batch["blurry"], batch["sharp"]
        kind = torch.promote_types(field.basis.dtype, sharps.dtype)
        field, sharps = field.to(dtype=kind), sharps.to(kind)
        gammas = [self.deblurrer.exposure_of(one).gamma for one in blurry.split(1)]
        fields = (KernelField(*parts) for parts in zip(field.basis.split(1), field.coefficients.split(1), strict=True))
        reblurred = torch.cat(
            [
                to_display(saturate(blur(to_linear(sharp, gamma), own)), gamma)
                for sharp, own, gamma in zip(sharps.split(1), fields, gammas, strict=True)
            ]
        )
        ours = nothing = blurry.new_full((len(blurry),), torch.nan)
        if "field" in batch:
            true, pixels = batch["field"], blurry[0, 0].numel()
            ours = kernel_distance(field, true) / pixels
            nothing = kernel_distance(delta_field(blurry, true.kernel_size), true) / pixels
        return {"reblur_psnr": picture_psnr(reblurred.clamp(0, 1), blurry), "kernel_l2": ours, "still_l2": nothing}

    def _score(self, batch: Batch, metrics: RestorationMetrics) -> Tensor:
        check_parts(batch, "blurry", "sharp", "name")
        check_image(batch["blurry"], "blurry")
        restored, further = self.measure(batch)
        metrics.update(restored, batch["sharp"], batch["name"], **further)
        return restored

    def _log_means(self, stage: str, metrics: RestorationMetrics | KohlerScore) -> None:
        means = metrics.compute()
        if isinstance(metrics, RestorationMetrics):
            means |= self.derive(means)
        if stage == "test":  # a column of what is not known, as a field without a truth, would say nothing
            means = {name: mean for name, mean in means.items() if not mean.isnan()}
        self.log_dict({f"{stage}/{name}": mean.float() for name, mean in means.items()}, sync_dist=True)  # equal on all
        metrics.reset()
