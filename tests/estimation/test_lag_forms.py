import pytest
import torch

from deblur_lightning.estimation.lag_forms import gradients, lag_forms
from deblur_lightning.field import KernelField
from deblur_lightning.physics import blur

SIZE, KERNEL, BASIS = (23, 31), 5, 3


@pytest.fixture
def scene():
    random = torch.Generator().manual_seed(7)
    kernels = torch.rand(BASIS, KERNEL, KERNEL, dtype=torch.float64, generator=random)
    kernels /= kernels.sum((1, 2), keepdim=True)
    shares = torch.rand(BASIS, *SIZE, dtype=torch.float64, generator=random) + 0.2
    sharp = torch.rand(*(side + KERNEL - 1 for side in SIZE), dtype=torch.float64, generator=random)
    light = torch.rand(*SIZE, dtype=torch.float64, generator=random)
    return sharp, light, KernelField(kernels[None], (shares / shares.sum(0))[None])


def misfit(kernels, sharp, light, field):
    """The sum of squares that the form stands for: shares weigh the kernels' gradients."""
    shares = field.coefficients[0, :, :-1, :-1]
    steep = gradients(sharp)
    one = torch.ones(1, 1, *shares.shape[1:], dtype=torch.float64)
    parts = [
        torch.stack([blur(plane[None, None], KernelField(kernel[None, None], one), "valid")[0, 0] for plane in steep])
        for kernel in kernels
    ]
    explained = sum(share * part for share, part in zip(shares, parts, strict=True))
    return (explained - gradients(light)).square().sum()


def test_the_gradient_at_the_present_kernels_is_exact(scene):
    sharp, light, field = scene
    kernels = field.basis[0].clone()
    forms = lag_forms(sharp, light, field)
    slope = 2 * (forms.apply(kernels) - forms.wanted)
    step, numeric = 1e-4, torch.zeros_like(kernels)
    for index in range(kernels.numel()):
        change = torch.zeros(kernels.numel(), dtype=torch.float64)
        change[index] = step
        one = misfit(_unit(kernels, change), sharp, light, field)
        other = misfit(_unit(kernels, -change), sharp, light, field)
        numeric.view(-1)[index] = (one - other) / (2 * step)
    torch.testing.assert_close(slope, numeric, rtol=1e-6, atol=1e-6)


def _unit(kernels, change):
    return kernels + change.view_as(kernels)


def test_the_form_of_one_kernel_is_that_of_dense_least_squares_but_for_the_border(scene):
    sharp, light, field = scene
    sharp = torch.zeros_like(sharp).index_put_((torch.tensor([12, 14]), torch.tensor([13, 18])), torch.ones(2).double())
    field = KernelField(field.basis[:, :1], torch.ones_like(field.coefficients[:, :1]))
    forms = lag_forms(sharp, light, field)
    columns = []
    for index in range(KERNEL**2):
        kernel = torch.zeros(KERNEL**2, dtype=torch.float64)
        kernel[index] = 1
        columns.append(forms.apply(kernel.view(1, KERNEL, KERNEL)).flatten())
    patches = gradients(sharp).unfold(1, KERNEL, 1).unfold(2, KERNEL, 1).flatten(3).flatten(0, 2)
    dense = patches.T @ patches
    torch.testing.assert_close(torch.stack(columns), dense, atol=1e-9, rtol=0)


def test_true_kernels_are_a_fixed_point(scene):
    sharp, _, field = scene
    field = field._replace(coefficients=torch.ones_like(field.coefficients[:, :1]), basis=field.basis[:, :1])
    light = blur(sharp[None, None], field, "valid")[0, 0]
    forms = lag_forms(sharp, light, field)
    torch.testing.assert_close(forms.apply(field.basis[0]), forms.wanted, atol=1e-8, rtol=0)


def test_a_part_smaller_than_a_kernel_has_lags_as_others_have(scene):
    sharp, light, field = scene
    shares = torch.zeros(2, *SIZE, dtype=torch.float64)
    shares[0], shares[0, 4:6, 7], shares[1, 4:6, 7] = 1, 0, 1
    forms = lag_forms(sharp, light, KernelField(field.basis[:, :2], shares[None]))
    patches = gradients(sharp).unfold(1, KERNEL, 1).unfold(2, KERNEL, 1)[:, 4:6, 7].flatten(2).flatten(0, 1)
    explained = blur(sharp[None, None], KernelField(field.basis[:, 1:2], torch.ones(1, 1, *SIZE).double()), "valid")
    left = (gradients(light) - gradients(explained[0, 0]))[:, 4:6, 7].flatten()
    slope = (forms.wanted - forms.apply(field.basis[0, :2]))[1].flatten()
    torch.testing.assert_close(slope, patches.T @ left, atol=1e-9, rtol=0)
