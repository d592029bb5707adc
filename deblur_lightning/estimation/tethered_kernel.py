"""Blind refinement of one blur kernel: sharp edges from the kernel, the kernel from sharp edges, in turn."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.edges_only import edges_only, margin_faded, slopes, transfer
from deblur_lightning.estimation.kernel_shape import cleaned, resized, shrunk

SCALE = math.sqrt(0.5)  # from one scale of the pyramid to the next coarser one
DECAY = 1.1  # of the sparsity, from one turn to the next: ever finer edges take part
FAINTEST = 1e-4  # sparsity never falls below this
STEEPEST = 1e5  # of the splitting's weight, see `edges_only`: the other constants here were chosen with it


def refine_kernel(
    light: Tensor,
    kernel: Tensor,
    trusted: Tensor | None = None,
    *,
    turns: int = 4,
    scales: int = 3,
    tether: float = 30.0,
    ridge: float = 2.0,
    sparsity: float = 1e-2,
    threshold: float = 0.12,
) -> Tensor:
    """Improve a guess of the one kernel that blurred a picture, or a part of it.

    Each turn restores the picture's edges with the present kernel (`edges_only`), then fits the kernel to the blurry
    picture's gradients by least squares, held to the guess by a spring of stiffness ``tether``; small values and
    small separate parts are noise and go. From coarse to fine.

    Args:
        light: the blurry picture, ``[H, W]``, linear light.
        kernel: the guess, ``[K, K]``, unit sum, correlation.
        trusted: share of each pixel that this kernel blurred, ``[H, W]``; None for all.
        turns: on each scale.
        scales: of the pyramid, each half the area of the one before.
        tether: squared gradient for which a departure from the guess must pay, summed over pixels of linear light.
        ridge: the same for the kernel itself.
        sparsity: of edges, see `edges_only`; falls from turn to turn.
        threshold: share of the kernel's largest value below which values are noise.

    Returns:
        The kernel, ``[K, K]``, unit sum.

    Source:
        Cho and Lee 2009 (alternation on edges); Pan et al. 2014 (sparse gradients, their schedule). The guess and its
        tether are ours.
    """
    seen = torch.ones_like(light) if trusted is None else trusted
    refined = kernel
    for scale in reversed(range(scales)):
        factor = SCALE**scale
        size = math.ceil(kernel.shape[-1] * factor) | 1
        guess = resized(kernel, size, factor)
        refined = guess if scale == scales - 1 else resized(refined, size, 1 / SCALE)
        scaled = margin_faded(shrunk(light, factor), size)
        weight = F.pad(shrunk(seen, factor), (size,) * 4)
        blurry = slopes(scaled) * weight
        for _ in range(turns):
            edges = slopes(edges_only(scaled, refined, sparsity, steepest=STEEPEST)) * weight
            refined = cleaned(fitted_kernel(edges, blurry, guess, tether, ridge), threshold)
            sparsity = max(sparsity / DECAY, FAINTEST)
    return refined


def fitted_kernel(sharp: Tensor, blurry: Tensor, guess: Tensor, tether: float, ridge: float) -> Tensor:
    """Fit a kernel by least squares: ``|k * sharp - blurry|^2 + tether |k - guess|^2 + ridge |k|^2``.

    Args:
        sharp: gradients ``[2, H, W]`` of a periodic picture.
        blurry: gradients of the same shape.
        guess: ``[K, K]``, correlation.
        tether: weight of the departure from ``guess``.
        ridge: weight of the kernel's own size.

    Returns:
        ``[K, K]``, what of the periodic solution lies within the kernel's square; may be negative.
    """
    size, shape = guess.shape[-1], sharp.shape[-2:]
    first, second = torch.fft.rfft2(sharp), torch.fft.rfft2(blurry)
    asked = (first.conj() * second).sum(0) + tether * transfer(guess, shape)
    power = first.abs().square().sum(0)
    placed = torch.fft.irfft2((asked / (power + tether + ridge)).conj(), s=shape)
    return placed.roll((size // 2,) * 2, (0, 1))[:size, :size]
