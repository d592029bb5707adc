import pytest
import torch
from plain_nafnet import nafnet_shapes, nafnet_weights, plain_nafnet

from deblur_lightning.networks import FoldedNAFNet, NAFNet
from deblur_lightning.networks.nafnet import LocalMean, Pointwise

SMALL = {"width": 4, "middle": 2, "encoder": (1, 2), "decoder": (2, 1)}


def small(**changes):
    return NAFNet(3, 4, 2, (1, 2), (2, 1), **changes)


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("size", [(16, 16), (13, 22), (3, 5)])
def test_any_picture_is_restored_as_by_the_plain_formulas(size):
    weights = {name: weight.double() for name, weight in nafnet_weights(**SMALL).items()}
    network = small().double()
    network.load_state_dict(weights)
    blurry = torch.rand(2, 3, *size, dtype=torch.float64)
    with torch.no_grad():
        restored, expected = network(blurry), plain_nafnet(weights, blurry)
    assert (expected - blurry).abs().mean() > 0.05  # random weights, but they do something
    torch.testing.assert_close(restored, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("width", "parameters"), [(32, 17_111_907), (64, 67_888_835)])
def test_the_published_sizes_have_the_published_names_and_numbers(width, parameters):
    with torch.device("meta"):
        network = NAFNet(width=width)
    assert {name: tuple(weight.shape) for name, weight in network.state_dict().items()} == nafnet_shapes(width)
    assert count(network) == parameters


def test_the_folded_network_is_the_inner_one_on_squares_of_pixels():
    torch.manual_seed(0)
    network = FoldedNAFNet(width=4, middle_blocks=1, encoder_blocks=(1,), decoder_blocks=(1,), fold=2)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    blurry = torch.rand(1, 3, 12, 20)
    squares = torch.stack([blurry[:, :, y::2, x::2] for y in range(2) for x in range(2)], 2).flatten(1, 2)
    with torch.no_grad():
        changed, restored = network.inner.change(squares), network(blurry)
    for place, (y, x) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        expected = blurry[:, :, y::2, x::2] + changed.unflatten(1, (3, 4))[:, :, place]
        torch.testing.assert_close(restored[:, :, y::2, x::2], expected)


@pytest.mark.parametrize("size", [(32, 48), (31, 45), (1, 1)])
def test_the_folded_network_starts_as_the_identity_at_any_size(size):
    blurry = torch.rand(1, 3, *size)
    assert torch.equal(FoldedNAFNet(width=4)(blurry), blurry)


def test_the_folded_network_has_two_million_parameters():
    with torch.device("meta"):
        assert count(FoldedNAFNet()) == 2_187_820


def test_every_weight_of_the_folded_network_learns_after_the_first_step():
    torch.manual_seed(0)
    network = FoldedNAFNet(width=4)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (network(torch.rand(1, 3, 32, 32)) - torch.rand(1, 3, 32, 32)).square().mean().backward()
        optimizer.step()
    assert [name for name, weight in network.named_parameters() if not weight.grad.any()] == []


@pytest.mark.parametrize(("side", "size"), [(4, (9, 11)), (5, (9, 11)), (6, (9, 11)), (10, (9, 11)), (3, (3, 8))])
def test_a_local_mean_is_that_of_the_nearest_whole_square(side, size):
    features = torch.rand(2, 3, *size)
    height, width = size
    means = LocalMean(side)(features).expand(2, 3, height, width)
    for row in range(height):
        for column in range(width):
            top, left = (
                max(0, min(place - side // 2, length - side)) for place, length in ((row, height), (column, width))
            )
            square = features[:, :, top : top + side, left : left + side]
            torch.testing.assert_close(means[:, :, row, column], square.mean((2, 3)))


def test_a_picture_no_larger_than_the_pool_is_restored_as_without_one():
    weights = nafnet_weights(**SMALL)
    plain, local = small(), small(pool=24)
    plain.load_state_dict(weights)
    local.load_state_dict(weights)
    small_picture, large = torch.rand(1, 3, 24, 20), torch.rand(1, 3, 40, 48)
    with torch.no_grad():
        torch.testing.assert_close(local(small_picture), plain(small_picture))
        assert (local(large) - plain(large)).abs().max() > 1e-4


def test_with_a_pool_what_is_far_does_not_matter():
    torch.manual_seed(0)
    network = small(pool=16)
    network.load_state_dict(nafnet_weights(**SMALL))
    one = torch.rand(1, 3, 32, 256)
    other = one.clone()
    other[..., 200:] = 0
    with torch.no_grad():
        assert torch.equal(network(one)[..., :40], network(other)[..., :40])


def test_stages_and_channels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"encoder_blocks has 2 stages, but decoder_blocks 1\. Pass as many of both"):
        NAFNet(encoder_blocks=(1, 1), decoder_blocks=(1,))
    with pytest.raises(ValueError, match=r"channels is 3 and width 0, but .* Pass at least 1"):
        NAFNet(width=0)
    with pytest.raises(ValueError, match=r"pool is 2, but a pixel of the lowest stage is 4 wide\. Pass that or more"):
        small(pool=2)
    folded = {"width": 8, "middle_blocks": 1, "encoder_blocks": (1, 1), "decoder_blocks": (1, 1)}
    with pytest.raises(ValueError, match=r"pool is 7, but a pixel of the lowest stage is 8 wide\. Pass that or more"):
        FoldedNAFNet(**folded, pool=7)
    assert FoldedNAFNet(**folded, pool=8).inner.pool == 4
    with pytest.raises(ValueError, match=r"fold is 0, but it is a side in pixels\. Pass 2"):
        FoldedNAFNet(fold=0)


@pytest.mark.parametrize("bias", [True, False])
def test_a_pointwise_layer_is_a_convolution_of_one_pixel_times_its_gains(bias):
    generator = torch.Generator().manual_seed(3)
    layer, features = Pointwise(5, 7, bias=bias), torch.rand(2, 5, 6, 9, generator=generator)
    gains = torch.rand(1, 7, 1, 1, generator=generator)
    plain = torch.nn.functional.conv2d(features, layer.weight, layer.bias)
    torch.testing.assert_close(layer(features), plain)
    torch.testing.assert_close(layer(features, gains), plain * gains)


@pytest.mark.parametrize("length", [6, 12])
def test_a_local_mean_is_exact_in_double_precision(length):
    features = torch.rand(1, 2, 4, length, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(LocalMean(5), features)
