"""The content loss of DeblurGAN: pictures are compared by what a network sees in them."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def perceptual_loss(restored: Tensor, sharp: Tensor, features: Callable[[Tensor], Tensor]) -> Tensor:
    """Compare features: ``mean (phi(sharp) - phi(restored))²``.

    Args:
        restored: ``[N, 3, H, W]`` in [-1, 1], without ImageNet's normalisation, as the authors feed them.
        sharp: the same shape.
        features: published: VGG-19's conv3_3 before its ReLU, see `VGGFeatures`.

    Returns:
        A scalar to be weighted (published: 100).

    Raises:
        ValueError: pictures of unequal shapes.

    Source:
        Kupyn et al. 2018, section 3.1 (arXiv 1711.07064), after Johnson et al. 2016.
    """
    if restored.shape != sharp.shape:
        raise ValueError(f"restored is {list(restored.shape)}, but sharp {list(sharp.shape)}. Pass pairs.")
    return F.mse_loss(features(restored), features(sharp).detach())
