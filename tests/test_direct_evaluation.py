"""experiments/direct: the windows that direct networks are measured on, and how shifts are forgiven."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from deblur_lightning.field import check_field
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.physics import expose, to_linear

FOLDER = Path(__file__).parents[1] / "experiments" / "direct"


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import evaluate
    import three_motions

    yield evaluate, three_motions
    for name in ("evaluate", "three_motions"):
        sys.modules.pop(name)


@pytest.fixture
def root(tmp_path):
    """Two photographs of 481 x 321 with three segments: two as large as objects are, and the rest."""
    segments = np.full((321, 481), 3, np.uint16)
    segments[:, :160], segments[:, 160:300] = 1, 2
    people = np.empty((1, 1), object)
    people[0, 0] = {"Segmentation": segments}
    for kind in ("images", "groundTruth"):
        (tmp_path / kind / "val").mkdir(parents=True)
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 256, (321, 481, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "images" / "val" / f"{number}.jpg")
        savemat(tmp_path / "groundTruth" / "val" / f"{number}.mat", {"groundTruth": people})
    return tmp_path


@pytest.mark.parametrize("kind", ["turning", "objects", "still"])
def test_a_window_is_what_its_field_made_of_its_scene(scripts, root, kind):
    made = list(scripts[1].windows(root, "val", kind, 3))
    again = list(scripts[1].windows(root, "val", kind, 3))
    for window, same in zip(made, again, strict=True):
        check_field(window.field)
        assert window.blurry.shape == window.sharp.shape == (1, 3, 256, 256)
        assert torch.equal(window.blurry, same.blurry)
        inner = window.field._replace(coefficients=window.field.coefficients[..., 16:-16, 16:-16])
        clean = expose(to_linear(window.sharp), inner, generator=torch.Generator(), noise=0.0, levels=None)
        difference = (clean - window.blurry[..., 16:-16, 16:-16]).abs()
        assert difference.mean() < 0.02  # noise of one per cent, and 8 bits


def test_a_still_background_has_a_delta_kernel_and_objects_have_not(scripts, root):
    for window in scripts[1].windows(root, "val", "still", 3):
        background, *objects = window.field.basis[0]
        assert background[16, 16] == 1
        assert objects
        assert all(kernel.max() < 0.9 for kernel in objects)


def test_a_shift_by_quarters_of_a_pixel_is_forgiven(scripts):
    evaluate = scripts[0]
    wave = torch.arange(120) / 6
    sharp = (0.5 + 0.2 * (wave.sin().unsqueeze(0) + (1.3 * wave).cos().unsqueeze(1))).expand(1, 3, 120, 120)
    moved = torch.roll(evaluate.shifted(sharp[:, :1], 0.25, 0.5), (3, -2), (2, 3)).expand(1, 3, -1, -1)
    assert picture_psnr(moved, sharp).item() < 25
    assert evaluate.after_shift(moved, sharp).item() > 45
