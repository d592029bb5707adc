import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.estimation.valid_blur import ValidBlur
from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator


@pytest.fixture
def random():
    return torch.Generator().manual_seed(4)


@pytest.mark.parametrize(("size", "height", "width"), [(1, 4, 7), (3, 9, 8), (5, 5, 12)])
def test_it_is_the_correlation_at_all_places_where_the_kernel_fits(random, size, height, width):
    kernel = torch.rand(size, size, dtype=torch.float64, generator=random)
    sharp = torch.rand(2, height + size - 1, width + size - 1, dtype=torch.float64, generator=random)
    blurred = ValidBlur(kernel, torch.Size((height, width))).blur(sharp)
    torch.testing.assert_close(blurred, F.conv2d(sharp[:, None], kernel[None, None])[:, 0])


def test_it_is_the_blur_of_a_field_of_one_kernel(random):
    kernel = torch.rand(5, 5, dtype=torch.float64, generator=random)
    field = KernelField((kernel / kernel.sum())[None, None], torch.ones(1, 1, 9, 12, dtype=torch.float64))
    sharp = torch.rand(2, 13, 16, dtype=torch.float64, generator=random)
    blurry = torch.rand(2, 9, 12, dtype=torch.float64, generator=random)
    one, general = ValidBlur(field.basis[0, 0], blurry.shape[-2:]), BlurOperator(field, "valid")
    torch.testing.assert_close(one.blur(sharp), general.blur(sharp[None])[0])
    torch.testing.assert_close(one.adjoint(blurry), general.adjoint(blurry[None])[0])


def test_the_adjoint_is_the_transpose(random):
    operator = ValidBlur(torch.rand(5, 5, dtype=torch.float64, generator=random), torch.Size((7, 9)))
    sharp = torch.rand(2, 11, 13, dtype=torch.float64, generator=random)
    blurry = torch.rand(2, 7, 9, dtype=torch.float64, generator=random)
    torch.testing.assert_close((operator.blur(sharp) * blurry).sum(), (sharp * operator.adjoint(blurry)).sum())
