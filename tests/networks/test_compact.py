"""What the compact network does otherwise than the published one."""

import pytest
import torch

from deblur_lightning.networks import AdaptiveBasisNetwork, CompactBasisNetwork


def test_the_light_is_seen_relative_to_its_mean():
    torch.manual_seed(0)
    network = CompactBasisNetwork(num_basis=3, kernel_size=9, width=8).double()
    light = 0.5 + torch.rand(1, 3, 40, 40, dtype=torch.float64)
    bright, dim = network(light * 1000 - 0.5), network(light * 500 - 0.5)
    torch.testing.assert_close(bright.coefficients, dim.coefficients, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kernel_size", [9, 17, 33, 65])
@pytest.mark.parametrize("size", [(32, 32), (33, 47), (70, 101)])
@pytest.mark.parametrize("fold", [1, 2, 3])
def test_fields_have_the_picture_s_size_and_unit_sums(kernel_size, size, fold):
    torch.manual_seed(0)
    field = CompactBasisNetwork(5, kernel_size, 8, deepest=4, fold=fold)(torch.rand(2, 3, *size) - 0.5)
    assert field.basis.shape == (2, 5, kernel_size, kernel_size)
    assert field.coefficients.shape == (2, 5, *size)
    torch.testing.assert_close(field.basis.sum(dim=(2, 3)), torch.ones(2, 5))
    torch.testing.assert_close(field.coefficients.sum(dim=1), torch.ones(2, *size))


def test_gray_pictures_are_seen_as_rgb():
    torch.manual_seed(0)
    network = CompactBasisNetwork(3, 9, 8)
    gray = torch.rand(1, 1, 40, 50) - 0.5
    for seen, expected in zip(network(gray), network(gray.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(seen, expected)


def test_it_starts_with_signals_that_depend_on_the_picture():
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 64, 64) - 0.5
    spread = []
    for network in (AdaptiveBasisNetwork(4, 17, 8), CompactBasisNetwork(4, 17, 8)):
        one, other = network(pictures).basis.log()
        spread.append((one - other).std().item())
    assert spread[0] < 1e-3 < 1e-2 < spread[1]


def test_every_parameter_learns():
    torch.manual_seed(0)
    network = CompactBasisNetwork(3, 17, 8)
    field = network(torch.rand(1, 3, 64, 64) - 0.5)
    (field.basis.square().sum() + field.coefficients.square().sum()).backward()
    assert all(parameter.grad.any() for parameter in network.parameters())


def test_a_fold_of_nothing_is_refused():
    with pytest.raises(ValueError, match="fold is 0, but it is a side in pixels"):
        CompactBasisNetwork(fold=0)
