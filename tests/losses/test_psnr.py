import math

import pytest
import torch

from deblur_lightning.losses import psnr_loss


def test_it_is_minus_the_mean_of_each_pictures_psnr():
    sharp = torch.zeros(2, 3, 5, 7)
    restored = torch.stack([torch.full((3, 5, 7), 0.1), torch.full((3, 5, 7), 0.01)])
    assert math.isclose(psnr_loss(restored, sharp, floor=0.0).item(), -30.0, abs_tol=1e-4)  # of 20 and 40 dB


def test_the_floor_bounds_what_a_perfect_picture_counts():
    sharp = torch.rand(1, 3, 5, 7)
    assert math.isclose(psnr_loss(sharp, sharp).item(), -50.0, abs_tol=1e-4)


def test_numbers_of_sixteen_bits_are_compared_in_thirty_two():
    sharp = torch.full((1, 3, 4, 4), 0.5)
    restored = torch.full((1, 3, 4, 4), 0.5 + 1 / 128).bfloat16()
    expected = 10 * math.log10((1 / 128) ** 2 + 1e-5)
    assert math.isclose(psnr_loss(restored, sharp).item(), expected, abs_tol=1e-3)


def test_a_dark_picture_pulls_as_hard_as_a_bright_one():
    sharp = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    error = torch.randn(1, 3, 6, 6, dtype=torch.float64) * torch.tensor([0.2, 0.02]).view(2, 1, 1, 1)
    restored = (sharp + error).requires_grad_()
    psnr_loss(restored, sharp, floor=0.0).backward()
    pull = (restored.grad * error).flatten(1).sum(1)  # by how much the loss falls if the error shrinks by its share
    assert torch.allclose(pull, torch.full_like(pull, 10 / math.log(10)), rtol=1e-4)


def test_double_precision_stays():
    restored, sharp = torch.rand(2, 2, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert psnr_loss(restored, sharp).dtype == torch.float64


def test_pictures_of_other_shapes_are_not_stretched():
    with pytest.raises(ValueError, match=r"restored is \[2, 3, 8, 8\], but sharp is \[1, 1, 8, 8\]"):
        psnr_loss(torch.rand(2, 3, 8, 8), torch.rand(1, 1, 8, 8))
