"""The model that the package ships: whole, as its card says, and of use."""

import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest
import torch

from deblur_lightning.data import SampleBlur
from deblur_lightning.deblurring import find_checkpoint, load_deblurrer
from deblur_lightning.deblurring.bundled import BUNDLED
from deblur_lightning.metrics import picture_psnr


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_file_is_the_one_that_its_card_tells_of(name):
    shipped = find_checkpoint(Path(name))
    card = (resources.files("deblur_lightning") / "weights" / "README.md").read_text()
    (mine,) = re.findall(rf"`{shipped.name}`.*?\b([0-9a-f]{{64}})\b", card, re.S)
    assert hashlib.sha256(shipped.read_bytes()).hexdigest() == mine


def test_the_bundled_files_are_no_more_than_the_package_may_ship():
    assert sum(find_checkpoint(Path(name)).stat().st_size for name in BUNDLED) < 25e6


def test_the_first_bundled_model_is_the_default():
    assert find_checkpoint() == find_checkpoint(Path(next(iter(BUNDLED)))) == find_checkpoint(Path("Blind"))


def test_a_file_of_a_bundled_model_s_name_is_meant_but_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("direct").mkdir()
    Path("blind").touch()
    assert find_checkpoint(Path("direct")).name == "direct.safetensors"
    assert find_checkpoint(Path("blind")) == Path("blind")


@pytest.mark.slow
@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_model_improves_turned_pictures(name):
    model = load_deblurrer(name)
    benchmark = SampleBlur(per_photo=1)
    gains = []
    for index in range(3):
        blurry, sharp = (benchmark[index][name][None] for name in ("blurry", "sharp"))
        restored = (model(blurry).picture * 255).round() / 255
        gains.append((picture_psnr(restored, sharp) - picture_psnr(blurry, sharp)).item())
    assert sum(gains) / len(gains) > 0.3


def test_gray_pictures_are_seen_as_colour_ones():
    model = load_deblurrer()
    gray = torch.rand(1, 1, 70, 80, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.field(gray).basis, model.field(gray.expand(-1, 3, -1, -1)).basis)
