"""Which of several kernels a picture speaks for."""

import torch
from torch import Tensor

from deblur_lightning.estimation.continued import continued
from deblur_lightning.estimation.edges_only import edges_only
from deblur_lightning.estimation.lag_forms import gradients
from deblur_lightning.estimation.natural_picture import EXPONENT, natural_picture, prior_strength
from deblur_lightning.estimation.valid_blur import ValidBlur
from deblur_lightning.physics.edges import SMALLEST, differences

SPARSITY = 2e-3  # of the edges that must explain the picture


def evidence_against(light: Tensor, kernel: Tensor, share: Tensor | None = None, *, noise: float) -> float:
    """Measure how badly a kernel explains a picture, to compare kernels with each other.

    The product of `natural_cost` and the square of `edge_misfit`: the first tells good kernels from better ones, the
    second wrong ones from right ones. On 14 pictures with four kernels each this chose as well as the first alone,
    and where the first alone chose a kernel far too short it did not.

    Args:
        light: the blurry picture, ``[H, W]``, linear light of a standard deviation of about 0.17.
        kernel: ``[K, K]``, unit sum, correlation.
        share: how much each pixel counts, ``[H, W]`` in [0, 1]; None counts all.
        noise: standard deviation of the noise.

    Source:
        Ours.
    """
    return natural_cost(light, kernel, share, noise=noise) * edge_misfit(light, kernel, share) ** 2


def edge_misfit(light: Tensor, kernel: Tensor, share: Tensor | None = None) -> float:
    """Blur the picture's sharp edges alone again, and compare gradients with the blurry picture's.

    Args:
        light: ``[H, W]``.
        kernel: ``[K, K]``.
        share: as of `evidence_against`.

    Returns:
        Squared misfit, summed over the pixels that the kernel reaches from inside the picture.
    """
    size, margin = kernel.shape[-1], kernel.shape[-1] // 2
    height, width = light.shape
    sharp = edges_only(continued(light, size + 2), kernel, SPARSITY)[:height, :width]
    inner = light[margin:-margin, margin:-margin]
    misfit = gradients(ValidBlur(kernel, inner.shape).blur(sharp) - inner).square().sum(0)
    if share is not None:
        misfit = misfit * share[margin:-margin, margin:-margin][:-1, :-1]
    return misfit.sum().item()


def natural_cost(light: Tensor, kernel: Tensor, share: Tensor | None = None, *, noise: float) -> float:
    """Ask how well a kernel explains a picture: the least value of what `natural_picture` minimises.

    It sees every detail, but would have no blur at all rather than any (Levin et al. 2009), and may prefer a kernel
    that is too short.

    Args:
        light: v, ``[H, W]``, linear light.
        kernel: k, ``[K, K]``, unit sum, correlation.
        share: how much each pixel of v counts, ``[H, W]`` in [0, 1]; None counts all.
        noise: as of `natural_picture`.

    Returns:
        Squared misfit plus the price of the edges inside the picture, each weighed by ``share``.
    """
    weight, margin = torch.ones_like(light) if share is None else share, kernel.shape[-1] // 2
    sharp = natural_picture(light, kernel, share, noise=noise)
    misfit = (weight * (ValidBlur(kernel, light.shape).blur(sharp) - light).square()).sum()
    slopes = differences(sharp[margin:-margin, margin:-margin])
    across, down = (slope.square().add(SMALLEST**2).pow(EXPONENT / 2) for slope in slopes)
    edges = (weight[:, 1:] * across).sum() + (weight[1:] * down).sum()
    return (misfit + 2 / EXPONENT * prior_strength(noise) * edges).item()
