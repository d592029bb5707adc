"""The model that the package ships: whole, as its card says, and of use."""

import hashlib
import re
from importlib import resources

import pytest
import torch

from deblur_lightning.data import SampleBlur
from deblur_lightning.deblurring import find_checkpoint, load_deblurrer
from deblur_lightning.metrics import picture_psnr


def test_the_shipped_file_is_the_one_that_its_card_tells_of():
    shipped = find_checkpoint()
    card = (resources.files("deblur_lightning") / "weights" / "README.md").read_text()
    (checksum,) = re.findall(r"\b[0-9a-f]{64}\b", card)
    assert hashlib.sha256(shipped.read_bytes()).hexdigest() == checksum
    assert shipped.stat().st_size < 10e6


@pytest.mark.slow
def test_the_shipped_model_improves_pictures_it_was_not_trained_on():
    model = load_deblurrer()
    benchmark = SampleBlur(kernel_size=17, per_photo=1)
    gains = []
    for index in range(len(benchmark)):
        blurry, sharp = (benchmark[index][name][None] for name in ("blurry", "sharp"))
        restored = (model(blurry).picture * 255).round() / 255
        gains.append((picture_psnr(restored, sharp) - picture_psnr(blurry, sharp)).item())
    assert sum(gains) / len(gains) > 0.3


def test_gray_pictures_are_seen_as_colour_ones():
    model = load_deblurrer()
    gray = torch.rand(1, 1, 70, 80, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.field(gray).basis, model.field(gray.expand(-1, 3, -1, -1)).basis)
