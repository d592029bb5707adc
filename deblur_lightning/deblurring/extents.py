"""How far, and which way, kernels spread light: the roots of their covariances."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.networks.cells import CELL

TINY = 1e-12  # square pixels, so that no motion at all divides by no zero


def extent_of(cells: Tensor) -> Tensor:
    """Measure how far, and which way, the kernel of each cell spreads light.

    That is the root of the light's covariance, a symmetric 2 x 2 matrix: of motion along a line, how far it went, in
    that direction. As a vector its length is the kernel's reach (`reaches`), and the length of a difference is the
    matrices' Frobenius distance.

    Args:
        cells: ``[N, K * K, rows, columns]``.

    Returns:
        ``[N, 3, rows, columns]``, in pixels: across, down, and, times the root of 2, both.
    """
    size = round(cells.shape[1] ** 0.5)
    return _root_of_covariance(torch.einsum("nphw,pm->nmhw", cells, _moments(size, cells).flatten(1).T))


def extent_in(field: KernelField) -> Tensor:
    """Measure the same of a field's mean kernels in each cell of 8 x 8 pixels, without making them.

    Args:
        field: ``[N, B, K, K]`` and ``[N, B, H, W]``; the cells at the right and below may be smaller.

    Returns:
        ``[N, 3, ceil(H / 8), ceil(W / 8)]``.
    """
    shares = F.avg_pool2d(field.coefficients, CELL, ceil_mode=True, count_include_pad=False)
    of_basis = torch.einsum("nbij,mij->nbm", field.basis.to(shares), _moments(field.kernel_size, shares))
    return _root_of_covariance(torch.einsum("nbhw,nbm->nmhw", shares, of_basis))


def _moments(size: int, like: Tensor) -> Tensor:
    """Give what a kernel is weighted by for its moments: across, down, and both, across and down squared."""
    steps = torch.arange(size, device=like.device, dtype=like.dtype) - size // 2
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack((across, down, across * down, across.square(), down.square()))


def _root_of_covariance(moments: Tensor) -> Tensor:
    """Take the root of covariances given by the moments ``[N, 5, …]`` of light, in closed form for 2 x 2."""
    x, y, xy, xx, yy = moments.unbind(1)
    across, down = (xx - x.square()).clamp(min=0), (yy - y.square()).clamp(min=0)
    most = (across * down).sqrt()  # beyond, rounding has made what is no covariance
    both = torch.maximum(torch.minimum(xy - x * y, most), -most)
    determinant = (across * down - both.square()).clamp(min=0).sqrt()
    trace = (across + down + 2 * determinant).clamp(min=TINY).sqrt()
    return torch.stack((across + determinant, down + determinant, 2**0.5 * both), dim=1) / trace.unsqueeze(1)
