"""One blur kernel from nothing but the blurry picture: sharp edges and kernel in turn, from coarse to fine."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from deblur_lightning.estimation.choice import evidence_against
from deblur_lightning.estimation.climb import COARSEST, SCALE, Climb, scales, short_line
from deblur_lightning.estimation.continued import continued
from deblur_lightning.estimation.edges_only import edges_only
from deblur_lightning.estimation.kernel_fit import normal_equations, ridge_minimum
from deblur_lightning.estimation.kernel_shape import cleaned, likeness, resized, shrunk
from deblur_lightning.estimation.lag_forms import gradients
from deblur_lightning.estimation.minimal_pixels import Darkness
from deblur_lightning.estimation.natural_kernel import natural_kernel
from deblur_lightning.estimation.richest_window import richest_window
from deblur_lightning.estimation.strong_edges import RELAXED, first_threshold, strong_edges
from deblur_lightning.physics import noise_level
from deblur_lightning.side_by_side import side_by_side

CLIMB = Climb(turns=6, last=6, sparsity=5e-3, decay=1.1)
DARKNESS, LEAST_DARKNESS = (0.0, 0.1), 1e-2  # at first, each with a kernel of its own; at least, where not 0
RIDGE = 3e-5  # squared gradient of linear light for each pixel that counts
FIRST = 2  # edges in each sector of direction at first, for each pixel of the kernel's side
LEAST_CONTRAST = 1e-3  # of linear light: a picture of less is lit as one of so much
CONTRAST = 0.17  # standard deviation of light that sparsity and ridges are meant for
THRESHOLD = 0.05  # of the kernel's largest value: below is noise
LEAST_PART = 0.03  # of the kernel's light: smaller separate parts are noise, larger ones may be ends of a faint path


class Attempt(NamedTuple):
    """A kernel that was found, and what speaks against it.

    Attributes:
        kernel: ``[K, K]``, unit sum.
        against: see `evidence_against`.
    """

    kernel: Tensor
    against: float


@torch.no_grad()
def blind_kernel(
    light: Tensor, kernel_size: int = 33, share: Tensor | None = None, candidates: Sequence[Tensor] = ()
) -> Tensor:
    """Estimate the one kernel that blurred a picture, or a part of it, from the picture alone.

    From coarse to fine, in turn: the picture's sharp edges by the present kernel (`edges_only`), and the kernel by
    least squares from the strong ones among them. Ever finer and fainter edges take part. This is done twice, without
    and with a liking for dark pixels, since each fails where the other does not. Then each kernel, and every candidate
    from elsewhere, is read anew off pictures with natural edges (`natural_kernel`); that which explains the picture
    best (`evidence_against`) is the answer. Pictures larger than 512 pixels are judged by the window with most edges.

    Args:
        light: the blurry picture, ``[H, W]``, linear light, both sides at least twice the kernel's.
        kernel_size: side K of the kernel, in pixels, odd; the motion may be shorter.
        share: how much each pixel counts, ``[H, W]`` in [0, 1], as for a region of one motion; None counts all.
        candidates: kernels ``[K, K]`` of unit sum that may be right, as a network's.

    Returns:
        The kernel, ``[K, K]``, unit sum, correlation, centred on its mean.

    Raises:
        ValueError: a picture that is none or too small, a kernel of even size or below 5, another shape of ``share``
            or of a candidate, or a ``share`` by which no pixel counts.

    Source:
        Cho and Lee 2009 (alternation, strong edges); Xu, Zheng and Jia 2013, Pan et al. 2014 (sparse gradients and
        their schedule); Wen et al. 2021 (dark pixels and theirs). The natural edges and the choice are ours.
    """
    return likeliest_kernel(side_by_side(attempts(light, kernel_size, share, candidates)))


def attempts(
    light: Tensor, kernel_size: int, share: Tensor | None = None, candidates: Sequence[Tensor] = ()
) -> list[Callable[[], Attempt]]:
    """Give the ways in which `blind_kernel` looks for a kernel, each a task that does not depend on the others.

    Args:
        light: as there.
        kernel_size: likewise.
        share: likewise.
        candidates: likewise; each is an attempt of its own.
    """
    _check(light, kernel_size, share, candidates)
    light, share, noise = lit_window(light, share)

    def attempt(start: Callable[[], Tensor]) -> Attempt:
        kernel = natural_kernel(light, start(), share, noise=noise)
        return Attempt(kernel, evidence_against(light, kernel, share, noise=noise))

    climbs = [partial(coarse_kernel, light, kernel_size, share, darkness) for darkness in DARKNESS]
    return [partial(attempt, start) for start in (*climbs, *(partial(one.to, light) for one in candidates))]


@torch.no_grad()
def plain_kernel(light: Tensor, kernel_size: int) -> Tensor:
    """Give the kernel ``[K, K]`` that the first of `attempts` finds, without a liking for dark pixels.

    Args:
        light: as of `blind_kernel`.
        kernel_size: likewise.
    """
    _check(light, kernel_size, None, ())
    light, _, noise = lit_window(light, None)
    return natural_kernel(light, coarse_kernel(light, kernel_size, darkness=DARKNESS[0]), noise=noise)


def likeliest_kernel(found: Sequence[Attempt]) -> Tensor:
    """Choose the kernel with the least evidence against it."""
    return min(found, key=lambda one: one.against).kernel


def alike(found: Sequence[Attempt]) -> float:
    """Tell how alike the kernels of attempts are, at least, see `likeness`."""
    return likeness(torch.stack([one.kernel / torch.linalg.vector_norm(one.kernel) for one in found])).min().item()


def coarse_kernel(light: Tensor, kernel_size: int, share: Tensor | None = None, darkness: float = 0.0) -> Tensor:
    """Climb the pyramid once.

    Args:
        light: as of `blind_kernel`, of a standard deviation of about 0.17.
        kernel_size: likewise.
        share: likewise.
        darkness: threshold of the darkest pixels at first, in light; 0 leaves them alone.

    Returns:
        The kernel, ``[K, K]``, unit sum.
    """
    threshold, fine = math.inf, len(scales(kernel_size)) / 2 - 1
    known: Tensor | None = None
    for scale in CLIMB.of(kernel_size):
        size, scaled = scale.size, shrunk(light, scale.factor)
        kernel = short_line(size).to(light) if known is None else resized(known, size, 1 / SCALE, "bicubic")
        periodic = continued(scaled, size + 2)
        seen = None if share is None else shrunk(share, scale.factor)[:-1, :-1]
        count = float(scaled.numel() if seen is None else seen.sum())
        blurry = _seen(gradients(scaled), seen)
        for sparsity in scale.sparsities:
            dark = Darkness(darkness, cut=scale.number < fine) if darkness else None
            sharp = edges_only(periodic, kernel, sparsity, dark)[: scaled.shape[0], : scaled.shape[1]]
            gradient = _seen(gradients(sharp), seen)
            if threshold == math.inf:
                threshold = first_threshold(gradient, FIRST * size)
            form, wanted = normal_equations(strong_edges(gradient, threshold), blurry, size)
            kernel = cleaned(ridge_minimum(form, wanted, RIDGE * count), THRESHOLD, LEAST_PART)
            threshold /= RELAXED
            darkness = max(darkness / CLIMB.decay, LEAST_DARKNESS) if darkness else 0.0
        known = kernel
    return kernel


def lit_window(light: Tensor, share: Tensor | None = None) -> tuple[Tensor, Tensor | None, float]:
    """Cut out the window of a picture that tells most, lit as sparsity and ridges are meant for; measure its noise.

    Args:
        light: ``[H, W]``, linear light in [0, 1].
        share: how much each pixel counts.

    Returns:
        The light there, of a standard deviation of `CONTRAST`, the share there, and the light's noise.
    """
    light = light.float()
    window = richest_window(light, share)
    light, share = light[window], None if share is None else share[window].float()
    factor = CONTRAST / _contrast(light, share)
    return light * factor, share, noise_level(light[None, None]) * factor  # of light in [0, 1], where clipped tells


def _contrast(light: Tensor, share: Tensor | None) -> float:
    weight = torch.ones_like(light) if share is None else share
    total = weight.sum().clamp(min=1)
    mean = (weight * light).sum() / total
    return max(((weight * (light - mean).square()).sum() / total).sqrt().item(), LEAST_CONTRAST)


def _seen(gradient: Tensor, share: Tensor | None) -> Tensor:
    return gradient if share is None else gradient * share


def _check(light: Tensor, kernel_size: int, share: Tensor | None, candidates: Sequence[Tensor]) -> None:
    if kernel_size < COARSEST or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}, but it is odd and at least 5. Pass {max(5, kernel_size | 1)}.")
    if light.ndim != 2 or not light.is_floating_point():
        raise ValueError(f"light is {list(light.shape)}, {light.dtype}, but it is one plane. Pass floats [H, W].")
    if min(light.shape) < 2 * kernel_size:
        raise ValueError(
            f"light is {light.shape[0]} x {light.shape[1]}, but a kernel of {kernel_size} needs "
            f"{2 * kernel_size} pixels each way. Pass a smaller kernel_size."
        )
    if not light.isfinite().all():
        raise ValueError("light holds NaN or infinite values, but each must be finite. Find where they came from.")
    if share is not None and share.shape != light.shape:
        raise ValueError(f"share is {list(share.shape)}, but light {list(light.shape)}. Pass the same shape.")
    if share is not None and not share.sum() > 0:  # NaN fails too
        raise ValueError(f"share sums to {share.sum().item():g}, but some pixels must count. Pass None to count all.")
    for number, candidate in enumerate(candidates):
        if list(candidate.shape) != [kernel_size, kernel_size]:
            raise ValueError(
                f"candidate {number} is {list(candidate.shape)}, but kernel_size {kernel_size}. Pad or crop it."
            )
