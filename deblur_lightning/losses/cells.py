"""The divergence of each cell's kernel from the true one: ours, for networks that answer place by place."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField

SMALLEST = 1e-9  # keeps the logarithm of a kernel's dark pixels finite


def cell_divergence(log_kernels: Tensor, target: KernelField, cell: int) -> Tensor:
    """Average over cells ``sum_x g(x) log (g(x) / k(x))``, a kernel read as where light went.

    Each place is paid for by itself: no average over the picture can make up for a small object unseen. What minimises
    it is the mean of all kernels that a place may have.

    Args:
        log_kernels: logarithms of the kernels k that a network tells, ``[N, K * K, rows, columns]``.
        target: the true field of pictures of whole cells; a cell's kernel g is the mean of its pixels'.
        cell: side of the cells, in pixels.

    Returns:
        The mean over cells and pictures, in nats; not negative, 0 where both are equal.

    Raises:
        ValueError: another number of cells or kernel size.
    """
    wide = torch.promote_types(torch.promote_types(target.basis.dtype, target.coefficients.dtype), torch.float32)
    with torch.autocast(log_kernels.device.type, enabled=False):
        share = F.avg_pool2d(target.coefficients.to(wide), cell)
        true = torch.einsum("nbp,nbhw->nphw", target.basis.to(wide).flatten(2), share)
    if true.shape != log_kernels.shape:
        raise ValueError(
            f"log_kernels is {list(log_kernels.shape)}, but the true field has {list(true.shape)} in cells of {cell}. "
            "Pass pictures of whole cells and the same kernel_size."
        )
    return (true * ((true + SMALLEST).log() - log_kernels)).sum(1).mean()
