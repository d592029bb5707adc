"""The network's published size, its shapes on odd pictures, and its refusals."""

import pytest
import torch

from deblur_lightning.networks import AdaptiveBasisNetwork


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


def test_relative_light_ignores_the_exposure():
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=3, kernel_size=9, width=8, relative=True).double()
    light = 0.5 + torch.rand(1, 3, 40, 40, dtype=torch.float64)
    bright, dim = network(light * 1000 - 0.5), network(light * 500 - 0.5)
    torch.testing.assert_close(bright.coefficients, dim.coefficients, rtol=1e-3, atol=1e-4)


def test_every_parameter_learns():
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=3, kernel_size=17, width=8, normalize=True)
    for channels in (3, 1):
        field = network(torch.rand(1, channels, 64, 64) - 0.5)
        (field.basis.square().sum() + field.coefficients.square().sum()).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


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


@pytest.mark.parametrize("kernel_size", [9, 17, 33, 65])
@pytest.mark.parametrize("size", [(32, 32), (33, 47), (70, 101)])
def test_small_configurations_give_fields_of_the_picture_s_size(kernel_size, size):
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(5, kernel_size, 8, normalize=True, correlations=True, fold=2, deepest=4)
    field = network(torch.rand(2, 3, *size) - 0.5)
    assert field.basis.shape == (2, 5, kernel_size, kernel_size)
    assert field.coefficients.shape == (2, 5, *size)
    torch.testing.assert_close(field.basis.sum(dim=(2, 3)), torch.ones(2, 5))
    torch.testing.assert_close(field.coefficients.sum(dim=1), torch.ones(2, *size))


def test_without_a_gray_stem_gray_pictures_are_seen_as_rgb():
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(3, 9, 8, relative=True, correlations=True, fold=2, gray_stem=False)
    gray = torch.rand(1, 1, 40, 50) - 0.5
    for seen, expected in zip(network(gray), network(gray.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(seen, expected)


def test_normalised_networks_start_with_signals_that_depend_on_the_picture():
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 64, 64) - 0.5
    spread = []
    for normalize in (False, True):
        one, other = AdaptiveBasisNetwork(4, 17, 8, normalize=normalize)(pictures).basis.log()
        spread.append((one - other).std().item())
    assert spread[0] < 1e-3 < 1e-2 < spread[1]


def test_gradients_reach_the_encoder_as_through_plain_means(monkeypatch):
    torch.manual_seed(0)
    network = AdaptiveBasisNetwork(num_basis=3, kernel_size=17, width=8).double()
    light = torch.rand(2, 3, 33, 47, dtype=torch.float64) - 0.5

    def gradients():
        field = network(light)
        parameters = [*network.stem_rgb.parameters(), *network.down.parameters()]
        return torch.autograd.grad(field.basis.square().sum() + field.coefficients.square().sum(), parameters)

    found = gradients()
    name = "deblur_lightning.networks.adaptive_basis._mean"
    monkeypatch.setattr(name, lambda features: features.mean(dim=(2, 3), keepdim=True))
    torch.testing.assert_close(found, gradients())
