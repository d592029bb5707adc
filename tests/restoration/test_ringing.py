"""Clipped lights on a dark scene: no darker rims than the blurry picture has; everything else stays as it was."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter
from torch.nn.functional import max_pool2d

from deblur_lightning.field import KernelField
from deblur_lightning.physics import blur, shake_kernels
from deblur_lightning.physics.nearby import largest_within
from deblur_lightning.restoration import deconvolve, hold_rims, richardson_lucy
from deblur_lightning.restoration.ringing import limit_ringing

SIZE, KERNEL = 96, 17
RESTORERS = {
    "basic": lambda *given, **options: richardson_lucy(*given, method="basic", **options),
    "saturated": lambda *given, **options: richardson_lucy(*given, method="saturated", **options),
    "combined": lambda *given, **options: richardson_lucy(*given, method="combined", **options),
    "accelerated": lambda *given, **options: richardson_lucy(
        *given, 15, method="saturated", acceleration=True, **options
    ),
    "deconvolve": deconvolve,
}


def at_night(seed=3, strongest=12.0):
    """Dim stripes and four lights of 4 to ``strongest`` times white; blurry, sharp, field, and what is near lights."""
    generator = torch.Generator().manual_seed(seed)
    side = SIZE + KERNEL - 1
    down, across = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    light = (0.10 + 0.05 * torch.sin(across / 9.0) * torch.cos(down / 7.0)).double().expand(1, 3, -1, -1).clone()
    lamps = torch.zeros(side, side, dtype=torch.bool)
    for number, power in enumerate(np.linspace(4, strongest, 4)):
        row, column = 30 + 50 * (number // 2), 30 + 50 * (number % 2)
        lamp = (down - row) ** 2 + (across - column) ** 2 <= 9
        light[:, :, lamp] = power
        lamps |= lamp
    kernel = shake_kernels(1, KERNEL, generator=generator, extent=(9, 15)).double()
    field = KernelField(kernel[None] / kernel.sum(), torch.ones(1, 1, SIZE, SIZE, dtype=torch.float64))
    noisy = blur(light, field, "valid")
    noisy += 0.003 * torch.randn(noisy.shape, generator=generator, dtype=torch.float64)
    inner = slice(KERNEL // 2, -(KERNEL // 2))
    sharp, blurry = (one.clamp(0, 1) ** (1 / 2.2) for one in (light[..., inner, inner], noisy))
    near = max_pool2d(lamps[inner, inner][None, None].float(), KERNEL, 1, KERNEL // 2)[0, 0] > 0
    return (blurry * 255).round() / 255, sharp, field, near & ~lamps[inner, inner]


def too_dark(picture, sharp, where):
    """Share of pixels that are more than 25 levels darker than the truth."""
    return ((picture - sharp).mean(dim=1)[0][where] < -25 / 255).double().mean().item()


@pytest.mark.parametrize("name", RESTORERS)
def test_lights_get_no_darker_rims_than_the_blurry_picture_has(name):
    blurry, sharp, field, near = at_night()
    held, free = (RESTORERS[name](blurry, field, rims_held=one) for one in (True, False))
    assert torch.equal(held, RESTORERS[name](blurry, field))
    assert too_dark(free, sharp, near) > 0.02
    assert too_dark(held, sharp, near) <= too_dark(blurry, sharp, near) + 0.002
    assert (held - sharp).square().mean() < (free - sharp).square().mean()


@pytest.mark.parametrize("name", RESTORERS)
def test_pictures_without_clipped_pixels_are_restored_as_before(name):
    blurry, _, field, _ = at_night()
    dim = blurry * 0.9
    assert torch.equal(RESTORERS[name](dim, field), RESTORERS[name](dim, field, rims_held=False))


def test_the_published_adjoint_holds_nothing_unless_asked():
    blurry, _, field, _ = at_night()
    plain, free, held = (
        richardson_lucy(blurry, field, 5, adjoint="published", rims_held=one) for one in (None, False, True)
    )
    assert torch.equal(plain, free)
    assert not torch.equal(plain, held)


def test_what_stands_before_a_large_white_area_may_be_as_dark_as_it_is():
    blurry = torch.full((1, 1, 40, 40), 0.5)
    blurry[..., :20, :] = 1
    restored = blurry - 0.3
    assert torch.equal(hold_rims(restored, blurry, blurry >= 0.97, 5), restored)
    lamp = torch.full((1, 1, 40, 40), 0.5)
    lamp[..., 18:21, 18:21] = 1
    held = hold_rims(lamp - 0.3, lamp, lamp >= 0.97, 5)
    assert held[0, 0, 15, 19] == 0.5
    assert held[0, 0, 19, 19] == pytest.approx(0.7)
    assert held[0, 0, 5, 5] == pytest.approx(0.2)


@pytest.mark.parametrize("side", [1, 3, 7, 9, 17, 31, 33])
@pytest.mark.parametrize("size", [(5, 40), (33, 33), (70, 3)])
def test_the_largest_value_of_each_square(size, side):
    image = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(side))
    expected = maximum_filter(image.numpy(), (1, 1, side, side), mode="constant", cval=-np.inf)
    assert torch.equal(largest_within(image, side), torch.from_numpy(expected))


@pytest.mark.parametrize("allowance", [0.0, 0.5, math.inf])
def test_restored_values_stay_within_the_local_range_and_what_is_allowed_beyond(allowance):
    random = np.random.default_rng(5)
    blurry, restored = random.random((9, 11)), 4 * random.random((9, 11)) - 2
    expected = restored.copy()
    for row, column in np.ndindex(*blurry.shape):
        near = blurry[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
        if allowance < math.inf:
            slack = allowance * (near.max() - near.min())
            expected[row, column] = min(max(restored[row, column], near.min() - slack), near.max() + slack)
    limited = limit_ringing(torch.from_numpy(restored)[None, None], torch.from_numpy(blurry)[None, None], 2, allowance)
    np.testing.assert_allclose(limited[0, 0].numpy(), expected)
