"""Reblur loss against the camera model written out."""

import math

import pytest
import torch

from deblur_lightning import KernelField
from deblur_lightning.losses import reblur_loss
from deblur_lightning.physics import blur, saturate


def random_field(size: int = 5, *, height: int = 9, width: int = 11, dtype: torch.dtype = torch.float64) -> KernelField:
    generator = torch.Generator().manual_seed(0)
    kernels = torch.randn(2, 3, size * size, generator=generator, dtype=dtype).softmax(-1)
    return KernelField(kernels.unflatten(-1, (size, size)), torch.randn(2, 3, height, width, dtype=dtype).softmax(1))


def picture(height: int = 9, width: int = 11, seed: int = 1) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("margin", "padding"), [(0, "reflect"), (4, "valid")])
def test_loss_is_the_weighted_square_of_what_the_camera_would_record(margin, padding):
    field, blurry, sharp = random_field(), picture(), 1.2 * picture(9 + margin, 11 + margin, seed=2)
    weights = picture(seed=3)[:, 0]
    recorded = saturate(blur(sharp**2.2, field, padding)).clamp(min=0) ** (1 / 2.2)
    wanted = (weights.unsqueeze(1) * (recorded - blurry) ** 2).sum() / 2
    torch.testing.assert_close(reblur_loss(blurry, sharp, field, weights), wanted)


def test_the_field_that_made_the_picture_costs_nothing():
    field, sharp = random_field(), picture(13, 15)
    blurry = saturate(blur(sharp**2.2, field, "valid")).clamp(min=0) ** (1 / 2.2)
    assert reblur_loss(blurry, sharp, field) < 1e-20
    assert reblur_loss(blurry, sharp, field._replace(basis=field.basis.flip(-1))) > 1e-3


def test_gradcheck():
    field, blurry, sharp = random_field(3, height=4, width=5), picture(4, 5), picture(4, 5, seed=2)
    inputs = [tensor.requires_grad_() for tensor in field]
    assert torch.autograd.gradcheck(lambda *parts: reblur_loss(blurry, sharp, KernelField(*parts)), inputs, atol=1e-6)


def test_black_pictures_leave_finite_gradients():
    field, black = random_field(), torch.zeros(2, 3, 9, 11, dtype=torch.float64)
    inputs = [tensor.requires_grad_() for tensor in field]
    for gradient in torch.autograd.grad(reblur_loss(black, black, field), inputs):
        assert gradient.isfinite().all()


def test_a_diverged_network_gives_nan_rather_than_an_error():
    field = random_field()
    assert math.isnan(reblur_loss(picture(), picture(), field._replace(basis=field.basis * math.nan)))


def test_bfloat16_autocast_keeps_the_loss_in_float32():
    field, blurry, sharp = random_field(dtype=torch.float32), picture().float(), picture(seed=2).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = reblur_loss(blurry, sharp, field)
    assert torch.equal(loss, reblur_loss(blurry, sharp, field))


def test_sizes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"sharp is \[10, 11\].*Pass the size of blurry, or \[13, 15\]"):
        reblur_loss(picture(), picture(10, 11), random_field())
    with pytest.raises(ValueError, match=r"sharp is \[2, 1, .*as many pictures and channels"):
        reblur_loss(picture(), picture()[:, :1], random_field())
    with pytest.raises(ValueError, match=r"weights are.*Match them"):
        reblur_loss(picture(), picture(), random_field(), torch.ones(2, 1, 1))
