"""Variational Bayes for one blur kernel: every sharp picture that explains the blurry one has its say."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.edges_only import slopes
from deblur_lightning.estimation.kernel_fit import nonnegative_minimum, of_lags
from deblur_lightning.estimation.kernel_shape import cleaned
from deblur_lightning.estimation.valid_blur import ValidBlur
from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_

FIRST_NOISE = 0.1  # share of the blurry gradients' mean square that is taken for noise at the start
LEAST_NOISE = 1e-6  # variance of gradients of linear light
LEAST_REACH = 1e-4  # of a sharp gradient's pull on the blurry ones; at corners it is nearly none
STEPS = 15  # of conjugate gradients for each look at the sharp gradients
DESCENTS = 150  # of projected gradients for each kernel
SOFTNESS = 0.6  # in pixels


def variational_kernel(
    light: Tensor,
    kernel: Tensor,
    trusted: Tensor | None = None,
    *,
    turns: int = 3,
    warm: int = 3,
    tether: float = 20.0,
    threshold: float = 0.1,
    softness: float = SOFTNESS,
) -> Tensor:
    """Improve a nearly right guess of the one kernel that blurred a picture, or a part of it.

    Sharp gradients are taken for independent Gaussian numbers, each with a variance of its own that is unknown; given
    the kernel, they have a mean and an uncertainty. The kernel is the likeliest in expectation over them, not the one
    that fits their best values, which would rather be no blur at all. Both are found in turn; the noise is measured
    on the way.

    Args:
        light: the blurry picture, ``[H, W]``, linear light.
        kernel: the guess, ``[K, K]``, unit sum, correlation.
        trusted: share of each pixel that this kernel blurred, ``[H, W]``; None for all.
        turns: new kernels.
        warm: looks at the sharp gradients before the first of them.
        tether: squared gradient for which a departure from the guess must pay, summed over pixels of linear light.
        threshold: share of the kernel's largest value below which values are noise.
        softness: standard deviation in pixels, above 0, of the spot by which the result is softened; motion that
            varies a little over the picture, or is known only so well, makes the mean kernel soft. The spot's place
            centres the kernel by fractions of a pixel: half a pixel aside costs a restored picture up to a decibel.

    Returns:
        The kernel, ``[K, K]``, unit sum.

    Source:
        Wipf and Zhang 2014, algorithm 1 (variances, noise); Levin et al. 2011 (diagonal covariance, the kernel as a
        quadratic programme). The guess, its tether and the softness are ours.
    """
    blurry = slopes(light)[:, :-1, :-1]  # without those that lead around the border
    weight = torch.ones_like(blurry[0]) if trusted is None else trusted[1:, 1:]
    count = 2 * weight.sum()
    variance = ((weight * blurry.square()).sum() / count).clamp(min=LEAST_NOISE)
    noise = FIRST_NOISE * variance
    guess, margin = kernel, kernel.shape[-1] // 2
    sharp = F.pad(blurry[None], (margin,) * 4, mode="replicate")[0]
    spread = torch.full_like(sharp, variance.item())
    for turn in range(-warm, turns):
        operator = ValidBlur(kernel, weight.shape)
        reach = ValidBlur(kernel.square(), weight.shape).adjoint(weight).clamp(min=LEAST_REACH)
        sharp, uncertainty = posterior(operator, blurry, weight, noise, spread, sharp, reach)
        spread = sharp.square() + uncertainty
        misfit = (weight * (blurry - operator.blur(sharp)).square()).sum() + (uncertainty * reach).sum()
        noise = (misfit / count).clamp(min=LEAST_NOISE)
        if turn >= 0:
            form, wanted = expected_misfit(operator, kernel, blurry, weight, sharp, uncertainty)
            form.diagonal().add_(tether)
            fitted = nonnegative_minimum(form, wanted + tether * guess.flatten(), kernel.flatten(), DESCENTS)
            scale = fitted.sum()
            kernel = cleaned(fitted.view_as(kernel), threshold)
            sharp, spread = sharp * scale, spread * scale.square()
    return softened(kernel, softness)


def posterior(
    operator: ValidBlur,
    blurry: Tensor,
    weight: Tensor,
    noise: Tensor,
    spread: Tensor,
    start: Tensor,
    reach: Tensor,
    steps: int = STEPS,
) -> tuple[Tensor, Tensor]:
    """Find mean and variance of the sharp gradients, given the kernel, the noise and the gradients' prior variances.

    Args:
        operator: by the kernel.
        blurry: gradients, ``[2, H, W]``.
        weight: of every blurry pixel, ``[H, W]``.
        noise: variance of the blurry gradients.
        spread: prior variances, ``[2, H + K - 1, W + K - 1]``.
        start: where conjugate gradients begin, of the same shape.
        reach: ``[H + K - 1, W + K - 1]``: the summed squared weights with which a sharp pixel takes part.
        steps: of conjugate gradients.

    Returns:
        Mean, and variance by the diagonal of the precision alone.
    """

    def precision(sharp: Tensor) -> Tensor:
        return operator.adjoint(weight * operator.blur(sharp)) / noise + sharp / spread

    mean = conjugate_gradients_(start.clone(), precision, operator.adjoint(weight * blurry) / noise, steps)
    return mean, 1 / (reach / noise + 1 / spread)


def expected_misfit(
    operator: ValidBlur, kernel: Tensor, blurry: Tensor, weight: Tensor, sharp: Tensor, uncertainty: Tensor
) -> tuple[Tensor, Tensor]:
    """Write the expected squared misfit as ``k' Q k - 2 b' k`` in the kernel's values.

    Q is that of gradients which vanish beyond the border; b is such that the gradient at the present kernel is exact.

    Args:
        operator: by the present kernel.
        kernel: the present one, ``[K, K]``.
        blurry: gradients, ``[2, H, W]``.
        weight: of every blurry pixel, ``[H, W]``.
        sharp: mean of the sharp gradients, ``[2, H + K - 1, W + K - 1]``.
        uncertainty: their variances.

    Returns:
        Q, ``[K^2, K^2]``, and b, ``[K^2]``.
    """
    size = kernel.shape[-1]
    form = of_lags(operator.lags(sharp, sharp, 2 * size - 1, size - 1), size)
    misfit = operator.lags(weight * (blurry - operator.blur(sharp)), sharp, size)
    wanted = misfit.flatten() + form @ kernel.flatten()
    form.diagonal().add_(operator.lags(weight, uncertainty.sum(0), size).flatten())
    return form, wanted


def softened(kernel: Tensor, softness: float) -> Tensor:
    """Blur a kernel by a Gaussian spot; centre it by fractions of a pixel, which the spot's place can do; unit sum.

    Args:
        kernel: ``[K, K]``, unit sum.
        softness: the spot's standard deviation in pixels, at least about 0.4: narrower ones fall between the pixels.

    Returns:
        ``[K, K]`` with its centre of mass at the central pixel, but for what leaves the square.
    """
    steps = torch.arange(kernel.shape[-1], device=kernel.device) - kernel.shape[-1] // 2
    for axis in (0, 1):
        beside = (kernel.sum(1 - axis) * steps).sum()
        spots = ((steps.unsqueeze(1) - steps + beside) / softness).square().div(-2).exp()
        kernel = torch.tensordot(spots, kernel, ([1], [axis])).movedim(0, axis)
        kernel = kernel / kernel.sum()
    return kernel
