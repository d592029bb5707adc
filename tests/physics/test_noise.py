"""The noise estimate against known noise."""

import numpy as np
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


@pytest.mark.parametrize("size", [(900, 1100), (1100, 1300), (3000, 3100)])
def test_of_large_pictures_a_part_tells_as_much_as_all(size):
    picture = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(1)).double().mul(0.6).add(0.2)
    rows = np.diff(picture[0, 0].numpy(), axis=0)
    diagonal = np.abs(np.diff(rows, axis=1)) / 2
    assert noise_level(picture) == pytest.approx(np.median(diagonal) / 0.6745, rel=0.01)


def test_repeated_squares_as_of_jpeg_all_count():
    squares = torch.zeros(8, 8)
    squares[::2] = 0.01 * torch.randn(4, 8, generator=torch.Generator().manual_seed(0))  # odd rows hold no noise
    picture = 0.5 + squares.repeat(300, 300)[None, None]
    small = 0.5 + squares.repeat(60, 60)[None, None]
    assert noise_level(picture) == pytest.approx(noise_level(small), rel=0.02)
