"""The network's published size, its shapes on odd pictures, and its refusals."""

import pytest
import torch

from deblur_lightning.networks import AdaptiveBasisNetwork
from deblur_lightning.networks.two_heads import _mean


def test_defaults_have_the_published_number_of_parameters():
    with torch.device("meta"):
        network = AdaptiveBasisNetwork()
    assert sum(parameter.numel() for parameter in network.parameters()) == 79_829_298


@pytest.mark.parametrize("kernel_size", [9, 17, 33, 65])
@pytest.mark.parametrize(("channels", "size"), [(3, (32, 32)), (1, (33, 47)), (3, (50, 75))])
def test_fields_have_the_picture_s_size_and_unit_sums(kernel_size, channels, size):
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=5, kernel_size=kernel_size, width=8)
    field = network(torch.rand(2, channels, *size) - 0.5)
    assert field.basis.shape == (2, 5, kernel_size, kernel_size)
    assert field.coefficients.shape == (2, 5, *size)
    torch.testing.assert_close(field.basis.sum(dim=(2, 3)), torch.ones(2, 5))
    torch.testing.assert_close(field.coefficients.sum(dim=1), torch.ones(2, *size))


def test_every_parameter_learns():
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=3, kernel_size=17, width=8)
    for channels in (3, 1):
        field = network(torch.rand(1, channels, 64, 64) - 0.5)
        (field.basis.square().sum() + field.coefficients.square().sum()).backward()
    assert all(parameter.grad.any() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [({"kernel_size": 31}, "Pass 33"), ({"width": 12}, "Pass 8"), ({"num_basis": 0}, "at least 1")],
)
def test_sizes_that_cannot_be_built_are_named(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        AdaptiveBasisNetwork(**arguments)


def test_pictures_that_do_not_fit_are_named():
    network = AdaptiveBasisNetwork(num_basis=2, kernel_size=9, width=8)
    with pytest.raises(ValueError, match="at least 32 x 32"):
        network(torch.rand(1, 3, 31, 64))
    with pytest.raises(ValueError, match="Add the axes"):
        network(torch.rand(3, 64, 64))


def test_gradients_reach_the_encoder_as_through_plain_means(monkeypatch):
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=3, kernel_size=17, width=8).double()
    light = torch.rand(2, 3, 33, 47, dtype=torch.float64) - 0.5

    def gradients():
        field = network(light)
        parameters = [*network.stem_rgb.parameters(), *network.down.parameters()]
        return torch.autograd.grad(field.basis.square().sum() + field.coefficients.square().sum(), parameters)

    found = gradients()
    name = "deblur_lightning.networks.two_heads._mean"
    monkeypatch.setattr(name, lambda features: features.mean(dim=(2, 3), keepdim=True))
    torch.testing.assert_close(found, gradients())


def test_the_kernels_depend_on_the_picture():
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=3, kernel_size=17, width=8)
    network(torch.rand(1, 3, 64, 64) - 0.5).basis.square().sum().backward()
    assert next(network.parameters()).grad.any()  # the first convolution, which both decoders see by


def test_means_over_large_pictures_stay_finite_in_float16():
    features = torch.full((1, 2, 512, 768), 0.5, dtype=torch.float16)  # their sum is three times the largest number
    assert torch.equal(_mean(features), torch.full((1, 2, 1, 1), 0.5, dtype=torch.float16))
