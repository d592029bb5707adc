"""DeblurGAN's networks: published sizes and names, any picture size, an independent forward."""

import copy

import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.networks import DeblurGANGenerator, PatchCritic


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def literal(weights, picture, convolutions):
    """The generator written out over its state dict."""

    def convolve(features, name, pad, **options):
        features = F.pad(features, (pad,) * 4, mode="reflect") if pad else features
        return F.conv2d(features, weights[f"model.{name}.weight"], weights[f"model.{name}.bias"], **options)

    def normalised(features):
        spread, mean = torch.var_mean(features, dim=(2, 3), keepdim=True, unbiased=False)
        return (features - mean) / (spread + 1e-5).sqrt()

    features = F.relu(normalised(convolve(picture, 1, 3)))
    for place in (4, 7):
        features = F.relu(normalised(convolve(features, place, 0, stride=2, padding=1)))
    for place in range(10, 19):
        inner = F.relu(normalised(convolve(features, f"{place}.conv_block.1", 1)))
        if convolutions == 2:
            inner = normalised(convolve(inner, f"{place}.conv_block.6", 1))
        features = features + inner
    for place in (19, 22):
        up = F.conv_transpose2d(
            features, weights[f"model.{place}.weight"], weights[f"model.{place}.bias"],
            stride=2, padding=1, output_padding=1,
        )  # fmt: skip
        features = F.relu(normalised(up))
    return (picture + convolve(features, 26, 3).tanh()).clamp(-1, 1)


@pytest.mark.parametrize(("convolutions", "millions"), [(2, 11.38), (1, 6.07)])
def test_generators_have_the_published_numbers_of_parameters(convolutions, millions):
    with torch.device("meta"):
        assert count(DeblurGANGenerator(convolutions=convolutions)) / 1e6 == pytest.approx(millions, abs=0.005)


def test_the_critic_has_the_published_number_of_parameters():
    with torch.device("meta"):
        assert count(PatchCritic()) / 1e6 == pytest.approx(2.76, abs=0.01)


@pytest.mark.parametrize("convolutions", [1, 2])
def test_evaluation_equals_the_layers_written_out(convolutions):
    torch.manual_seed(0)
    network = DeblurGANGenerator(4, convolutions=convolutions).double().eval()
    picture = 2 * torch.rand(2, 3, 24, 36, dtype=torch.float64) - 1
    torch.testing.assert_close(network(picture), literal(network.state_dict(), picture, convolutions))


@pytest.mark.parametrize("size", [(8, 8), (13, 22), (33, 31)])
def test_any_picture_keeps_its_size_and_range(size):
    torch.manual_seed(0)
    restored = DeblurGANGenerator(4, blocks=1)(2 * torch.rand(1, 3, *size) - 1)
    assert restored.shape == (1, 3, *size)
    assert restored.abs().max() <= 1


def test_a_score_depends_on_70_pixels_in_each_direction():
    torch.manual_seed(0)
    critic = PatchCritic(4)
    for layer in critic.model:
        if isinstance(layer, torch.nn.InstanceNorm2d):
            layer.forward = lambda features: features  # the statistics see the whole picture
    picture = torch.rand(1, 3, 256, 256, requires_grad=True)
    scores = critic(picture)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    rows = picture.grad.abs().sum(dim=(0, 1, 3)).nonzero()
    assert rows[-1] - rows[0] + 1 == 70


@pytest.mark.parametrize("network", [DeblurGANGenerator(4, 1), PatchCritic(4)])
def test_pictures_that_do_not_fit_are_named(network):
    with pytest.raises(ValueError, match="at least 8 x 8"):
        network(torch.zeros(1, 3, 7, 20))
    with pytest.raises(ValueError, match="Pass RGB"):
        network(torch.zeros(1, 1, 20, 20))


@pytest.mark.parametrize("arguments", [{"width": 0}, {"blocks": 0}, {"convolutions": 3}, {"dropout": 1.0}])
def test_generators_that_cannot_be_built_are_named(arguments):
    with pytest.raises(ValueError, match="Published: 64, 9, 2"):
        DeblurGANGenerator(**arguments)


@pytest.mark.parametrize("pictures", [1, 2])
@pytest.mark.parametrize(
    "network", [DeblurGANGenerator(8, 2, dropout=0.0), PatchCritic(8)], ids=["generator", "critic"]
)
def test_channels_last_weights_get_the_gradients_of_the_usual_ones(network, pictures):
    def gradients(network, picture):
        made = network(picture)
        weights = [weights for name, weights in network.named_parameters() if name.endswith("weight")]
        return torch.autograd.grad((made * torch.linspace(-1, 1, made.numel()).view_as(made)).sum(), weights)

    picture = torch.rand(pictures, 3, 40, 36, generator=torch.Generator().manual_seed(0)) * 2 - 1
    exact = gradients(copy.deepcopy(network).double(), picture.double())
    found = gradients(copy.deepcopy(network).to(memory_format=torch.channels_last), picture)
    for weights, expected in zip(found, exact, strict=True):
        assert (weights - expected).norm() < 1e-4 * expected.norm()


@pytest.mark.parametrize("size", [(40, 36), (33, 47)])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_the_critic_s_slope_and_its_gradients_are_autograd_s(size, order):
    torch.manual_seed(0)
    critic = PatchCritic(8).double().to(memory_format=order)
    pictures = (torch.rand(2, 3, *size, dtype=torch.float64) * 2 - 1).requires_grad_()
    weights = [weights for name, weights in critic.named_parameters() if name.endswith("weight")]
    (expected,) = torch.autograd.grad(critic(pictures).sum(), pictures, create_graph=True)
    found = critic.slope(pictures)
    torch.testing.assert_close(found, expected)
    factors = torch.linspace(-1, 1, found.numel(), dtype=torch.float64).view_as(found)
    gradients = [torch.autograd.grad((slope**2 * factors).sum(), weights) for slope in (found, expected)]
    torch.testing.assert_close(*gradients)


def test_the_critic_s_slope_in_bfloat16_is_as_long_as_the_exact_one():
    torch.manual_seed(0)
    critic = PatchCritic(8)
    pictures = torch.rand(2, 3, 40, 36) * 2 - 1
    exact = critic.slope(pictures)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = critic.slope(pictures)
    assert mixed.dtype == critic.to(torch.bfloat16).slope(pictures.bfloat16()).dtype == torch.bfloat16
    assert mixed.float().norm().item() == pytest.approx(exact.norm().item(), rel=0.02)
    assert (mixed - exact).norm() < 0.25 * exact.norm()
