"""LPIPS and DISTS: pictures compared by what a classifier sees in them, where its weights are at hand."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from deblur_lightning.networks.classifiers import (
    ALEXNET,
    VGG16,
    alexnet,
    features,
    find_classifier,
    load_classifier,
    vgg16,
)

Perceptual = Literal["lpips", "dists"]
Distance = Callable[[Tensor, Tensor], Tensor]

LPIPS_AFTER, DISTS_AFTER = (1, 4, 7, 9, 11), (3, 8, 15, 22, 29)
LPIPS_SHIFT, LPIPS_SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of [-1, 1]
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STEADYING = 1e-6  # c1 and c2 of DISTS, as published: keeps quotients of even maps finite
SMALLEST = 64  # pixels: below, AlexNet's last maps are too small for its pooling


@torch.no_grad()
def lpips(restored: Tensor, sharp: Tensor, network: nn.Sequential, heads: Sequence[Tensor]) -> Tensor:
    """Compare unit features, channel by channel: 0 for equals, more is worse.

    Args:
        restored: ``[N, 3, H, W]`` in [0, 1], display values.
        sharp: likewise.
        network: AlexNet's layers.
        heads: weights of the channels of each map, ``[1, C, 1, 1]``.

    Returns:
        ``[N]``.

    Source:
        Zhang et al. 2018, equation 1 (arXiv 1801.03924), version 0.1 of their code.
    """
    maps = [
        features(network, (2 * picture.float() - 1 - _column(LPIPS_SHIFT)) / _column(LPIPS_SCALE), LPIPS_AFTER)
        for picture in (restored, sharp)
    ]
    units = [[one / (one.norm(dim=1, keepdim=True) + 1e-10) for one in side] for side in maps]
    parts = [((a - b) ** 2 * head).sum(1).mean((1, 2)) for a, b, head in zip(*units, heads, strict=True)]
    return torch.stack(parts).sum(0)


@torch.no_grad()
def dists(restored: Tensor, sharp: Tensor, network: nn.Sequential, alpha: Tensor, beta: Tensor) -> Tensor:
    """Compare means (texture) and correlations (structure) of features: 0 for equals, more is worse.

    Args:
        restored: ``[N, 3, H, W]`` in [0, 1], display values, at their full size.
        sharp: likewise.
        network: VGG-16's layers with L2 pooling.
        alpha: weights of the means of all channels, the picture's three first, ``[1, 1475, 1, 1]``.
        beta: of the correlations.

    Returns:
        ``[N]``.

    Source:
        Ding et al. 2020, equations 4 to 6 (arXiv 2004.07728).
    """
    sides = []
    for picture in (restored.float(), sharp.float()):
        seen = (picture - _column(IMAGENET_MEAN)) / _column(IMAGENET_DEVIATION)
        sides.append([picture, *features(network, seen, DISTS_AFTER)])
    texture, structure = [], []
    for a, b in zip(*sides, strict=True):
        mean_a, mean_b = a.mean((2, 3)), b.mean((2, 3))
        texture.append((2 * mean_a * mean_b + STEADYING) / (mean_a**2 + mean_b**2 + STEADYING))
        covariance = (a * b).mean((2, 3)) - mean_a * mean_b
        variances = a.var((2, 3), correction=0) + b.var((2, 3), correction=0)
        structure.append((2 * covariance + STEADYING) / (variances + STEADYING))
    alike = torch.cat(texture, 1) * alpha.flatten() + torch.cat(structure, 1) * beta.flatten()
    return 1 - alike.sum(1) / (alpha.sum() + beta.sum())


def load_perceptual(name: Perceptual) -> Distance:
    """Load a distance with its weights: the classifier's from torch's cache, its own from torchmetrics.

    Args:
        name: ``lpips`` (AlexNet, version 0.1) or ``dists``.

    Returns:
        Maps pictures ``[N, 3, H, W]`` in [0, 1], restored and sharp, to ``[N]``.

    Raises:
        FileNotFoundError: weights are not at hand; the message says which file goes where.
        ValueError: damaged weights; or, of the distance, pictures below 64 pixels.
    """
    if name == "lpips":
        network = load_classifier(alexnet(), find_classifier(ALEXNET, "LPIPS"))
        told = _of_torchmetrics("lpips_models/alex.pth")
        heads = [told[f"lin{number}.model.1.weight"] for number in range(len(LPIPS_AFTER))]
        return lambda restored, sharp: lpips(*_large(name, restored, sharp), network, heads)
    network = load_classifier(vgg16(), find_classifier(VGG16, "DISTS"))
    told = _of_torchmetrics("dists_models/weights.pt")
    return lambda restored, sharp: dists(*_large(name, restored, sharp), network, told["alpha"], told["beta"])


def _of_torchmetrics(name: str) -> dict[str, Tensor]:
    """Read the small weights that torchmetrics ships."""
    spec = find_spec("torchmetrics")
    path = Path(spec.origin if spec and spec.origin else "torchmetrics").parent / "functional" / "image" / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist, but torchmetrics ships it. Run: pip install -U torchmetrics")
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return {key: weight.detach().float() for key, weight in weights.items()}


def _large(name: str, restored: Tensor, sharp: Tensor) -> tuple[Tensor, Tensor]:
    """Refuse small pictures, and give gray ones three channels."""
    height, width = restored.shape[-2:]
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"pictures are {width} x {height}, but --{name} needs sides of {SMALLEST} pixels. Leave it out."
        )
    wide = (*restored.shape[:-3], 3, height, width)
    return restored.expand(wide), sharp.expand(wide)


def _column(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values)[:, None, None]
