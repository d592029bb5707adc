"""How pictures are cut into tiles, and which kernels each tile is told to use."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from deblur_lightning.physics.fast_length import fast_length
from deblur_lightning.physics.node_grid import node_shares
from deblur_lightning.physics.tiles import runs_of_pairs
from deblur_lightning.physics.tiling import even_tiling, frugal_tiling

MARGIN, LARGEST = 32, 160


def check_cover(tiling, size):
    """Every pixel is in one tile, and each tile with its surround in the transform."""
    times = torch.zeros(size)
    for tile in tiling.tiles:
        tile.of(times).add_(1)
        assert tile.height + MARGIN <= tiling.transform[0]
        assert tile.width + MARGIN <= tiling.transform[1]
    assert (times == 1).all()
    assert all(length == fast_length(length) for length in tiling.transform)


def used(coefficients):
    return [number for number, one in enumerate(coefficients) if one.any()]


def of_runs(runs, count):
    kernels = [kernel for run in runs for first in range(*run.indices(count)) for kernel in (first, first + 1)]
    return [kernel for kernel in kernels if kernel < count]


@given(some.integers(1, 700), some.integers(1, 700))
def test_even_tiles_cover_a_picture_once(height, width):
    check_cover(even_tiling((height, width), MARGIN, LARGEST), (height, width))


@given(some.integers(1, 400), some.integers(1, 400), some.integers(2, 6))
def test_tiles_between_the_nodes_of_a_grid_cover_a_picture_once(height, width, grid):
    check_cover(frugal_tiling(node_shares((height, width), grid), MARGIN, LARGEST), (height, width))


@given(some.lists(some.tuples(*[some.integers(0, 300)] * 4), min_size=1, max_size=6))
def test_tiles_of_parts_that_lie_anywhere_cover_a_picture_once(parts):
    coefficients = torch.zeros(len(parts), 211, 293)
    for share, (top, left, down, right) in zip(coefficients, parts, strict=True):
        share[top:down, left:right] = 1
    check_cover(frugal_tiling(coefficients, MARGIN, LARGEST), (211, 293))


@pytest.mark.parametrize("size", [(468, 468), (480, 668), (700, 700), (1080, 1920)])
def test_a_tile_between_four_nodes_uses_their_four_kernels_as_two_pairs(size):
    shares = node_shares(size, 5)
    for tile in frugal_tiling(shares, MARGIN, LARGEST).tiles:
        kernels = used(tile.of(shares))
        assert len(kernels) <= 4
        runs = runs_of_pairs(tile.of(shares))
        assert len(runs) == 1
        assert len(range(*runs[0].indices(25))) == 2
        assert set(kernels) <= set(of_runs(runs, 25))


def test_kernels_that_are_used_everywhere_are_cut_evenly():
    assert frugal_tiling(torch.ones(3, 480, 668), MARGIN, LARGEST) == even_tiling((480, 668), MARGIN, LARGEST)


@given(some.lists(some.booleans(), min_size=1, max_size=30))
def test_runs_name_every_kernel_in_use_once(kinds):
    coefficients = torch.tensor(kinds).float().view(-1, 1, 1).expand(-1, 20, 20)
    kernels = of_runs(runs_of_pairs(coefficients), len(kinds))
    assert len(kernels) == len(set(kernels))
    assert set(used(coefficients)) <= set(kernels)


def test_a_kernel_of_one_pixel_is_found():
    coefficients = torch.zeros(7, 50, 50)
    coefficients[0], coefficients[4, 17, 33] = 1, 1
    assert {0, 4} <= set(of_runs(runs_of_pairs(coefficients), 7))
