"""The last look at one blur kernel: read off a picture with natural edges, not off a cartoon of it."""

import math

import torch
from torch import Tensor

from deblur_lightning.estimation.kernel_fit import nonnegative_minimum, normal_equations
from deblur_lightning.estimation.kernel_shape import beside_centre, traced
from deblur_lightning.estimation.lag_forms import gradients
from deblur_lightning.estimation.natural_picture import natural_picture
from deblur_lightning.estimation.strong_edges import strongest
from deblur_lightning.physics import noise_level
from deblur_lightning.physics.noise import LEAST_NOISE

TURNS = 5
SHOWN = (0.78, 0.96)  # share of the squared gradients, by the strongest, that the first and last kernel are read off
THRESHOLD = (0.09, 0.05)  # of the kernel's largest value, both over 3 x 3 pixels: below is noise; at first, at last
LEAST_PART = 0.03  # of the kernel's light: smaller separate parts are noise
TETHER = 10.0  # times the ridge: how firmly a kernel is held that is likely before the picture is looked at
RIDGE = 5.0  # squared gradient for each pixel that counts, in units of the noise's variance


def natural_kernel(
    light: Tensor,
    kernel: Tensor,
    share: Tensor | None = None,
    *,
    turns: int = TURNS,
    noise: float | None = None,
    likely: Tensor | None = None,
) -> Tensor:
    """Improve a nearly right kernel: restore the picture with it, read the kernel off the picture, in turn.

    `edges_only` draws every edge as a step, and a kernel read off steps holds the softness of the sharp picture's own
    edges as well. Here edges are as steep as photographs have them, the kernel cannot be negative, and nothing but a
    faint ridge draws it to zero. The first kernel is read off the very strongest gradients, about a tenth of a
    photograph's, which show the faint ends of a path; what they show falsely goes in later turns.

    Args:
        light: the blurry picture, ``[H, W]``, linear light.
        kernel: the guess, ``[K, K]``, unit sum, correlation.
        share: how much each pixel counts, ``[H, W]`` in [0, 1]; None counts all.
        turns: of both.
        noise: standard deviation of the light's noise; None measures it, as of light in [0, 1].
        likely: ``[K, K]``, what the ridge draws the kernel to, by `TETHER` as much as else to zero; None leaves it so.

    Returns:
        The kernel, ``[K, K]``, unit sum, its centre of mass within about a tenth of a pixel of the central one.

    Source:
        Ours: an alternation as Cho and Lee's 2009, with the picture of Levin et al. 2007.
    """
    size, margin = kernel.shape[-1], kernel.shape[-1] // 2
    blurry = gradients(light)
    if share is not None:
        blurry = blurry * share[:-1, :-1]
    noise = noise_level(light[None, None]) if noise is None else noise
    ridge = RIDGE * max(noise, LEAST_NOISE) ** 2 * float(light.numel() if share is None else share.sum())
    held = ridge if likely is None else TETHER * ridge
    aim = 0.0 if likely is None else held * likely.flatten()
    for turn in range(turns):
        shown, threshold = (_between(*ends, turn / max(turns - 1, 1)) for ends in (SHOWN, THRESHOLD))
        sharp = natural_picture(light, kernel, share, noise=noise)
        sharp = moved(sharp, beside_centre(kernel))[margin:-margin, margin:-margin]
        gradient = gradients(sharp)
        if share is not None:
            gradient = gradient * share[:-1, :-1]
        form, wanted = normal_equations(strongest(gradient, shown), blurry, size)
        form.diagonal().add_(held)
        fitted = nonnegative_minimum(form, wanted + aim, kernel.flatten())
        kernel = traced(fitted.view_as(kernel), threshold, LEAST_PART)
    return kernel


def _between(first: float, last: float, share: float) -> float:
    return first * (last / first) ** share


def moved(picture: Tensor, steps: tuple[float, float]) -> Tensor:
    """Move a picture ``[H, W]`` up and to the left by fractions of a pixel; what leaves comes back on the far side."""
    down, right = (torch.fft.fftfreq(side, device=picture.device) for side in picture.shape)
    turn = 2 * math.pi * (down.unsqueeze(1) * steps[0] + right[: picture.shape[1] // 2 + 1].abs() * steps[1])
    return torch.fft.irfft2(torch.fft.rfft2(picture) * torch.polar(torch.ones_like(turn), turn), s=picture.shape)
