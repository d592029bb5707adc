"""The refinement by the picture, as the chain asks for it."""

import torch

from deblur_lightning.deblurring import AlternatingRefinement
from deblur_lightning.estimation import refine_field
from deblur_lightning.exposure import EVERY_SIDE, Exposure
from deblur_lightning.field import KernelField, delta_field


def soft(height=120, width=120):
    rough = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.avg_pool2d(rough, 5, 1, 2, count_include_pad=False)


def guessed(blurry):
    basis = torch.zeros(1, 1, 9, 9)
    basis[0, 0, 4, 2:7] = 0.2
    return KernelField(basis, delta_field(blurry, 9).coefficients)


def test_it_is_refine_field_with_the_exposure_s_gamma():
    blurry = soft()
    refined = AlternatingRefinement(still=0.9, most=2)(blurry, guessed(blurry), Exposure(1.4))
    torch.testing.assert_close(refined, refine_field(blurry, guessed(blurry), gamma=1.4, still=0.9, most=2))
    assert (refined.basis - guessed(blurry).basis).abs().max() > 0.01


def test_where_borders_are_dark_kernels_are_read_off_further_in_and_less_soft():
    blurry = soft()
    refined = AlternatingRefinement()(blurry, guessed(blurry), Exposure(1.0, EVERY_SIDE))
    inner = blurry[..., 8:-8, 8:-8]
    expected = refine_field(inner, guessed(inner), gamma=1.0, softness=0.45)
    torch.testing.assert_close(refined.basis, expected.basis)
    assert refined.coefficients.shape[-2:] == blurry.shape[-2:]
