import itertools
import sys

import numpy as np
import pytest
import torch

from deblur_lightning.data.scenes.dead_leaves import dead_leaves
from deblur_lightning.estimation import find_motion
from deblur_lightning.estimation.kernel_shape import likeness, no_blur
from deblur_lightning.estimation.pyramid import attempts
from deblur_lightning.estimation.sureness import likeness_of_quarters, sureness
from deblur_lightning.field import KernelField
from deblur_lightning.physics import expose, shake_field, shake_kernels, to_linear

KERNEL = 17
SIDE, LEAST = 16 * KERNEL, 14 * KERNEL  # pixels: of photos here, and of the smallest whose quarters are asked


@pytest.fixture(scope="module")
def shakes():
    return shake_kernels(2, KERNEL, generator=torch.Generator().manual_seed(5), extent=(9, 14))


def taken(field, noise=0.003):
    side = field.coefficients.shape[-1] + KERNEL - 1
    scene = torch.tensor(dead_leaves(side, np.random.default_rng(8))).permute(2, 0, 1) / 255
    return expose(scene[None].float().pow(2.2), field, generator=torch.Generator().manual_seed(1), noise=noise)


def shot(field, noise=0.003):
    return to_linear(taken(field, noise))[0].mean(0)


def constant(kernel, side=SIDE):
    return KernelField(kernel[None, None], torch.ones(1, 1, side, side))


def line(length):
    kernel = torch.zeros(KERNEL, KERNEL)
    kernel[KERNEL // 2, KERNEL // 2 - length // 2 : KERNEL // 2 + length // 2 + 1] = 1 / length
    return kernel  # reach: (n² - 1) / 12, rooted


def of_halves(kernels):
    halves = torch.zeros(1, 2, SIDE, SIDE)
    halves[:, 0, :, : SIDE // 2], halves[:, 1, :, SIDE // 2 :] = 1, 1
    return KernelField(kernels[None], halves)


def test_a_right_kernel_is_sure_and_a_wrong_one_is_not(shakes):
    right, other = shakes
    assert sureness(shot(constant(right)), right, alike=0.0) > 0.9
    assert sureness(shot(constant(right)), other, alike=1.0) == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_kernel_of_half_the_photo_is_not_sure(seed):
    kernels = shake_kernels(2, KERNEL, generator=torch.Generator().manual_seed(seed), extent=(9, 14))
    assert sureness(shot(of_halves(kernels)), kernels[0], alike=1.0) == 0


@pytest.mark.parametrize("still", [slice(0, SIDE // 2), slice(0, SIDE)])
def test_a_kernel_is_not_sure_where_a_quarter_or_half_of_the_photo_stood_still(shakes, still):
    field = of_halves(torch.stack((shakes[0], no_blur(shakes[0]))))
    field.coefficients[:, 1] = 0
    field.coefficients[:, 1, still, SIDE // 2 :] = 1
    field.coefficients[:, 0] = 1 - field.coefficients[:, 1]
    assert sureness(shot(field), shakes[0], alike=1.0) < 0.1


def test_of_a_camera_that_turned_hardly_anything_is_sure():
    turning = shake_field((SIDE, SIDE), KERNEL, generator=torch.Generator().manual_seed(6), rotation=0.2)
    assert sureness(shot(turning), turning.mean_kernel()[0], alike=1.0) < 0.2


def asked(window, kernel):
    """The likeness of a kernel and a window's own."""
    own = attempts(window, KERNEL)[0]().kernel
    return likeness(torch.stack((kernel / kernel.norm(), own / own.norm())))[0, 1].item()


def test_the_likeness_is_that_of_the_two_quarters_that_agree_least_by_a_plain_loop(shakes):
    light, right = shot(constant(shakes[0])), shakes[0]
    middle, side = SIDE // 2, 8 * KERNEL
    found = [asked(light[top : top + side, left : left + side], right) for top in (0, middle) for left in (0, middle)]
    assert likeness_of_quarters(light, right) == pytest.approx(np.mean(sorted(found)[:2]), abs=1e-5)


@pytest.mark.parametrize(("flat", "sure"), [(1, True), (2, True), (3, False)])
def test_quarters_without_edges_do_not_take_sureness_away_while_two_are_left(shakes, flat, sure):
    light = shot(constant(shakes[0]))
    quarters = [half for rows in light.chunk(2) for half in rows.chunk(2, dim=1)]
    for quarter in quarters[:flat]:
        quarter[:] = 0.5 + 0.003 * torch.randn(quarter.shape, generator=torch.Generator().manual_seed(2))
    assert (sureness(light, shakes[0], alike=0.0) > 0.9) == sure


def test_a_quarter_is_asked_where_it_has_most_edges(shakes):
    light, side, found = shot(constant(shakes[0], side=20 * KERNEL)), 8 * KERNEL, []
    for quarter in (half for rows in light.chunk(2) for half in rows.chunk(2, dim=1)):
        edges = {}
        for top, left in itertools.product(range(0, len(quarter) - side + 1, 16), repeat=2):
            window = quarter[top : top + side, left : left + side]
            edges[top, left] = sum(one.double().square().sum() for one in (window.diff(dim=0), window.diff(dim=1)))
        top, left = max(edges, key=edges.get)
        found.append(((top, left), asked(quarter[top : top + side, left : left + side], shakes[0])))
    assert len({place for place, _ in found}) > 1
    least = sorted(one for _, one in found)[:2]
    assert likeness_of_quarters(light, shakes[0]) == pytest.approx(np.mean(least), abs=1e-5)


@pytest.mark.parametrize(
    ("length", "near", "sure"), [(17, 0.87, 1.0), (17, 0.81, 0.5), (17, 0.75, 0.0), (7, 0.9, 0.5), (5, 0.9, 0.0)]
)
def test_motion_that_is_not_short_is_as_sure_as_quarters_find_it_alike(monkeypatch, length, near, sure):
    monkeypatch.setattr(sys.modules[sureness.__module__], "likeness_of_quarters", lambda *_: near)
    assert sureness(torch.ones(LEAST, LEAST), line(length), alike=0.0) == pytest.approx(sure, abs=1e-5)


@pytest.mark.parametrize(
    ("length", "alike", "sure"),
    [(17, 0.9995, 1.0), (17, 0.998, 0.5), (17, 0.99, 0.0), (11, 0.999, 10**0.5 - 2.5), (7, 0.999, 0.0)],
)
def test_in_a_photo_too_small_for_quarters_long_motion_is_as_sure_as_two_ways_find_it_alike(length, alike, sure):
    assert sureness(torch.ones(LEAST, LEAST - 1), line(length), alike) == pytest.approx(sure, abs=1e-5)


def test_a_photo_too_large_to_look_for_a_turning_camera_in_can_be_sure_too(shakes, monkeypatch):
    monkeypatch.setattr(sys.modules[find_motion.__module__], "HELD", 100 * 100)
    assert find_motion(taken(constant(shakes[0])), kernel_size=KERNEL).sureness() > 0.9


def test_two_quarters_that_leave_nothing_sure_are_enough(shakes, monkeypatch):
    asked_ones = []

    def counting(window, size):
        asked_ones.append(size)
        return shakes[0]

    monkeypatch.setattr(sys.modules[sureness.__module__], "plain_kernel", counting)
    light = shot(constant(shakes[0]))
    assert sureness(light, shakes[0], alike=0.0) == 1
    assert len(asked_ones) == 4
    assert sureness(light, shakes[1], alike=0.0) == 0
    assert len(asked_ones) == 6
