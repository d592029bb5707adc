"""A blurry picture restored with one kernel and a prior on natural edges: a few large steps, many small ones."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.valid_blur import ValidBlur
from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_
from deblur_lightning.physics.edges import prior_weights, smoothing_
from deblur_lightning.physics.noise import LEAST_NOISE

REGULARIZATION = 0.1  # lambda per unit of noise, as of `deconvolve`
EXPONENT = 0.8  # p, likewise


def natural_picture(
    light: Tensor,
    kernel: Tensor,
    share: Tensor | None = None,
    *,
    noise: float = LEAST_NOISE,
    exponent: float = EXPONENT,
    outer: int = 3,
    inner: int = 8,
) -> Tensor:
    """Undo a uniform blur, preferring pictures of few, sharp edges, without assuming what lies beyond the borders.

    Minimises ``|k * u - v|^2 + (2 lambda / p) sum (|D u|^2 + 0.01^2) ** (p / 2)`` over u >= 0, lambda being
    `prior_strength`, by iteratively reweighted least squares. Unlike `edges_only` it keeps faint detail, so a kernel
    read off it is as sharp as the true one.

    Args:
        light: v, ``[H, W]``, linear light.
        kernel: k, ``[K, K]``, unit sum, correlation.
        share: how much each pixel of v counts, ``[H, W]`` in [0, 1]; None counts all.
        noise: standard deviation of v's noise; below 0.002 counts as 0.002.
        exponent: p.
        outer: reweightings.
        inner: conjugate gradient steps in each.

    Returns:
        u, ``[H + K - 1, W + K - 1]``: the sharp picture and what around it took part in the blurry one.

    Source:
        Levin et al. 2007 (the prior and its minimisation), as `deconvolve` without its start for one kernel.
    """
    counts = torch.ones_like(light) if share is None else share
    radius = kernel.shape[-1] // 2
    operator = ValidBlur(kernel, light.shape)
    strength = prior_strength(noise)
    sharp = F.pad(light[None], (radius,) * 4, mode="replicate")[0]
    for _ in range(outer):
        weights = prior_weights(sharp, exponent, strength)

        def normal(picture: Tensor, weights: tuple[Tensor, Tensor] = weights) -> Tensor:
            return smoothing_(operator.adjoint(counts * operator.blur(picture)).contiguous(), picture, weights)

        conjugate_gradients_(sharp, normal, operator.adjoint(counts * light).contiguous(), inner)
        sharp.clamp_(min=0)
    return sharp


def prior_strength(noise: float) -> float:
    """Weigh the prior against the squared misfit: by the noise, of which there is always a little."""
    return REGULARIZATION * max(noise, LEAST_NOISE)
