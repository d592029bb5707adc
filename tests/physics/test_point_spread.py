import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deblur_lightning.physics import draw_sides, kernels_along, point_spread_function, shake_kernels, shake_trajectories


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def splat_one_sample_at_a_time(path, size):
    picture = torch.zeros(size, size, dtype=torch.float64)
    for x, y in path.tolist():
        for row in range(size):
            for column in range(size):
                near = max(0, 1 - abs(column - size // 2 - x)) * max(0, 1 - abs(row - size // 2 - y))
                picture[row, column] += near / len(path)
    return picture


def centroid(kernels):
    axis = torch.arange(kernels.shape[-1], dtype=torch.float64) - kernels.shape[-1] // 2
    return torch.stack((kernels.double().sum(1) @ axis, kernels.double().sum(2) @ axis), dim=-1)


def test_light_falls_as_the_slow_loop_lets_it_fall():
    path = (torch.rand(3, 20, 2, generator=seeded(), dtype=torch.float64) * 2 - 1) * 4
    path[0, 0], path[0, 1] = torch.tensor([4.0, -4.0]), torch.tensor([-4.0, 4.0])
    expected = torch.stack([splat_one_sample_at_a_time(one, 9) for one in path])
    assert torch.allclose(point_spread_function(path, 9), expected, rtol=0, atol=1e-14)


def test_positions_in_whole_numbers_are_positions():
    path = torch.tensor([[[0, 0], [1, -1], [1, 0]]])
    picture = point_spread_function(path, 5)
    assert picture.dtype == torch.float32
    assert torch.allclose(picture[0].double(), splat_one_sample_at_a_time(path[0], 5))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([3, 9, 33]))
def test_the_centroid_of_a_picture_is_the_mean_of_its_path(seed, size):
    path = (torch.rand(2, 50, 2, generator=seeded(seed), dtype=torch.float64) * 2 - 1) * (size // 2)
    picture = point_spread_function(path, size)
    assert torch.allclose(picture.sum((1, 2)), torch.ones(2, dtype=torch.float64))
    assert torch.allclose(centroid(picture), path.mean(1), rtol=0, atol=1e-10)


@pytest.mark.parametrize("size", [1, 3, 17, 33, 65])
@pytest.mark.parametrize("full", [None, 0.0, 1.0])
def test_kernels_of_any_odd_size_sum_to_one_and_are_centred(size, full):
    extent = None if full is None else (0.0, full * (size - 1))
    kernels = shake_kernels(11, size, generator=seeded(), samples=300, extent=extent)
    assert kernels.shape == (11, size, size)
    assert kernels.dtype == torch.float32
    assert kernels.min() >= 0
    assert torch.allclose(kernels.sum((1, 2)), torch.ones(11), atol=1e-5)
    assert centroid(kernels).abs().max() < 1e-4


def test_kernels_fill_the_square_asked_for():
    paths = shake_trajectories(6, generator=seeded(), samples=300)
    sides = torch.tensor([0.0, 2.0, 4.0, 8.0, 16.0, 20.0], dtype=torch.float64)
    kernels = kernels_along(paths, 21, sides=sides)
    axis = (torch.arange(21) - 10).abs()
    for kernel, side in zip(kernels, sides.tolist(), strict=True):
        lit = torch.maximum(axis.unsqueeze(0), axis.unsqueeze(1))[kernel > 0].max().item()
        assert lit == math.ceil(side / 2)


def test_no_gradient_passes_through_sides_as_none_does_through_paths():
    paths, sides = shake_trajectories(3, generator=seeded(), samples=50), torch.tensor([2.0, 4.0, 6.0])
    kernels = kernels_along(paths.requires_grad_(), 9, sides=sides.clone().requires_grad_())
    assert torch.equal(kernels, kernels_along(paths, 9, sides=sides))
    assert not kernels.requires_grad


def test_the_kernel_is_the_light_path_flipped():
    path = torch.tensor([[[0.0, 0.0], [4.0, 1.0], [2.0, 2.0]]], dtype=torch.float64)
    centred = path - path.mean(1, keepdim=True)
    assert torch.allclose(kernels_along(path, 9), point_spread_function(centred, 9).flip((1, 2)).float())


def test_a_path_too_long_for_its_kernel_keeps_its_shape_and_just_fits():
    path = torch.tensor([[[-30.0, 0.0], [0.0, 0.0], [30.0, 0.0]]], dtype=torch.float64)
    kernel = kernels_along(path, 7)[0]
    assert kernel[3].tolist() == pytest.approx([1 / 3, 0, 0, 1 / 3, 0, 0, 1 / 3], abs=1e-6)


def test_a_short_exposure_sees_the_beginning_of_the_path():
    path = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [9.0, 9.0], [9.0, 9.0]]], dtype=torch.float64)
    assert torch.equal(kernels_along(path, 5, exposure=0.5), kernels_along(path[:, :2], 5))


def test_the_same_generator_state_gives_the_same_kernels_and_another_gives_others():
    first, again, other = (shake_kernels(40, 15, generator=seeded(seed), samples=200) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_sides_are_drawn_within_their_range():
    sides = draw_sides(1000, (3.0, 8.0), seeded())
    assert 3 <= sides.min() < 3.1 < 7.9 < sides.max() <= 8


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"size": 8}, "Pass 9"),
        ({"size": 0}, "Pass 1"),
        ({"size": -3}, "Pass 1"),
        ({"exposure": 0.0}, r"Pass a number in \(0, 1\]"),
        ({"exposure": math.nan}, r"Pass a number in \(0, 1\]"),
        ({"extent": (0.0, 9.0)}, "hold 0 to 8. Order it"),
        ({"extent": (5.0, 2.0)}, "Order it within those"),
    ],
)
def test_kernels_that_cannot_be_are_refused(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        shake_kernels(1, generator=seeded(), samples=10, **{"size": 9, **arguments})


@pytest.mark.parametrize("far", [5.01, math.nan, math.inf])
def test_a_path_that_leaves_the_picture_is_refused(far):
    with pytest.raises(ValueError, match=r"holds 5\. Raise size"):
        point_spread_function(torch.tensor([[[0.0, far]]]), 11)


@pytest.mark.parametrize("shape", [(0, 5, 2), (2, 0, 2)])
def test_a_path_without_positions_is_refused(shape):
    with pytest.raises(ValueError, match=r"which holds no position\. Pass one"):
        point_spread_function(torch.zeros(shape), 9)


@pytest.mark.parametrize("shape", [(5, 2), (5, 3, 3)])
def test_paths_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"paths is \[.*positions are \[N, T, 2\]"):
        kernels_along(torch.rand(shape), 9)
