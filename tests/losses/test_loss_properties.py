"""Both losses over random sizes, types, numbers of kernels, weights: against their formulas, and laws they obey."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deblur_lightning import KernelField
from deblur_lightning.losses import kernel_loss, reblur_loss
from deblur_lightning.physics import blur, saturate, to_display, to_linear

sizes = st.fixed_dictionaries(
    {
        "pictures": st.integers(1, 3),
        "height": st.integers(4, 12),
        "width": st.integers(4, 12),
        "kernel": st.sampled_from([1, 3, 5, 7]),
        "seed": st.integers(0, 10**6),
    }
)
counts = st.integers(1, 5)


def generator_of(size):
    return torch.Generator().manual_seed(size["seed"])


def random_field(size, basis, generator, dtype=torch.float64):
    pictures, side = size["pictures"], size["kernel"]
    kernels = torch.rand(pictures, basis, side * side, generator=generator, dtype=torch.float64)
    mixture = torch.rand(pictures, basis, size["height"], size["width"], generator=generator, dtype=torch.float64)
    field = KernelField((5 * kernels).softmax(-1).view(pictures, basis, side, side), (5 * mixture).softmax(1))
    return field.to(dtype=dtype)


def pixel_kernels(field):
    return torch.einsum("nbij,nbhw->nhwij", *field)


def random_weights(size, generator):
    return torch.rand(size["pictures"], size["height"], size["width"], generator=generator, dtype=torch.float64)


@settings(max_examples=60, deadline=None)
@given(size=sizes, ours=counts, true=counts, p=st.sampled_from([1, 2]))
def test_the_kernel_loss_is_its_formula_at_every_size(size, ours, true, p):
    generator = generator_of(size)
    predicted, target = random_field(size, ours, generator), random_field(size, true, generator)
    weights = random_weights(size, generator)
    differences = (pixel_kernels(predicted) - pixel_kernels(target)).abs().pow(p).sum(dim=(-2, -1))
    expected = (weights * differences).sum() / size["pictures"]
    torch.testing.assert_close(kernel_loss(predicted, target, weights, p), expected, rtol=1e-9, atol=1e-13)
    single = kernel_loss(predicted.to(dtype=torch.float32), target.to(dtype=torch.float32), weights.float(), p)
    torch.testing.assert_close(single.double(), expected, rtol=1e-4, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(size=sizes, basis=counts, p=st.sampled_from([1, 2]))
def test_the_kernel_loss_does_not_depend_on_how_a_field_is_factored(size, basis, p):
    generator = generator_of(size)
    field, target = random_field(size, basis, generator), random_field(size, 2, generator)
    order = torch.randperm(basis, generator=generator)
    shuffled = KernelField(field.basis[:, order], field.coefficients[:, order])
    twice = KernelField(
        torch.cat((field.basis, field.basis), 1), torch.cat((0.25 * field.coefficients, 0.75 * field.coefficients), 1)
    )
    once = kernel_loss(field, target, p=p)
    torch.testing.assert_close(kernel_loss(shuffled, target, p=p), once, rtol=1e-9, atol=1e-13)
    torch.testing.assert_close(kernel_loss(twice, target, p=p), once, rtol=1e-9, atol=1e-13)
    assert kernel_loss(field, twice, p=p).abs() < 1e-12


@settings(max_examples=40, deadline=None)
@given(
    size=sizes,
    basis=counts,
    channels=st.sampled_from([1, 3]),
    gamma=st.sampled_from([1.0, 2.2]),
    surrounded=st.booleans(),
)
def test_the_reblur_loss_is_its_formula_at_every_size(size, basis, channels, gamma, surrounded):
    generator = generator_of(size)
    field, weights = random_field(size, basis, generator), random_weights(size, generator)
    margin = size["kernel"] - 1 if surrounded else 0
    shape = size["pictures"], channels, size["height"], size["width"]
    blurry = torch.rand(shape, generator=generator, dtype=torch.float64)
    sharp = torch.rand(*shape[:2], shape[2] + margin, shape[3] + margin, generator=generator, dtype=torch.float64)
    padding = "valid" if margin else "reflect"
    exposed = to_display(saturate(blur(to_linear(sharp, gamma), field, padding)), gamma)
    expected = (weights[:, None] * (exposed - blurry) ** 2).sum() / size["pictures"]
    torch.testing.assert_close(reblur_loss(blurry, sharp, field, weights, gamma), expected, rtol=1e-9, atol=1e-12)
    assert reblur_loss(exposed, sharp, field, weights, gamma) < 1e-20
