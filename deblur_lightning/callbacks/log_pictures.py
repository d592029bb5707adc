"""LogPictures: what a training sees and makes of it, as pictures beside its curves."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import WandbLogger
from torch import Tensor

from deblur_lightning.batch import Batch
from deblur_lightning.field import KernelField
from deblur_lightning.image import pixels_of
from deblur_lightning.metrics import picture_psnr

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LogPictures(Callback):
    """Log validation pictures before and after, and where the method sees motion, its basis, coefficients and field.

    They go to Weights & Biases, if it is among the loggers, there also as a table with a row for each picture and its
    PSNR; else as PNG files to ``pictures`` beside the log.

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
        folder = Path(trainer.log_dir or trainer.default_root_dir)  # which processes ask each other for: all or none
        if trainer.sanity_checking or not trainer.is_global_zero or batch is None:
            return
        self._validations += 1
        if (self._validations - 1) % self.every_n_validations:
            return
        rows = []
        for number, name in enumerate(batch["name"][: self.pictures]):
            sample = look_at(pl_module, batch, number)
            figures = draw_sample(sample)
            for kind, figure in figures.items():
                self._log(trainer, folder, f"pictures/{number}-{kind}", figure, name)
            rows.append([name, *cells_of(sample), figures.get("field")])
        for site in _sites(trainer):
            _log_table(site, rows, trainer.global_step)

    def state_dict(self) -> dict[str, Any]:
        """Return the cadence's place."""
        return {"validations": self._validations}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the cadence of the interrupted run."""
        self._validations = state_dict["validations"]

    def _log(self, trainer: Trainer, folder: Path, key: str, figure: "Figure", caption: str) -> None:
        from deblur_lightning.reports import save_figure

        sites = _sites(trainer)
        for site in sites:
            site.log_image(key, [figure], step=trainer.global_step, caption=[caption])
        if not sites:
            save_figure(figure, folder / f"{key}-step-{trainer.global_step}.png", formats=("png",))


class Sample(NamedTuple):
    """A picture of a batch and what is made of it, ``[1, C, H, W]`` in [0, 1]; ``sharp`` and ``field`` where known."""

    blurry: Tensor
    restored: Tensor
    sharp: Tensor | None
    field: KernelField | None


@torch.no_grad()
def look_at(module: LightningModule, batch: Batch, number: int) -> Sample:
    """Restore one picture of a batch."""
    blurry = batch["blurry"][number : number + 1]
    restored, field, _ = module.deblur(blurry)  # type: ignore[operator]
    return Sample(blurry, restored, batch["sharp"][number : number + 1] if "sharp" in batch else None, field)


def draw_sample(sample: Sample) -> dict[str, "Figure"]:
    """Draw a picture before and after, and the motion that was seen in it, if any was.

    Returns:
        Figures by kind: ``restored``, and ``basis``, ``coefficients`` and ``field``.
    """
    from deblur_lightning.reports import draw_basis, draw_coefficients, draw_comparison, draw_field

    blurry, restored, sharp, field = sample
    shown = {"Blurry": blurry, "Restored": restored}
    if sharp is not None:
        shown["Sharp"] = sharp
    figures = {"restored": draw_comparison(shown)}
    if field is not None:
        figures |= {"basis": draw_basis(field), "coefficients": draw_coefficients(field)}
        figures["field"] = draw_field(blurry, field)
    return figures


COLUMNS = ("name", "psnr", "blurry psnr", "blurry", "restored", "sharp", "field")
"""Of the table of pictures."""


def cells_of(sample: Sample) -> list[float | Tensor | None]:
    """Give a table's cells: PSNR of the restored and of the blurry picture (dB), and the pictures ``[C, H, W]``."""
    blurry, restored, sharp, _ = sample
    scores = [None if sharp is None else picture_psnr(one, sharp).item() for one in (restored, blurry)]
    return [*scores, blurry[0], restored[0], None if sharp is None else sharp[0]]


def _sites(trainer: Trainer) -> list[WandbLogger]:
    return [logger for logger in trainer.loggers if isinstance(logger, WandbLogger)]


def _log_table(site: WandbLogger, rows: list[list[Any]], step: int) -> None:
    """Send a table; its numbers can be sorted, its pictures looked at side by side."""
    import wandb

    def cell(content: object) -> object:
        if isinstance(content, Tensor):
            pixels = pixels_of(content)
            return wandb.Image(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
        return content if content is None or isinstance(content, str | float) else wandb.Image(content)

    site.log_table("pictures/table", list(COLUMNS), [[cell(content) for content in row] for row in rows], step=step)
