"""The noise estimate against known noise."""

import pytest
import torch

from deblur_lightning.physics import noise_level


@pytest.mark.parametrize("level", [0.003, 0.01, 0.03])
def test_known_noise_on_a_smooth_picture_is_found_within_a_tenth(level):
    rows, columns = torch.linspace(0, 3, 120), torch.linspace(0, 4, 150)
    smooth = 0.5 + 0.2 * (rows.sin().unsqueeze(1) * columns.cos()).expand(1, 3, -1, -1)
    noisy = smooth + level * torch.randn(smooth.shape, generator=torch.Generator().manual_seed(0))
    assert noise_level(noisy) == pytest.approx(level, rel=0.1)


def test_clipped_pixels_do_not_hide_noise():
    noisy = 0.5 + 0.02 * torch.randn(1, 1, 100, 100, generator=torch.Generator().manual_seed(0))
    noisy[..., :70] = 1.0
    assert noise_level(noisy) == pytest.approx(0.02, rel=0.1)


def test_a_wholly_clipped_picture_has_none():
    assert noise_level(torch.ones(1, 3, 8, 8)) == 0
