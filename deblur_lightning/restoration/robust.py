"""Deconvolution with a known motion field and a prior on edges: few, but sharp.

Hyper-Laplacian gradients as in Levin et al. 2007 and Krishnan and Fergus 2009, by iteratively reweighted least squares.
"""

import math
from typing import SupportsIndex

import torch
from torch import Tensor

from deblur_lightning.exposure import NO_SIDE, Sides
from deblur_lightning.field import KernelField
from deblur_lightning.physics import BlurOperator, check_gamma, noise_level, to_display, to_linear
from deblur_lightning.physics.borders import darken_
from deblur_lightning.physics.conjugate_gradients import conjugate_gradients_
from deblur_lightning.physics.edges import prior_weights, smoothing_
from deblur_lightning.physics.noise import LEAST_NOISE
from deblur_lightning.restoration.observation import Border, check_border, cut, observations, operator
from deblur_lightning.restoration.response import CLIPPED
from deblur_lightning.restoration.richardson_lucy import lucy_light
from deblur_lightning.restoration.ringing import hold_rims, limit_ringing

BEHIND = 30  # updates of Richardson-Lucy to see behind clipped pixels; 10 left strong lights ringing


@torch.no_grad()
def deconvolve(
    blurry: Tensor,
    field: KernelField,
    *,
    gamma: float = 2.2,
    noise: float | None = None,
    regularization: float = 0.1,
    exponent: float = 0.8,
    start: int = 15,
    outer: int = 2,
    inner: int = 10,
    border: Border = "extended",
    dark: Sides = NO_SIDE,
    strength: float = 1.0,
    allowance: float = math.inf,
    rims_held: bool = True,
) -> Tensor:
    """Undo a known blur, preferring pictures of few, sharp edges.

    Minimises ``|A u - v|² + (2 lambda / p) sum (|D u|² + 0.01²) ** (p / 2)`` over linear light u >= 0, D u being the
    differences between neighbours and lambda = ``regularization * noise`` (noise's square fitted three levels of
    noise worse). Each outer step weighs the differences by how dear the prior holds them, then conjugate gradients
    take ``inner`` steps on ``A^T A + lambda D^T W D``. All begins with what Richardson-Lucy, 'saturated' and
    accelerated, makes of v, whose edges weigh the differences better than blurry ones. A clipped pixel of v is replaced
    by the light that Richardson-Lucy makes out behind it.

    Args:
        blurry: v, ``[N, C, H, W]`` in [0, 1], display values.
        field: its motion field, one for all pictures or one each.
        gamma: display to linear light; 1.0 for pictures that are linear already.
        noise: standard deviation in linear light, full well being 1 (below 0.002 counts as 0.002); None estimates each
            picture's.
        regularization: lambda per unit of noise, of light whose full scale is 1 (dimension light ** (1 - p)); 0 leaves
            the prior out. 0.2 served best where kernels were known only roughly, but there 30 updates of
            `richardson_lucy` did better than any.
        exponent: p, 0.5 to 0.8 for photographs, 1 for total variation, 2 for Tikhonov.
        start: updates of Richardson-Lucy to begin with; at least 30 where pixels are clipped. 0 begins with v.
        outer: reweightings.
        inner: conjugate gradient steps in each.
        border: 'extended' also estimates the K // 2 pixels around the picture that light came from; 'reflect' takes
            the picture to mirror there.
        dark: sides beyond which there was nothing, as where programs blur with zeros (`dark_beyond`); light is then
            looked for in the picture alone. Only with the border 'extended'.
        strength: share of the restoration on display: 0 returns the blurry picture, 1 the restored one.
        allowance: how far restored values may stray beyond the blurry picture's range within a kernel's reach, as a
            share of that range, see `limit_ringing`; infinite by default, 0.5 for uncertain fields.
        rims_held: in the end, keep what surrounds clipped lights from turning darker than the blurry picture is
            nearby, see `hold_rims`.

    Returns:
        Restored display values in [0, 1], shape of ``blurry``, float32 or wider.

    Raises:
        ValueError: pictures that are none or not in [0, 1], a field that is none or of another size, an option out
            of its range.

    Source:
        Levin et al. 2007 (IRLS, p = 0.8); weight, steps and the light behind clipped pixels are ours, chosen on other
        photographs than the sample benchmark's.
    """
    check_gamma(gamma)
    check_border(border, dark)
    check_deconvolution(regularization, exponent, start, outer, inner, allowance, noise=noise, strength=strength)
    restored, observed = [], observations(blurry, field)
    with torch.autocast(blurry.device.type, enabled=False):
        for picture, own in observed:
            seen = to_linear(picture, gamma)
            level = max(noise_level(seen) if noise is None else noise, LEAST_NOISE)
            blurring, radius = operator(own, border), own.kernel_size // 2
            sharp, light = _begun(seen, blurring, border, dark, start)
            _solve_(sharp, light, blurring, dark, regularization * level, exponent, outer, inner)
            display = to_display(cut(sharp, radius, border), gamma).clamp(0, 1)
            if rims_held:
                display = hold_rims(display, picture, seen >= CLIPPED, radius)
            if allowance < math.inf:
                display = limit_ringing(display, picture, radius, allowance)
            restored.append(picture.lerp(display, strength))
    return torch.cat(restored)


def _begun(light: Tensor, blurring: BlurOperator, border: Border, dark: Sides, start: int) -> tuple[Tensor, Tensor]:
    """Begin with Richardson-Lucy: the sharp picture with its surround, and the blurry one as no sensor clipped it."""
    clipped = light >= CLIPPED
    updates = max(start, BEHIND) if clipped.any() else start
    sharp = lucy_light(light, blurring, border, updates, dark)
    if clipped.any():
        light = torch.where(clipped, blurring.blur(sharp).maximum(light), light)
    return sharp, light


def _solve_(
    sharp: Tensor,
    light: Tensor,
    blurring: BlurOperator,
    dark: Sides,
    strength: float,
    exponent: float,
    outer: int,
    inner: int,
) -> None:
    radius = blurring.field.kernel_size // 2
    matched = darken_(blurring.adjoint(light), radius, dark)
    for _ in range(outer):
        weights = prior_weights(sharp, exponent, strength)

        def normal(direction: Tensor, weights: tuple[Tensor, Tensor] = weights) -> Tensor:
            image = smoothing_(blurring.adjoint(blurring.blur(direction)), direction, weights)
            return darken_(image, radius, dark)  # what is dark stays so

        conjugate_gradients_(sharp, normal, matched.clone(), inner)
        sharp.clamp_(min=0)


def check_deconvolution(
    regularization: float,
    exponent: float,
    start: int,
    outer: int,
    inner: int,
    allowance: float,
    *,
    noise: float | None = None,
    strength: float = 1.0,
) -> None:
    """Raise unless `deconvolve` takes such numbers.

    Raises:
        ValueError: one out of its range, NaN, or a count that is not whole.
    """
    for name, count in (("start", start), ("outer", outer), ("inner", inner)):
        if not isinstance(count, SupportsIndex):
            raise ValueError(f"{name} is {count}, but it counts steps. Pass a whole number.")
    for name, value, least, most, remedy in (
        ("noise", noise or 0.0, 0.0, 1.0, "Pass a standard deviation of light in [0, 1], or None"),
        ("regularization", regularization, 0.0, 1e6, "Pass 0 or more, as 0.1"),
        ("exponent", exponent, 1e-3, 2.0, "Pass 0.8, or up to 2"),
        ("start", start, 0, math.inf, "Pass 0 or more"),
        ("outer", outer, 0, math.inf, "Pass 0 or more"),
        ("inner", inner, 0, math.inf, "Pass 0 or more"),
        ("strength", strength, 0.0, 1.0, "Pass 0 (nothing) to 1 (all)"),
        ("allowance", allowance, 0.0, math.inf, "Pass 0 or more"),
    ):
        if not least <= value <= most:
            raise ValueError(f"{name} is {value}, but it must lie in [{least:g}, {most:g}]. {remedy}.")
