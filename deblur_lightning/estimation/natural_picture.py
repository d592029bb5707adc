"""A blurry picture restored with one kernel and a prior on natural edges: a few large steps, many small ones."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.valid_blur import ValidBlur
from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_
from deblur_lightning.physics.edges import prior_weights, smoothing_

LEAST_NOISE = 2e-3  # of linear light; 8-bit pictures have as much from rounding


def natural_picture(
    light: Tensor,
    kernel: Tensor,
    share: Tensor | None = None,
    *,
    noise: float = LEAST_NOISE,
    regularization: float = 0.1,
    exponent: float = 0.8,
    outer: int = 3,
    inner: int = 8,
) -> Tensor:
    """Undo a uniform blur, preferring pictures of few, sharp edges, without assuming what lies beyond the borders.

    Minimises ``|k * u - v|^2 + (2 lambda / p) sum (|D u|^2 + 0.01^2) ** (p / 2)`` over u >= 0, lambda being
    ``regularization`` times the noise, by iteratively reweighted least squares. Unlike `edges_only` it keeps faint
    detail, so a kernel read off it is as sharp as the true one.

    Args:
        light: v, ``[H, W]``, linear light.
        kernel: k, ``[K, K]``, unit sum, correlation.
        share: how much each pixel of v counts, ``[H, W]`` in [0, 1]; None counts all.
        noise: standard deviation of v's noise; below 0.002 counts as 0.002.
        regularization: lambda per unit of noise.
        exponent: p.
        outer: reweightings.
        inner: conjugate gradient steps in each.

    Returns:
        u, ``[H + K - 1, W + K - 1]``: the sharp picture and what around it took part in the blurry one.

    Source:
        Levin et al. 2007 (the prior and its minimisation), as `deconvolve` without its start for one kernel.
    """
    weight = torch.ones_like(light) if share is None else share
    radius = kernel.shape[-1] // 2
    operator = ValidBlur(kernel, light.shape)
    strength = prior_strength(regularization, noise)
    sharp = F.pad(light[None], (radius,) * 4, mode="replicate")[0]
    for _ in range(outer):
        across, down = (dear.mul_(strength) for dear in prior_weights(sharp, exponent))

        def normal(picture: Tensor, dear: tuple[Tensor, Tensor] = (across, down)) -> Tensor:
            return smoothing_(operator.adjoint(weight * operator.blur(picture)).contiguous(), picture, dear)

        conjugate_gradients_(sharp, normal, operator.adjoint(weight * light).contiguous(), inner)
        sharp.clamp_(min=0)
    return sharp


def prior_strength(regularization: float, noise: float) -> float:
    """Weigh the prior against the squared misfit: by the noise, of which there is always a little."""
    return regularization * max(noise, LEAST_NOISE)
