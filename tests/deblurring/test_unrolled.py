"""The unrolled restorer: its steps against dense least squares and Chebyshev's polynomials, and what it promises."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev as polynomials
from torch import nn

from deblur_lightning.deblurring import (
    CameraExposure,
    MotionDeblurrer,
    UnrolledRestorer,
    build,
    describe,
)
from deblur_lightning.deblurring.restorers import Glance
from deblur_lightning.deblurring.unrolled import INNER, OUTER, PULL, Blurring, DataSteps, chebyshev
from deblur_lightning.exposure import EVERY_SIDE, NO_SIDE, Exposure, Sides
from deblur_lightning.field import KernelField, delta_field, stack_fields
from deblur_lightning.networks import SeeingNAFNet
from deblur_lightning.physics import blur, shake_kernels
from deblur_lightning.restoration import deconvolve

SMALL = {"steps": (3, 2), "width": 4, "middle_blocks": 1, "encoder_blocks": (1,), "decoder_blocks": (1,)}


def random_field(size, height, width, seed=0, basis=2):
    generator = torch.Generator().manual_seed(seed)
    kernels = torch.rand(1, basis, size * size, generator=generator, dtype=torch.float64).softmax(-1)
    shares = torch.rand(1, basis, height, width, generator=generator, dtype=torch.float64).softmax(1)
    return KernelField(kernels.view(1, basis, size, size), shares)


def test_each_picture_is_blurred_by_its_own_field():
    fields = [random_field(3, 12, 13, seed, basis) for seed, basis in ((0, 1), (1, 2))]
    images = torch.rand(2, 3, 14, 15, dtype=torch.float64)
    small = torch.rand(2, 3, 12, 13, dtype=torch.float64)
    both = Blurring(stack_fields(fields))
    expected = torch.cat([blur(one, field, "valid") for one, field in zip(images.split(1), fields, strict=True)])
    torch.testing.assert_close(both.blur(images), expected)
    torch.testing.assert_close((both.adjoint(small) * images).sum(), (small * expected).sum())


def test_a_direct_network_s_picture_stands_where_the_field_s_is_not_gone_along_with():
    class Brighter(nn.Module):
        def forward(self, pictures):
            return pictures + 0.25

    restorer = UnrolledRestorer(**{**SMALL, "steps": ()}, direct=Brighter())
    blurry = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(2)) / 2
    field, start = delta_field(blurry, 3), torch.rand(1, 3, 20, 24)
    half = restorer.restore(blurry, field, Exposure(), start)  # untrained it trusts both alike
    torch.testing.assert_close(half, (blurry + 0.25 + start) / 2)
    restorer.priors[0].network.ending.bias.data[3 * 2**2 :] = -20.0  # the share of trust
    torch.testing.assert_close(restorer.restore(blurry, field, Exposure(), start), blurry + 0.25)


def matrix_of(operator, height, width):
    """The operator's matrix, column by column."""
    columns = torch.eye(height * width, dtype=torch.float64).view(-1, 1, 1, height, width)
    return torch.stack([operator.blur(column).flatten() for column in columns], dim=1)


@pytest.mark.parametrize("dark", [NO_SIDE, Sides(top=True, right=True), EVERY_SIDE])
def test_many_steps_reach_the_minimum_of_dense_least_squares(dark):
    operator = Blurring(random_field(3, 5, 6))
    generator = torch.Generator().manual_seed(1)
    start = torch.rand(1, 3, 7, 8, generator=generator, dtype=torch.float64)
    light = torch.rand(1, 3, 5, 6, generator=generator, dtype=torch.float64)
    known = (torch.rand(1, 3, 5, 6, generator=generator) > 0.2).double()
    lit = torch.ones(7, 8, dtype=torch.bool)
    for side, outermost in zip(dark, (lit[0], lit[-1], lit[:, 0], lit[:, -1]), strict=True):
        outermost[:] &= not side
    _, reached = DataSteps(120).double()(start * lit, light, known, operator, dark)
    assert not reached[..., ~lit].any()
    blurring = matrix_of(operator, 7, 8)[:, lit.flatten()]
    for channel in range(3):
        weighted = blurring.T * known[0, channel].flatten()
        normal = weighted @ blurring + PULL * torch.eye(int(lit.sum()), dtype=torch.float64)
        wanted = weighted @ light[0, channel].flatten() + PULL * start[0, channel][lit]
        expected = torch.linalg.solve(normal, wanted)
        torch.testing.assert_close(reached[0, channel][lit], expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_steps_leave_of_each_eigenvector_what_chebyshevs_polynomial_leaves(count):
    least, most = 0.02, 1.02
    strides, momenta = chebyshev(count, least, most)
    eigenvalues = np.linspace(least, most, 9)
    error, direction = np.ones(9), np.zeros(9)
    for stride, momentum in zip(strides, momenta, strict=True):
        direction = -eigenvalues * error + momentum * direction
        error = error + stride * direction
    best = np.zeros(count + 1)
    best[count] = 1
    scaled = (most + least - 2 * eigenvalues) / (most - least)
    expected = polynomials.chebval(scaled, best) / polynomials.chebval((most + least) / (most - least), best)
    np.testing.assert_allclose(error, expected, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(height=st.integers(20, 45), width=st.integers(20, 45), channels=st.sampled_from([1, 3]), seed=st.integers(0, 99))
def test_untrained_it_leaves_a_picture_without_blur_as_it_is(height, width, channels, seed):
    blurry = 0.1 + 0.8 * torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(seed))
    restored = UnrolledRestorer(**SMALL).restore(blurry, delta_field(blurry, 9), Exposure(), start=blurry)
    torch.testing.assert_close(restored, blurry, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dark", [NO_SIDE, Sides(left=True), EVERY_SIDE])
def test_untrained_it_goes_half_way_to_what_deconvolve_makes(dark):
    blurry = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(8))
    field = delta_field(blurry, 9)._replace(basis=shake_kernels(1, 9, generator=torch.Generator().manual_seed(9))[None])
    restored = UnrolledRestorer(**{**SMALL, "steps": ()}).restore(blurry, field, Exposure(1.8, dark))
    expected = (blurry + deconvolve(blurry, field, gamma=1.8, start=0, outer=OUTER, inner=INNER, dark=dark)) / 2
    torch.testing.assert_close(restored, expected)


def test_as_far_as_motion_is_sure_half_is_what_deconvolve_makes():
    blurry = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(10))
    field = delta_field(blurry, 9)._replace(basis=shake_kernels(1, 9, generator=torch.Generator().manual_seed(9))[None])
    restorer = trained_for_nothing().eval()
    doubting, sure = (restorer.restore(blurry, field, Exposure(sure=sure)) for sure in (0.0, 0.6))
    boldest = deconvolve(blurry, field, start=0, outer=OUTER, inner=INNER)
    torch.testing.assert_close(sure, doubting + 0.3 * (boldest - doubting))
    assert (sure - doubting).abs().max() > 0.01


def trained_for_nothing():
    """Give every weight some value, so that nothing is zero by its start."""
    torch.manual_seed(0)
    restorer = UnrolledRestorer(**SMALL)
    for weights in restorer.parameters():
        nn.init.normal_(weights, std=0.05) if weights.ndim > 1 else weights.data.add_(0.01)
    return restorer


def test_pictures_of_a_batch_do_not_see_each_other_and_stay_in_range():
    restorer = trained_for_nothing().eval()
    blurry = torch.rand(2, 3, 33, 40, generator=torch.Generator().manual_seed(3))
    kernels = shake_kernels(2, 9, generator=torch.Generator().manual_seed(4))[:, None]
    field = KernelField(kernels, torch.ones(2, 1, 33, 40))
    restored = restorer(blurry, field, Exposure())
    assert restored.shape == blurry.shape
    assert restored.min() >= 0
    assert restored.max() <= 1
    for number, picture in enumerate(restored.split(1)):
        own = KernelField(*(part[number : number + 1] for part in field))
        torch.testing.assert_close(restorer(blurry[number : number + 1], own, Exposure()), picture, atol=1e-5, rtol=0)


def test_gray_is_restored_as_gray_of_three_equal_channels():
    restorer = trained_for_nothing().eval()
    gray = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(5))
    field = delta_field(gray, 5)
    colour = restorer.restore(gray.expand(-1, 3, -1, -1), field, Exposure())
    torch.testing.assert_close(restorer.restore(gray, field, Exposure()), colour.mean(1, keepdim=True))


def test_every_weight_learns():
    restorer = trained_for_nothing()
    blurry = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(6)) * 0.8
    kernel = shake_kernels(1, 9, generator=torch.Generator().manual_seed(7))[None]
    restorer.restore(blurry, KernelField(kernel, torch.ones(1, 1, 32, 32)), Exposure()).square().mean().backward()
    still = {name for name, weights in restorer.named_parameters() if weights.grad is None or not weights.grad.any()}
    assert not still


def test_it_is_a_part_of_a_chain_that_a_checkpoint_can_tell():
    chain = MotionDeblurrer(nn.Identity(), UnrolledRestorer(**SMALL), exposure=CameraExposure())
    recipe = describe(chain.restorer)
    assert recipe["class_path"] == "deblur_lightning.deblurring.UnrolledRestorer"
    whole = describe(MotionDeblurrer(None, chain.restorer))
    again = build(whole)
    assert {name: w.shape for name, w in again.restorer.state_dict().items()} == {
        name: w.shape for name, w in chain.restorer.state_dict().items()
    }


def test_beyond_dark_sides_is_no_light_to_blur():
    restorer = UnrolledRestorer(**{**SMALL, "steps": ()})
    sharp = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(8))
    field = delta_field(sharp, 9)._replace(basis=shake_kernels(1, 9, generator=torch.Generator().manual_seed(9))[None])
    seen = {}
    restorer.priors[0].register_forward_hook(lambda _, inputs, output: seen.update(again=inputs[2]))
    restorer.restore(sharp, field, Exposure(1.0, EVERY_SIDE), start=sharp)
    torch.testing.assert_close(seen["again"], blur(sharp, field, "zeros"))


class Telling(SeeingNAFNet):
    """Tells of all light that it went along a line of five pixels, down."""

    def __init__(self):
        super().__init__(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)

    def both(self, blurry):
        kernel = torch.zeros(9, 9)
        kernel[2:7, 4] = 0.2
        rows, columns = (math.ceil(side / 8) for side in blurry.shape[-2:])
        return blurry, kernel.flatten()[None, :, None, None].expand(len(blurry), -1, rows, columns).log()


def asking_restorer():
    return UnrolledRestorer(**SMALL, direct=Telling(), asking=True)


def test_asking_networks_see_how_far_light_went_by_both():
    restorer, blurry = asking_restorer(), torch.rand(2, 3, 40, 44)
    across = torch.zeros(1, 1, 5, 5)
    across[..., 2, 1:4] = 1 / 3
    field = KernelField(across.expand(2, -1, -1, -1), torch.ones(2, 1, 40, 44))
    seen = []
    for prior in restorer.priors:
        prior.register_forward_hook(lambda _, inputs, output: seen.append(inputs[-1]))
    restorer.restore(blurry, field, Exposure())
    expected = torch.tensor([0, 2**0.5, 0, (2 / 3) ** 0.5, 0, 0]) / 10  # standard deviations, in tens of pixels
    assert len(seen) == 3
    for hints in seen:
        torch.testing.assert_close(hints, expected.view(1, 6, 1, 1).expand(2, 6, 40, 44), rtol=0, atol=1e-5)


def test_what_it_asks_it_may_be_told():
    restorer, blurry = asking_restorer().eval(), torch.rand(1, 3, 40, 44)
    field = delta_field(blurry, 5)
    own = restorer.restore(blurry, field, Exposure())
    told = restorer.glance(blurry)
    torch.testing.assert_close(restorer.upon(told, blurry, field, Exposure()), own.clamp(0, 1))
    with pytest.raises(ValueError, match=r"tells no extent, but the networks see it\. Pass that of a SeeingNAFNet"):
        restorer.upon(Glance(blurry), blurry, field, Exposure())


@pytest.mark.parametrize("direct", [None, nn.Identity()])
def test_it_asks_no_network_that_tells_no_motion(direct):
    with pytest.raises(ValueError, match=r"which tells no motion\. Pass a SeeingNAFNet"):
        UnrolledRestorer(**SMALL, direct=direct, asking=True)


def test_that_it_asks_a_checkpoint_can_tell():
    restorer = UnrolledRestorer(**SMALL, direct=SeeingNAFNet(9), asking=True)
    again = build(describe(MotionDeblurrer(None, restorer))).restorer
    assert again.asking
    assert again.priors[0].network.intro.weight.shape == restorer.priors[0].network.intro.weight.shape
