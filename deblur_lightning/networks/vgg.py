"""The first three stages of VGG-19, whose features DeblurGAN compares (Simonyan and Zisserman, arXiv 1409.1556)."""

from pathlib import Path

import torch
from torch import Tensor, nn

from deblur_lightning.networks.classifiers import PUBLISHED, load_features

FILE = "vgg19-dcbb9e9d.pth"
URL = f"{PUBLISHED}{FILE}"
CHANNELS = (64, 64, 0, 128, 128, 0, 256, 256, 256)  # 0 halves; the last one is conv3_3


class VGGFeatures(nn.Sequential):
    """VGG-19 up to conv3_3, before its ReLU; layers have torchvision's numbers, 0 to 14."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        inputs = 3
        for outputs in CHANNELS:
            if outputs:
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = outputs
            else:
                layers.append(nn.MaxPool2d(2))
        super().__init__(*layers[:-1])

    def forward(self, pictures: Tensor) -> Tensor:
        """Return features ``[N, 256, H / 4, W / 4]`` of pictures ``[N, 3, H, W]``."""
        features: Tensor = super().forward(pictures)
        return features


def find_vgg(named: Path | None = None) -> Path:
    """Find VGG-19's weights: the named file, torch's cache, or their download (548 MB, checked).

    Raises:
        FileNotFoundError: they can be had from nowhere.
    """
    if named is not None:
        if not named.is_file():
            raise FileNotFoundError(f"{named} is no file, but VGG-19's weights are needed. Download {URL} there.")
        return named
    cached = Path(torch.hub.get_dir()) / "checkpoints" / FILE
    if not cached.is_file():
        try:
            cached.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(URL, str(cached), hash_prefix="dcbb9e9d")
        except (OSError, RuntimeError) as error:
            raise FileNotFoundError(
                f"{cached} does not exist and cannot be downloaded ({error}), but the perceptual loss compares "
                f"VGG-19's features. Put {URL} there, or name a copy by vgg_weights, or train with PixelContent."
            ) from error
    return cached


def load_vgg(path: Path) -> VGGFeatures:
    """Load frozen features from VGG-19's weights in torchvision's format.

    Raises:
        ValueError: a file that holds no such weights.
    """
    refusal = f"{path} holds no VGG-19 weights in torchvision's format. Download {URL} again."
    return load_features(VGGFeatures(), path, refusal)
