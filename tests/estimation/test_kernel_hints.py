"""Hints: correlations against SciPy's, a kernel read off an exact picture, and the order of the planes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.signal import correlate2d

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.kernel_hints import correlation, kernel_hints, quotient

SIZE = 9


@pytest.fixture(scope="module")
def shot():
    """A picture with its surround, its kernel, and the blurry one."""
    wide = (torch.tensor(dead_leaves(96 + SIZE - 1, np.random.default_rng(3))) / 255).float().mean(-1)
    kernel = torch.zeros(SIZE, SIZE)
    kernel[2, 4:7] = kernel[2:7, 4] = 1
    kernel = kernel / kernel.sum()
    return wide, kernel, F.conv2d(wide[None, None], kernel[None, None])[0, 0]


@pytest.mark.parametrize("size", [(40, 33), (31, 50)])
def test_a_plane_is_correlated_with_itself_as_by_scipy(size):
    plane = torch.randn(size, generator=torch.Generator().manual_seed(1))
    taper = torch.outer(*(torch.hann_window(side).sqrt() for side in size))
    full = correlate2d(*[(plane * taper).double().numpy()] * 2)
    (down, right), reach = size, 7
    expected = full[down - reach : down + reach - 1, right - reach : right + reach - 1] / full[down - 1, right - 1]
    torch.testing.assert_close(correlation(plane, reach).double().numpy(), expected, rtol=0, atol=1e-5)


def test_an_exact_picture_gives_its_kernel():
    kernel = torch.rand(7, 7, generator=torch.Generator().manual_seed(2))
    sharp = torch.zeros(64, 64)
    sharp[20:44, 20:44] = torch.randn(24, 24, generator=torch.Generator().manual_seed(3))
    blurry = F.conv_transpose2d(sharp[None, None], kernel[None, None], padding=3)[0, 0]
    found = quotient(sharp, blurry, 7)
    assert found.abs().max() == 1
    assert torch.corrcoef(torch.stack((found.flatten(), kernel.flatten())))[0, 1] > 0.95


def test_the_planes_are_kernels_correlations_and_what_is_read_off(shot):
    _, kernel, light = shot
    other, told = kernel.flip(0), kernel.flip(1)
    planes = kernel_hints(light, kernel, other, told, noise=0.002)
    assert planes.shape == (9, SIZE, SIZE)
    assert torch.equal(planes[:3], torch.stack((kernel, other, told)))
    for plane, axis in ((3, 1), (4, 0)):
        lags = correlation(torch.diff(light, dim=axis), SIZE)
        assert torch.equal(planes[plane], lags[4:-4, 4:-4])
        assert planes[plane, 4, 4] == pytest.approx(1)
        assert planes[plane + 2, 4, 4] == pytest.approx(lags[8:10, 8:10].mean().item())  # lags of 0 and 1
    seen = planes[7:].mean(0).flatten()
    likeness = [torch.corrcoef(torch.stack((seen, one.flip((0, 1)).flatten())))[0, 1] for one in (kernel, other, told)]
    assert likeness[0] > max(likeness[1:])


def test_a_transposed_picture_gives_transposed_planes(shot):
    _, kernel, light = shot
    planes = kernel_hints(light.mT, kernel.mT, kernel.mT, kernel.mT, noise=0.002)
    expected = kernel_hints(light, kernel, kernel, kernel, noise=0.002).mT[[0, 1, 2, 4, 3, 6, 5, 8, 7]]
    torch.testing.assert_close(planes[:7], expected[:7], rtol=0, atol=1e-5)
    torch.testing.assert_close(planes[7:], expected[7:], rtol=0, atol=0.05)  # restored pictures differ a little
