"""The spread of a field: each pixel's covariance, pixel by pixel, and scipy's matrix root."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.physics import field_spread, shake_kernels
from deblur_lightning.physics.spread import matrix_root


def covariance(kernel):
    """Of one kernel as a density over rows and columns, in a loop."""
    radius = len(kernel) // 2
    moments = np.zeros(5)
    for (row, column), light in np.ndenumerate(kernel):
        down, right = row - radius, column - radius
        moments += light * np.array([down, right, down * down, right * right, down * right])
    down, right, down_down, right_right, down_right = moments
    return np.array([
        [down_down - down**2, down_right - down * right],
        [down_right - down * right, right_right - right**2],
    ])  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), basis=st.integers(1, 4), size=st.sampled_from([5, 9, 13]))
def test_it_is_the_root_of_the_covariance_of_each_cells_mean_kernel(seed, basis, size):
    generator = torch.Generator().manual_seed(seed)
    kernels = shake_kernels(basis, size, generator=generator).double()[None]
    shares = torch.rand(1, basis, 8, 12, generator=generator, dtype=torch.float64).softmax(1)
    spread = field_spread(KernelField(kernels, shares), cell=4)[0]
    for row in range(2):
        for column in range(3):
            cell = shares[0, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].mean((1, 2))
            kernel = torch.einsum("b,bij->ij", cell, kernels[0]).numpy()
            expected = scipy.linalg.sqrtm(covariance(kernel)).real
            found = spread[:, row, column].numpy()
            np.testing.assert_allclose(found, [expected[0, 0], expected[1, 1], expected[0, 1]], atol=1e-5)


def test_no_motion_has_none_and_a_straight_one_has_its_length_over_the_root_of_twelve():
    assert not field_spread(delta_field(torch.zeros(1, 3, 8, 8), 9)).any()
    kernel = torch.zeros(1, 1, 33, 33, dtype=torch.float64)
    kernel[..., 16, 1:32] = 1 / 31
    down, right, mixed = field_spread(KernelField(kernel, torch.ones(1, 1, 4, 4, dtype=torch.float64)))[0, :, 0, 0]
    assert right.item() == pytest.approx(math.sqrt((31**2 - 1) / 12))
    assert down.item() == pytest.approx(0, abs=1e-5)
    assert mixed.item() == pytest.approx(0, abs=1e-5)


def test_a_root_times_itself_is_the_matrix():
    half = torch.randn(50, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    matrices = half @ half.mT
    entries = torch.stack((matrices[:, 0, 0], matrices[:, 1, 1], matrices[:, 0, 1]), dim=1)
    first, second, mixed = matrix_root(entries).unbind(1)
    roots = torch.stack((torch.stack((first, mixed), -1), torch.stack((mixed, second), -1)), -2)
    torch.testing.assert_close(roots @ roots, matrices)
