"""ShowPictures: the pictures behind a test's scores, for the page of results."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from deblur_lightning.batch import Batch
from deblur_lightning.callbacks.record_results import table_name
from deblur_lightning.field import KernelField
from deblur_lightning.metrics.similarity import file_scores
from deblur_lightning.modules import RestorationModule
from deblur_lightning.reports.page import add_picture
from deblur_lightning.reports.page.pictures import BLURRY, SHARP


class ShowPictures(Callback):
    """Add every picture of a test to the page of results: blurry, restored, sharp, and its motion where it is seen.

    Each is restored once more for it. ``deblur page`` then writes the page; several methods tested on the same
    data stand beside each other. With several processes each writes its share.

    Args:
        folder: of the page's pictures.
        method: the title of what was restored; None takes the module's method.
        dataset: what the pictures are listed under; None takes the datamodule's ``table_name``, or its class name.
        every: 1 takes every picture, 10 every tenth.
    """

    def __init__(
        self, folder: Path = Path("results/page"), method: str | None = None, dataset: str | None = None, every: int = 1
    ) -> None:
        if not every >= 1:
            raise ValueError(f"every is {every}, but it counts pictures. Pass 1 or more.")
        self.folder, self.method, self.dataset, self.every = Path(folder), method, dataset, every
        self._seen = 0

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count from the first."""
        self._seen = 0

    @torch.no_grad()
    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Write a batch."""
        method = self.method or str(getattr(pl_module, "method", type(pl_module).__name__))
        dataset = self.dataset or table_name(trainer)
        for number, name in enumerate(batch["name"]):
            if self._seen % self.every == 0:
                self._show(pl_module, outputs[number : number + 1], batch, number, name, method, dataset)
            self._seen += 1

    def _show(
        self,
        module: LightningModule,
        restored: Tensor,
        batch: Batch,
        number: int,
        name: str,
        method: str,
        dataset: str,
    ) -> None:
        blurry = batch["blurry"][number : number + 1]
        pictures, scores = {BLURRY: blurry, method: restored.clamp(0, 1)}, {}
        if "sharp" in batch:
            sharp = batch["sharp"][number : number + 1]
            scores = {title: file_scores(picture, sharp) for title, picture in pictures.items()}
            pictures[SHARP] = sharp
        fields: dict[str, KernelField] = {}
        if isinstance(module, RestorationModule) and module.deblurrer.sees_motion:
            fields[method] = module.deblurrer.field(blurry)
        add_picture(self.folder, dataset, name, pictures, fields, scores)
