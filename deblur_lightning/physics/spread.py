"""How far, and along which way, each pixel's kernel spreads: the root of its covariance."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField

LEAST = 1e-12  # px²; keeps the root of no spread from dividing by 0


def field_spread(field: KernelField, cell: int = 4) -> Tensor:
    """Give the root of the mean kernel's covariance in each cell of pixels.

    A straight motion over L pixels has ``L / sqrt(12)`` along its way and 0 across; no motion has 0 both ways.

    Args:
        field: ``[N, B, K, K]`` and ``[N, B, H, W]``.
        cell: side of a cell, in pixels; H and W are multiples of it.

    Returns:
        ``[N, 3, H / cell, W / cell]``, in pixels: the symmetric matrix's entries down-down, right-right, down-right.
    """
    radius = field.kernel_size // 2
    places = torch.arange(-radius, radius + 1, dtype=field.basis.dtype, device=field.basis.device)
    down, right = torch.meshgrid(places, places, indexing="ij")
    powers = torch.stack((down, right, down * down, right * right, down * right))
    moments = torch.einsum("nbij,mij->nmb", field.basis, powers)
    shares = F.avg_pool2d(field.coefficients, cell)
    means = torch.einsum("nmb,nbhw->nmhw", moments, shares)
    down, right, down_down, right_right, down_right = means.unbind(1)
    return matrix_root(
        torch.stack((down_down - down * down, right_right - right * right, down_right - down * right), dim=1)
    )


def matrix_root(matrix: Tensor) -> Tensor:
    """Take the root of symmetric 2 x 2 matrices without negative eigenvalues, ``[N, 3, ...]``: aa, bb, ab.

    By Cayley and Hamilton it is ``(C + sqrt(det C)) / sqrt(tr C + 2 sqrt(det C))``.
    """
    first, second, mixed = matrix.unbind(1)
    root = (first * second - mixed * mixed).clamp(min=0).sqrt()
    scale = (first + second + 2 * root).clamp(min=LEAST).rsqrt()
    return torch.stack(((first + root) * scale, (second + root) * scale, mixed * scale), dim=1)
