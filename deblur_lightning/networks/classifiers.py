"""What AlexNet and VGG-16 see in pictures, as LPIPS and DISTS compare it; layers have torchvision's numbers."""

import pickle
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

PUBLISHED = "https://download.pytorch.org/models/"
ALEXNET, VGG16 = "alexnet-owt-7be5be79.pth", "vgg16-397923af.pth"
VGG16_CHANNELS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)  # 0 halves

Network = TypeVar("Network", bound=nn.Sequential)


class L2Pooling(nn.Module):
    """Halve a map by the root of the mean square under a 3 x 3 Hann window (Ding et al. 2020, section 3.1)."""

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        side = torch.from_numpy(np.hanning(5)[1:-1]).float()
        self.register_buffer("window", side[:, None] * side / side.sum() ** 2, persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Return ``[N, C, H / 2, W / 2]`` of ``[N, C, H, W]``, sides rounded up."""
        channels = maps.shape[1]
        kernels = self.window.expand(channels, 1, 3, 3)
        return (F.conv2d(maps**2, kernels, stride=2, padding=1, groups=channels) + 1e-12).sqrt()


def alexnet() -> nn.Sequential:
    """Build AlexNet's layers 0 to 11 (Krizhevsky 2014, arXiv 1404.5997)."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(),
    )  # fmt: skip


def vgg16() -> nn.Sequential:
    """Build VGG-16's layers 0 to 29 (Simonyan and Zisserman, arXiv 1409.1556), L2 pooling in place of the maxima."""
    layers: list[nn.Module] = []
    inputs = 3
    for outputs in VGG16_CHANNELS:
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()] if outputs else [L2Pooling()]
        inputs = outputs or inputs
    return nn.Sequential(*layers)


def find_classifier(file: str, measure: str) -> Path:
    """Tell where weights that torchvision publishes lie: in torch's cache.

    Args:
        file: their name.
        measure: what needs them, for the message.

    Raises:
        FileNotFoundError: they do not; the message says what goes where.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / file
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} does not exist, but {measure} compares its features. Put {PUBLISHED}{file} there."
        )
    return path


def load_classifier(network: nn.Sequential, path: Path) -> nn.Sequential:
    """Load weights in torchvision's format into `alexnet` or `vgg16`, and freeze them.

    Raises:
        ValueError: a file that holds no such weights.
    """
    return load_features(network, path, f"{path} holds no such weights. Download {PUBLISHED}{path.name} again.")


def load_features(network: Network, path: Path, refusal: str) -> Network:
    """Load the first layers of a classifier from its weights in torchvision's format, and freeze them.

    Args:
        network: has the layers, by torchvision's numbers.
        path: of the weights.
        refusal: what is said where there are none.

    Raises:
        ValueError: a file that holds no such weights.
    """
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict({name: weights[f"features.{name}"] for name in network.state_dict()})
    except (RuntimeError, EOFError, LookupError, TypeError, AttributeError, OSError, pickle.UnpicklingError) as error:
        raise ValueError(refusal) from error
    return network.eval().requires_grad_(requires_grad=False)


def features(network: nn.Sequential, pictures: Tensor, after: tuple[int, ...]) -> list[Tensor]:
    """Collect what comes out of some layers, by their numbers."""
    seen = []
    for number, layer in enumerate(network):
        pictures = layer(pictures)
        if number in after:
            seen.append(pictures)
    return seen
