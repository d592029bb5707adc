import itertools

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from deblur_lightning.estimation.kernel_shape import centred, cleaned, likeness, resized, softened

KERNEL = 17


def test_likeness_is_the_largest_correlation_over_all_shifts():
    shapes = torch.rand(3, 9, 9, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    shapes[2] = 0
    shapes[2, 3:8, 1:6] = shapes[0, 2:7, 2:7]
    shapes[0, :2] = shapes[0, 7:] = shapes[0, :, :2] = shapes[0, :, 7:] = 0  # so that the third is the first, moved
    shapes /= shapes.square().sum((1, 2), keepdim=True).sqrt()
    expected = [[correlate2d(one, other).max() for other in shapes.numpy()] for one in shapes.numpy()]
    found = likeness(shapes)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert abs(found[0, 2] - 1) < 1e-12
    assert found[0, 1] < 0.99


def test_cleaning_drops_faint_values_and_small_parts_and_centres():
    kernel = torch.zeros(9, 9)
    kernel[2, 2:6] = 1.0
    kernel[3, 2] = 0.1  # faint
    kernel[8, 8] = 0.3  # apart, a fourteenth of the light
    clean = cleaned(kernel, 0.15)
    assert (clean > 0).sum() == 4
    assert clean.sum() == pytest.approx(1)
    assert clean[4, 2:6].tolist() == [0.25] * 4  # centre of mass at 3.5: half a pixel is as near as whole pixels get


def test_a_kernel_resized_there_and_back_keeps_its_place():
    hook = torch.zeros(KERNEL, KERNEL)  # a path with a corner
    hook[5, 4:12] = 1
    hook[5:11, 11] = 1
    hook = softened(centred(hook / hook.sum()), 0.7)
    back = resized(resized(hook, 35, 2.0), KERNEL, 0.5)
    assert (back - hook).square().sum() < 0.5 * hook.square().sum()
    steps = torch.arange(KERNEL) - KERNEL // 2
    for axis in (0, 1):
        assert ((back - hook).sum(1 - axis) * steps).sum().abs() < 0.3


def test_softening_keeps_the_sum_and_adds_the_variance():
    kernel = torch.zeros(17, 17)
    kernel[8, 8] = 1
    soft = softened(kernel, 1.5)
    steps = torch.arange(17.0) - 8
    assert soft.sum().item() == pytest.approx(1)
    assert (soft.sum(0) * steps.square()).sum().item() == pytest.approx(1.5**2, rel=0.05)


def test_softening_centres_by_fractions_of_a_pixel():
    kernel = torch.zeros(15, 15, dtype=torch.float64)
    kernel[4:9, 6:11] = torch.rand(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    kernel /= kernel.sum()
    steps = torch.arange(15.0, dtype=torch.float64) - 7
    away = torch.stack((kernel.sum(1) @ steps, kernel.sum(0) @ steps))
    assert (away.abs() > 0.1).all()
    soft = softened(kernel, 0.6)
    places = torch.stack((soft.sum(1) @ steps, soft.sum(0) @ steps))
    torch.testing.assert_close(places, torch.zeros(2, dtype=torch.float64), atol=5e-3, rtol=0)
    moved = torch.zeros_like(kernel)
    for row, column in itertools.product(range(15), repeat=2):  # every value becomes a spot, moved by the mean
        spot = ((steps - steps[row] + away[0]) ** 2).unsqueeze(1) + (steps - steps[column] + away[1]) ** 2
        moved += kernel[row, column] * (spot / (-2 * 0.6**2)).exp()
    torch.testing.assert_close(soft, moved / moved.sum(), atol=1e-4, rtol=0)
