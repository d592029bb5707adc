"""Kernel loss against the written-out formula."""

import pytest
import torch
from torch import Tensor

from deblur_lightning import KernelField
from deblur_lightning.field import delta_field
from deblur_lightning.losses import kernel_distance, kernel_loss, kernel_weights


def random_field(basis: int, *, pictures: int = 2, size: tuple[int, int] = (9, 11), seed: int = 0) -> KernelField:
    generator = torch.Generator().manual_seed(seed)
    kernels = torch.rand(pictures, basis, 25, generator=generator, dtype=torch.float64)
    mixture = torch.rand(pictures, basis, *size, generator=generator, dtype=torch.float64)
    return KernelField((4 * kernels).softmax(-1).view(pictures, basis, 5, 5), (4 * mixture).softmax(1))


def written_out(predicted: KernelField, target: KernelField, weights: Tensor, p: int) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for picture in range(len(weights)):
        for row in range(weights.shape[1]):
            for column in range(weights.shape[2]):
                difference = predicted.kernel_at(row, column)[picture] - target.kernel_at(row, column)[picture]
                total = total + weights[picture, row, column] * (difference.abs() ** p).sum()
    return total / len(weights)


@pytest.mark.parametrize("p", [1, 2])
def test_loss_and_gradients_equal_the_formula_pixel_by_pixel(p):
    predicted, target = random_field(4), random_field(3, seed=1)
    weights = torch.rand(2, 9, 11, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    inputs = [tensor.requires_grad_() for tensor in predicted]
    ours, theirs = kernel_loss(predicted, target, weights, p), written_out(predicted, target, weights, p)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    for got, wanted in zip(torch.autograd.grad(ours, inputs), torch.autograd.grad(theirs, inputs), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("p", [1, 2])
def test_gradcheck(p):
    predicted, target = random_field(3, size=(3, 4)), random_field(2, size=(3, 4), seed=1)
    inputs = [tensor.requires_grad_() for tensor in predicted]
    assert torch.autograd.gradcheck(lambda *field: kernel_loss(KernelField(*field), target, p=p), inputs)


def test_float32_does_not_cancel_near_the_truth():
    target = random_field(3, size=(32, 32)).to(dtype=torch.float32)
    predicted = target._replace(basis=target.basis + 1e-6 * torch.randn_like(target.basis))
    wide = kernel_loss(predicted.to(dtype=torch.float64), target.to(dtype=torch.float64))
    torch.testing.assert_close(kernel_loss(predicted, target).double(), wide, rtol=1e-5, atol=0)


def test_identical_fields_are_at_no_distance():
    field = random_field(3)
    assert ((distance := kernel_distance(field, field)) < 1e-12).all()
    assert (distance >= 0).all()  # a table shall not print -0.000


def test_weights_of_hard_masks_are_one_over_the_area_of_the_segment():
    mask = (torch.arange(99).view(1, 9, 11) < 20).double()
    field = random_field(3, pictures=1)._replace(coefficients=torch.stack((mask, 1 - mask, 0 * mask), dim=1))
    torch.testing.assert_close(kernel_weights(field), mask / 20 + (1 - mask) / 79)


def test_sizes_that_do_not_fit_are_named():
    field = random_field(3)
    with pytest.raises(ValueError, match=r"\[2, 3, 9, 10\].*same pictures"):
        kernel_loss(field, field.crop(0, 0, 9, 10))
    with pytest.raises(ValueError, match="Give each pixel one"):
        kernel_loss(field, field, torch.ones(2, 9, 10))
    with pytest.raises(ValueError, match="Pass 1 or 2"):
        kernel_loss(field, field, p=3)
    with pytest.raises(ValueError, match="one kernel_size"):
        kernel_loss(field, field._replace(basis=field.basis[..., 1:-1, 1:-1]))


@pytest.mark.parametrize("p", [1, 2])
def test_bfloat16_autocast_changes_nothing(p):
    predicted, target = (random_field(count, seed=count).to(dtype=torch.float32) for count in (4, 3))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = kernel_loss(predicted, target, p=p)
    assert torch.equal(loss, kernel_loss(predicted, target, p=p))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_of_a_large_segment_sum_to_one_in_every_type(kind):
    field = delta_field(torch.zeros(2, 3, 257, 256, dtype=kind), 3)
    weights = kernel_weights(field)
    assert weights.dtype == torch.promote_types(kind, torch.float32)
    torch.testing.assert_close(weights.double(), torch.full((2, 257, 256), 1 / (257 * 256)).double(), rtol=1e-6, atol=0)
