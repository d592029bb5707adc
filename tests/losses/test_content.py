"""DeblurGAN's content loss against VGG-19 as torchvision has it, layer by layer."""

import pytest
import torch
from torch import nn

from deblur_lightning.losses import PerceptualContent, PixelContent

LITERALLY = (
    nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
    nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.Conv2d(128, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2),
    nn.Conv2d(128, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(),
    nn.Conv2d(256, 256, 3, padding=1),
)  # fmt: skip


@pytest.fixture
def vgg(tmp_path):
    """VGG-19 up to conv3_3 with random weights, and their file."""
    torch.manual_seed(0)
    network = nn.Sequential(*LITERALLY)
    for layer in network:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.normal_(layer.bias, std=0.1)
    torch.save({f"features.{name}": weights for name, weights in network.state_dict().items()}, tmp_path / "vgg.pth")
    return network, PerceptualContent(vgg_weights=tmp_path / "vgg.pth")


def pair():
    random = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, 24, 32, generator=random) * 2 - 1, torch.rand(2, 3, 24, 32, generator=random) * 2 - 1


def test_it_is_the_mean_square_between_features_of_conv3_3_before_its_relu(vgg):
    network, content = vgg
    restored, sharp = (pictures.requires_grad_() for pictures in pair())
    loss = content(restored, sharp)
    expected = ((network(sharp) - network(restored)) ** 2).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    (wanted,) = torch.autograd.grad(expected, restored)
    loss.backward()
    torch.testing.assert_close(restored.grad, wanted, rtol=1e-4, atol=1e-7)
    assert sharp.grad is None  # what is aimed at stays


def test_bfloat16_autocast_keeps_it_in_float32(vgg):
    """In bfloat16 the features of pictures that are this near differ by rounding alone."""
    _, content = vgg
    sharp = pair()[1]
    restored = sharp + 1e-3
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = content(restored, sharp)
    assert torch.equal(loss, content(restored, sharp))


@pytest.mark.parametrize("content", [PixelContent, PerceptualContent])
@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_factor_that_is_none_is_refused(content, weight):
    with pytest.raises(ValueError, match=r"content\.weight is .*, but it is a loss's factor\. Pass 0 or more"):
        content(weight)
