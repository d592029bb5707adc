import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_lightning import Trainer
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import SaveRestored
from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.modules import RestorationModule

# Lightning advises on numbers of workers, which a run of seconds does not need.
pytestmark = pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning")


class Negative(Deblurrer):
    """Restores each picture to its negative."""

    def forward(self, blurry, exposure=None):
        return Deblurred(1 - blurry)


def trainer(folder):
    return Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, callbacks=[SaveRestored(folder)],
    )  # fmt: skip


@pytest.fixture
def samples():
    generator = torch.Generator().manual_seed(0)
    names = ("GOPR1/000001", "GOPR1/000002", "../../escape")
    return [
        {"blurry": torch.rand(3, 17, 13, generator=generator), "sharp": torch.zeros(3, 17, 13), "name": name}
        for name in names
    ]


@pytest.mark.parametrize("job", ["test", "predict"])
def test_restored_pictures_are_written_under_their_names(samples, tmp_path, job):
    getattr(trainer(tmp_path / "out"), job)(RestorationModule(Negative()), DataLoader(samples, batch_size=2))
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert written == ["out/GOPR1/000001.png", "out/GOPR1/000002.png", "out/escape.png"]
    for sample, path in zip(samples, written, strict=True):
        expected = ((1 - sample["blurry"]) * 255).round().permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / path)), expected)


def test_gray_pictures_are_written_gray(tmp_path):
    sample = {"blurry": torch.full((1, 12, 12), 0.2), "name": "gray"}
    trainer(tmp_path).predict(RestorationModule(Negative()), DataLoader([sample]))
    with Image.open(tmp_path / "gray.png") as picture:
        assert (picture.mode, picture.getpixel((0, 0))) == ("L", 204)
