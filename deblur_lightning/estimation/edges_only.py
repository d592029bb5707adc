"""A blurry picture as its sharp edges alone, the rest made even: what a blur kernel is best read from."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation.minimal_pixels import Darkness, darkened

STEEPEST = 10.0  # of the half-quadratic weight: going on to 1e5 took half as long again and made kernels no better
GROWTH = 2.0


def transfer(kernel: Tensor, shape: torch.Size) -> Tensor:
    """Transform a correlation kernel ``[K, K]`` so that multiplying a picture's transform by it blurs the picture."""
    size = kernel.shape[-1]
    placed = F.pad(kernel, (0, shape[1] - size, 0, shape[0] - size)).roll((-(size // 2),) * 2, (0, 1))
    return torch.fft.rfft2(placed).conj()


def slopes(light: Tensor) -> Tensor:
    """Take a periodic picture's differences to the right and down, ``[2, H, W]``."""
    return torch.stack((light.roll(-1, 1) - light, light.roll(-1, 0) - light))


def edges_only(light: Tensor, kernel: Tensor, sparsity: float, darkness: Darkness | None = None) -> Tensor:
    """Undo a uniform blur while letting as few pixels as possible differ from their neighbours.

    Minimises ``|k * u - v|^2 + sparsity |grad u|_0`` by half-quadratic splitting: gradients are set to zero where
    keeping them costs more, and the picture follows by one division in the Fourier domain, ever more closely.

    Args:
        light: v, ``[H, W]``, periodic, linear light.
        kernel: k, ``[K, K]``, correlation.
        sparsity: what an edge costs, in squared light.
        darkness: how the darkest pixels of patches are made darker before every look at the gradients; None leaves
            them.

    Returns:
        u, ``[H, W]``.

    Source:
        Xu, Lu, Xu and Jia 2011 (the splitting); Xu, Zheng and Jia 2013 (its use for blind deconvolution).
        Wen et al. 2021 (the darkest pixels).
    """
    shape = light.shape
    blur = transfer(kernel, shape)
    of = {"dtype": light.dtype, "device": light.device}
    down, right = torch.fft.fftfreq(shape[0], **of), torch.fft.rfftfreq(shape[1], **of)
    roughness = 4 * ((math.pi * down).sin().square().unsqueeze(1) + (math.pi * right).sin().square())  # of `slopes`
    matched, power = torch.view_as_real(blur.conj() * torch.fft.rfft2(light)), blur.abs().square()
    sharp, weight = light, 2 * sparsity
    # real parts by real numbers below: complex division takes several times as long
    while weight < STEEPEST:
        gradient = slopes(sharp if darkness is None else darkened(sharp, darkness))
        gradient *= gradient.square().sum(0) >= sparsity / weight
        wanted = torch.view_as_real(torch.fft.rfft2(_slopes_transposed(gradient)))
        wanted.mul_(weight).add_(matched).div_(torch.add(power, roughness, alpha=weight).unsqueeze(-1))
        sharp = torch.fft.irfft2(torch.view_as_complex(wanted), s=shape)
        weight *= GROWTH
    return sharp


def _slopes_transposed(gradient: Tensor) -> Tensor:
    across, down = gradient
    return across.roll(1, 1) - across + down.roll(1, 0) - down
