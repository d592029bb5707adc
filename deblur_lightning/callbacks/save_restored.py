"""SaveRestored: the pictures behind the scores, as files."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from PIL import Image
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from deblur_lightning.batch import Batch
from deblur_lightning.whole_file import whole_file


class SaveRestored(Callback):
    """Write every restored picture of a test or a prediction as 8-bit PNG, under its name in the data set.

    A picture is there whole or not at all. With several processes each writes its share.

    Args:
        folder: where to; ``SEQUENCE/000001.png`` goes below it.

    Raises:
        OSError: when a batch is written: the folder cannot be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Tensor | Mapping[str, Any] | None,
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Write a batch; a module whose `test_step` does not return what it restored restores anew."""
        restored = outputs if isinstance(outputs, Tensor) else pl_module.restore(batch["blurry"])  # type: ignore[operator]
        self._write(restored, batch)

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Write a batch."""
        self._write(outputs, batch)

    def _write(self, restored: Tensor, batch: Batch) -> None:
        levels = (restored.detach().float().clamp(0, 1) * 255).round().to("cpu", torch.uint8)
        for picture, name in zip(levels, batch["name"], strict=True):
            pixels = picture.permute(1, 2, 0).squeeze(-1).numpy()
            with whole_file(self.folder / f"{_inside(name)}.png") as part:
                Image.fromarray(pixels).save(part)


def _inside(name: str) -> PurePosixPath:
    """Keep a name from leaving the folder."""
    return PurePosixPath(*(part for part in PurePosixPath(name).parts if part not in ("/", "..")))
