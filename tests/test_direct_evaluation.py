"""experiments/direct: how shifts are forgiven where a direct network is measured."""

import pytest
import torch
from scripts import load_script

from deblur_lightning.metrics import picture_psnr


@pytest.fixture(scope="module")
def evaluate():
    return load_script("direct/evaluate.py")


def test_a_shift_by_quarters_of_a_pixel_is_forgiven(evaluate):
    wave = torch.arange(120) / 6
    sharp = (0.5 + 0.2 * (wave.sin().unsqueeze(0) + (1.3 * wave).cos().unsqueeze(1))).expand(1, 3, 120, 120)
    moved = torch.roll(evaluate.shifted(sharp[:, :1], 0.25, 0.5), (3, -2), (2, 3)).expand(1, 3, -1, -1)
    assert picture_psnr(moved, sharp).item() < 25
    assert evaluate.after_shift(moved, sharp).item() > 45
