"""SaveRestored: the pictures behind the scores, as files."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from lightning_utilities.core.rank_zero import rank_zero_info
from PIL import Image
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from deblur_lightning.batch import Batch
from deblur_lightning.image import pixels_of
from deblur_lightning.photos import read_photo, write_photo
from deblur_lightning.whole_file import whole_file


class SaveRestored(Callback):
    """Write every restored picture of a test or a prediction under its name in the data set.

    Tests write 8-bit PNGs, as scores are taken. Predictions of photos keep each one's format, depth, transparency and
    metadata, as `deblur restore` does; what a photo could not keep is said. A picture is there whole or not at all.
    With several processes each writes its share.

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
        if "path" not in batch:
            return self._write(outputs, batch)
        for picture, name, path in zip(outputs, batch["name"], batch["path"], strict=True):
            self._write_as_photo(picture.detach(), _inside(name), Path(path))
        return None

    def _write_as_photo(self, picture: Tensor, name: PurePosixPath, source: Path) -> None:
        """Write a picture with what the file of its blurry one holds beside the pixels."""
        image, record = read_photo(source)
        image[(..., *record.visible)] = picture.to(image)
        target = self.folder / name.parent / record.file_name(source.name)
        if name.name == source.name and target.suffix != source.suffix:  # named in full: anim.gif beside anim.png
            target = target.with_name(source.name + target.suffix)
        if record.notes:
            rank_zero_info(f"{source} -> {target}: {'; '.join(record.notes)}.")
        write_photo(target, image, record)

    def _write(self, restored: Tensor, batch: Batch) -> None:
        for picture, name in zip(restored, batch["name"], strict=True):
            pixels = pixels_of(picture)
            with whole_file(self.folder / f"{_inside(name)}.png") as part:
                Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(part)


def _inside(name: str) -> PurePosixPath:
    """Keep a name from leaving the folder."""
    return PurePosixPath(*(part for part in PurePosixPath(name).parts if part not in ("/", "..")))
