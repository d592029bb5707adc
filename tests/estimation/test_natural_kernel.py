import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation.kernel_shape import beside_centre
from deblur_lightning.estimation.natural_kernel import moved, natural_kernel

SIZE, KERNEL = 128, 11


@pytest.fixture(scope="module")
def path():
    """A bent kernel whose centre of mass is its central pixel."""
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[3, 5:9] = kernel[3:8, 5] = kernel[7, 2:6] = 1
    return kernel / kernel.sum()


@pytest.fixture(scope="module")
def light(path):
    wide = (torch.tensor(dead_leaves(SIZE + KERNEL - 1, np.random.default_rng(3))) / 255).float().mean(-1)
    blurry = F.conv2d(wide[None, None], path[None, None])[0, 0]
    return blurry + 0.002 * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def test_a_soft_guess_becomes_the_kernel(light, path):
    guess = F.avg_pool2d(path[None], 3, 1, 1)[0]
    guess = guess / guess.sum()
    found = natural_kernel(light, guess)
    assert found.min() >= 0
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    assert max(map(abs, beside_centre(found))) < 0.1
    assert (found - path).square().sum() < 0.3 * (guess - path).square().sum()


def test_pixels_that_do_not_count_have_no_say(light, path):
    share = torch.ones(SIZE, SIZE)
    share[:, SIZE // 2 :] = 0
    spoilt = light.clone()
    spoilt[:, SIZE // 2 + 2 * KERNEL :] = light[:, : SIZE // 2 - 2 * KERNEL].flip(0)
    found, expected = (natural_kernel(picture, path, share, turns=2) for picture in (spoilt, light))
    assert (found - expected).abs().max() < 0.1 * expected.max()


@pytest.mark.parametrize("size", [(9, 11), (8, 10), (9, 10)])
def test_moving_by_whole_pixels_rolls(size):
    picture = torch.rand(size, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(moved(picture, (2.0, -3.0)), picture.roll((-2, 3), (0, 1)), atol=2e-6, rtol=0)


def test_moving_by_a_fraction_moves_waves_by_it():
    down, right = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")

    def waves(down, right):
        return torch.cos(2 * math.pi * 2 * down / 9) + torch.sin(2 * math.pi * 3 * right / 12)

    torch.testing.assert_close(
        moved(waves(down, right), (0.3, -0.6)), waves(down + 0.3, right - 0.6), atol=2e-6, rtol=0
    )
