import math

import pytest
import torch

from deblur_lightning.estimation.spread_windows import centres, evened, spread_windows

SIDE = 20


@pytest.mark.parametrize("size", [(90, 150), (41, 47), (20, 20), (20, 200)])
def test_windows_are_squares_within_the_photo(size):
    light = torch.rand(size, generator=torch.Generator().manual_seed(2))
    windows = spread_windows(light, SIDE)
    assert len(windows) == 9
    for window in windows:
        assert light[window].shape == (SIDE, SIDE)
        assert all(axis.start >= 0 for axis in window)


def test_windows_are_spread_over_the_photo_one_in_each_of_its_ninths():
    light = torch.rand(90, 150, generator=torch.Generator().manual_seed(2))
    ninths = [(int(y // 30), int(x // 50)) for y, x in centres(spread_windows(light, SIDE))]
    assert ninths == [(row, column) for row in range(3) for column in range(3)]


def test_windows_too_large_to_lie_apart_reach_all_borders():
    windows = spread_windows(torch.rand(41, 47, generator=torch.Generator().manual_seed(2)), SIDE)
    assert {window[0].start for window in windows} >= {0}
    assert max(window[0].stop for window in windows) >= 37
    assert max(window[1].stop for window in windows) >= 43


def test_a_centre_is_the_mean_of_a_windows_pixels():
    light = torch.rand(90, 150, generator=torch.Generator().manual_seed(2))
    windows = spread_windows(light, SIDE)
    for (rows, columns), (row, column) in zip(windows, centres(windows), strict=True):
        assert row == sum(range(rows.start, rows.stop)) / SIDE
        assert column == sum(range(columns.start, columns.stop)) / SIDE


def test_windows_are_lit_alike_by_one_factor():
    light = torch.rand(90, 150, generator=torch.Generator().manual_seed(2)) * torch.linspace(0.1, 1, 150)
    windows = spread_windows(light, SIDE)
    parts = evened(light, windows, 0.17)
    factors = torch.cat([part / light[window] for part, window in zip(parts, windows, strict=True)])
    torch.testing.assert_close(factors, factors[0, 0].expand_as(factors))
    assert math.sqrt(sum(part.var().item() for part in parts) / 9) == pytest.approx(0.17, rel=1e-5)
