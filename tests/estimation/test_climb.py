import pytest
import torch

from deblur_lightning.estimation.climb import Climb, scales, short_line


def test_scales_fall_by_the_root_of_a_half_while_kernels_have_five_pixels():
    assert scales(33) == [33, 25, 17, 13, 9, 7]
    assert scales(5) == [5]


def test_a_climb_goes_from_coarse_to_fine_and_edges_grow_cheaper_from_turn_to_turn():
    found = list(Climb(turns=2, last=1, sparsity=8e-3, decay=2.0, faintest=3e-4).of(13))
    assert [scale.size for scale in found] == list(reversed(scales(13)))
    assert [scale.factor for scale in found] == pytest.approx([0.5, 0.5**0.5, 1.0])
    assert [price for scale in found for price in scale.sparsities] == pytest.approx([8e-3, 4e-3, 2e-3, 1e-3, 5e-4])
    assert [len(scale.sparsities) for scale in found] == [2, 2, 1]


def test_edges_are_never_cheaper_than_the_faintest():
    prices = [price for scale in Climb(3, 3, 1e-3, 10.0, faintest=5e-4).of(9) for price in scale.sparsities]
    assert prices[0] == 1e-3
    assert set(prices[1:]) == {5e-4}


def test_the_first_guess_is_two_pixels_of_light():
    line = short_line(5)
    assert line.sum() == 1
    assert torch.equal(line.nonzero(), torch.tensor([[2, 1], [2, 2]]))
