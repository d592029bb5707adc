"""What DeblurGAN's restored and sharp pictures are compared by: VGG-19's features, or their pixels."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.losses.factors import check_factor
from deblur_lightning.losses.perceptual import perceptual_loss
from deblur_lightning.networks.vgg import VGGFeatures, find_vgg, load_vgg


class Content(ABC):
    """A content loss and its factor."""

    weight: float

    def find(self) -> None:  # noqa: B027 - most have nothing to find
        """Find, or download, what the loss compares by."""

    def load(self, device: torch.device) -> object:  # noqa: B027
        """Load it on a device."""

    @abstractmethod
    def __call__(self, restored: Tensor, sharp: Tensor) -> Tensor:
        """Return a scalar, before its factor, of pictures ``[N, 3, H, W]`` in [-1, 1]."""


@dataclass
class PerceptualContent(Content):
    """Mean squared difference of VGG-19's features (`perceptual_loss`), as published.

    Attributes:
        weight: factor; published 100.
        vgg_weights: VGG-19's weights in torchvision's format; torch's cache, or their download, if None.

    Raises:
        FileNotFoundError: from `find`: VGG-19's weights can be had from nowhere.
        ValueError: a factor that is negative or not finite; from `load`: a file without them.
    """

    weight: float = 100.0
    vgg_weights: Path | None = None

    def __post_init__(self) -> None:
        check_factor("content.weight", self.weight)
        self._features: VGGFeatures | None = None  # no attribute of a module: neither trained nor saved

    def find(self) -> None:
        find_vgg(self.vgg_weights)

    def load(self, device: torch.device) -> VGGFeatures:
        features = load_vgg(find_vgg(self.vgg_weights)) if self._features is None else self._features
        self._features = features.to(device)
        return self._features

    def __call__(self, restored: Tensor, sharp: Tensor) -> Tensor:
        with torch.autocast(restored.device.type, enabled=False):  # bf16 cannot tell near pictures apart
            return perceptual_loss(restored.float(), sharp.float(), self.load(restored.device))


@dataclass
class PixelContent(Content):
    """Mean absolute difference of pixels: ours, where VGG-19 would cost more than all else.

    Attributes:
        weight: factor.

    Raises:
        ValueError: a factor that is negative or not finite.
    """

    weight: float = 100.0

    def __post_init__(self) -> None:
        check_factor("content.weight", self.weight)

    def __call__(self, restored: Tensor, sharp: Tensor) -> Tensor:
        return F.l1_loss(restored.float(), sharp.float())
