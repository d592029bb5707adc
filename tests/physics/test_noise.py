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


def of_all_details(plane):
    """The definition, with numpy."""
    picture = plane.double().numpy()
    diagonal = np.abs(np.diff(np.diff(picture, axis=0), axis=1)) / 2
    corners = np.stack([picture[:-1, :-1], picture[1:, :-1], picture[:-1, 1:], picture[1:, 1:]])
    return np.median(diagonal[(corners.min(0) > 1e-4) & (corners.max(0) < 0.97)]) / 0.6745


@pytest.mark.parametrize("period", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("size", [(1000, 1100), (1600, 1704), (2400, 2544), (3600, 3696)])
def test_of_large_pictures_a_part_tells_as_much_as_all_whatever_repeats(size, period):
    generator = torch.Generator().manual_seed(1)
    level = torch.full((period, period), 0.004)
    level[0] = 0.02
    wide = level.repeat(-(-size[0] // period), -(-size[1] // period))[: size[0], : size[1]]
    plane = 0.5 + wide * torch.randn(size, generator=generator)
    assert noise_level(plane[None, None]) == pytest.approx(of_all_details(plane), rel=0.02)


def test_of_a_large_picture_that_is_mostly_clipped_what_is_not_all_counts():
    plane = torch.zeros(1800, 2000)
    plane[900:905] = 0.5 + 0.02 * torch.randn(5, 2000, generator=torch.Generator().manual_seed(0))
    assert noise_level(plane[None, None]) == pytest.approx(of_all_details(plane), rel=1e-3)


def test_of_large_pictures_fewer_details_are_looked_at(monkeypatch):
    seen = []
    monkeypatch.setattr("deblur_lightning.physics.noise._details", lambda plane, step: seen.append(step) or plane[:0])
    for size in ((1200, 2000), (1300, 2000), (3000, 4000)):
        noise_level(torch.rand(1, 1, *size))
    assert seen == [1, 5, 1, 7, 1]


def test_no_number_is_no_noise():
    with pytest.raises(ValueError, match="image holds NaN"):
        noise_level(torch.full((1, 1, 8, 8), torch.nan))
