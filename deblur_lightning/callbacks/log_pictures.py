"""LogPictures: what a training sees and makes of it, as pictures beside its curves."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import WandbLogger

from deblur_lightning.batch import Batch

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LogPictures(Callback):
    """Log validation pictures before and after, and where the method sees motion, its basis, coefficients and field.

    They go to Weights & Biases, if it is among the loggers; else as PNG files to ``pictures`` beside the log.

    Args:
        every_n_validations: the cadence; the first validation is always logged.
        pictures: how many, from the first batch.
    """

    def __init__(self, every_n_validations: int = 1, pictures: int = 2) -> None:
        if not every_n_validations >= 1 or not pictures >= 1:
            raise ValueError(
                f"every_n_validations is {every_n_validations} and pictures {pictures}, but both count. Pass 1 or more."
            )
        self.every_n_validations, self.pictures = every_n_validations, pictures
        self._validations = 0
        self._batch: Batch | None = None

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Remember the first batch."""
        if batch_idx == 0 and dataloader_idx == 0:
            self._batch = batch

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw and log, on the first process."""
        batch, self._batch = self._batch, None
        if trainer.sanity_checking or not trainer.is_global_zero or batch is None:
            return
        self._validations += 1
        if (self._validations - 1) % self.every_n_validations:
            return
        for number, name in enumerate(batch["name"][: self.pictures]):
            for kind, figure in draw_sample(pl_module, batch, number).items():
                self._log(trainer, f"pictures/{number}-{kind}", figure, name)

    def state_dict(self) -> dict[str, Any]:
        """Return the cadence's place."""
        return {"validations": self._validations}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the cadence of the interrupted run."""
        self._validations = state_dict["validations"]

    def _log(self, trainer: Trainer, key: str, figure: "Figure", caption: str) -> None:
        from deblur_lightning.reports import save_figure

        sites = [logger for logger in trainer.loggers if isinstance(logger, WandbLogger)]
        for site in sites:
            site.log_image(key, [figure], step=trainer.global_step, caption=[caption])
        if not sites:
            folder = Path(trainer.log_dir or trainer.default_root_dir)
            save_figure(figure, folder / f"{key}-step-{trainer.global_step}.png", formats=("png",))


@torch.no_grad()
def draw_sample(module: LightningModule, batch: Batch, number: int) -> dict[str, "Figure"]:
    """Draw one picture of a batch before and after, and the motion that the module sees in it, if it does.

    Args:
        module: restores; where it sees motion, its field is drawn too.
        batch: holds the picture.
        number: which of the batch.

    Returns:
        Figures by kind: ``restored``, and ``basis``, ``coefficients`` and ``field``.
    """
    from deblur_lightning.reports import draw_basis, draw_coefficients, draw_comparison, draw_field

    blurry = batch["blurry"][number : number + 1]
    restored, field, _ = module.deblur(blurry)  # type: ignore[operator]
    shown = {"Blurry": blurry, "Restored": restored}
    if "sharp" in batch:
        shown["Sharp"] = batch["sharp"][number : number + 1]
    figures = {"restored": draw_comparison(shown)}
    if field is not None:
        figures |= {"basis": draw_basis(field), "coefficients": draw_coefficients(field)}
        figures["field"] = draw_field(blurry, field)
    return figures
