"""Sampled cross-entropy against kernels read pixel by pixel."""

import pytest
import torch

from deblur_lightning import KernelField
from deblur_lightning.losses import sampled_cross_entropy


def random_field(count: int, seed: int, *, size: int = 5, width: int = 7) -> KernelField:
    generator = torch.Generator().manual_seed(seed)
    kernels = torch.randn(2, count, size * size, generator=generator, dtype=torch.float64).softmax(-1)
    mixture = torch.randn(2, count, 6, width, generator=generator, dtype=torch.float64).softmax(1)
    return KernelField(kernels.unflatten(-1, (size, size)), mixture)


def test_constant_fields_give_the_cross_entropy_of_their_two_kernels():
    predicted, target = (
        field._replace(coefficients=field.coefficients[..., :1, :1].expand(-1, -1, 6, 7))
        for field in (random_field(4, 0), random_field(2, 1))
    )
    true, drawn = target.kernel_at(0, 0), predicted.kernel_at(0, 0)
    wanted = -(true * drawn.log()).sum(dim=(-2, -1)).mean()
    torch.testing.assert_close(sampled_cross_entropy(predicted, target, samples=5), wanted)


def test_many_samples_approach_the_mean_over_all_pixels():
    predicted, target = random_field(4, 0), random_field(2, 1)
    pixels = [(row, column) for row in range(6) for column in range(7)]
    each = [-(target.kernel_at(*at) * predicted.kernel_at(*at).log()).sum(dim=(-2, -1)).mean() for at in pixels]
    generator = torch.Generator().manual_seed(0)
    drawn = sampled_cross_entropy(predicted, target, samples=20_000, generator=generator)
    torch.testing.assert_close(drawn, torch.stack(each).mean(), rtol=1e-3, atol=0)


def test_the_generator_decides_the_draw_and_truth_is_the_best():
    predicted, target = random_field(4, 0), random_field(2, 1)
    first, second = (sampled_cross_entropy(predicted, target, 16, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert sampled_cross_entropy(target, target, 16, torch.Generator().manual_seed(3)) < first


def test_a_cell_without_light_keeps_value_and_gradient_finite():
    target = random_field(2, 1)
    basis = torch.zeros(2, 1, 5, 5, dtype=torch.float64)
    basis[..., 2, 2] = 1
    delta = KernelField(basis.requires_grad_(), torch.ones(2, 1, 6, 7, dtype=torch.float64))
    loss = sampled_cross_entropy(delta, target)
    (gradient,) = torch.autograd.grad(loss, basis)
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_bfloat16_autocast_keeps_it_in_float32():
    predicted, target = (random_field(count, count).to(dtype=torch.float32) for count in (3, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = sampled_cross_entropy(predicted, target, 16, torch.Generator().manual_seed(3))
    assert torch.equal(loss, sampled_cross_entropy(predicted, target, 16, torch.Generator().manual_seed(3)))


def test_fields_of_other_sizes_are_named():
    with pytest.raises(ValueError, match="one kernel_size"):
        sampled_cross_entropy(random_field(3, 0), random_field(3, 0, size=7))
    with pytest.raises(ValueError, match="same pictures and pixels"):
        sampled_cross_entropy(random_field(3, 0), random_field(3, 0, width=8))
