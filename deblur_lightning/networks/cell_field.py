"""The motion field of a photo of any size, from what a network tells of its cells."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.image import is_one_colour
from deblur_lightning.networks.cells import CELL, spread
from deblur_lightning.networks.mixture import mixture_of

TILE, MARGIN = 1024, 128  # pixels: larger photos are looked at in parts that overlap
MOST_CELLS = 20_000  # of a photo; of larger ones neighbouring cells are taken together

Telling = Callable[[Tensor], Tensor]
"""Gives the logarithms of cells' kernels, ``[N, K * K, rows, columns]``, of pictures ``[N, 3, H, W]``."""


def cell_field(tell: Telling, pictures: Tensor, num_basis: int = 8) -> KernelField:
    """Give the field of pictures, what is told of their cells as mixtures of a few kernels.

    Pictures of one colour show no motion.

    Args:
        tell: looks at pictures, or at parts of them.
        pictures: ``[N, 3, H, W]``, display values.
        num_basis: basis kernels B of each picture.

    Returns:
        B basis kernels a picture and their coefficients at each of its pixels, float32 or wider.

    Raises:
        ValueError: no basis kernel.
    """
    if num_basis < 1:
        raise ValueError(f"num_basis is {num_basis}, but it counts kernels. Pass at least 1.")
    size = pictures.shape[-2:]
    together = cells_together(size)
    cells = told_in_parts(tell, pictures, together)
    cells = cells.to(torch.promote_types(cells.dtype, torch.float32))
    with torch.autocast(cells.device.type, enabled=False):
        basis, mixing = zip(*(mixture_of(one.flatten(1).T, num_basis) for one in cells), strict=True)
    coarse = torch.stack(mixing).transpose(1, 2).unflatten(2, cells.shape[-2:])
    side = round(cells.shape[1] ** 0.5)
    kernels = torch.stack(basis).unflatten(2, (side, side))
    unmoved = delta_field(kernels[:1], side).basis
    kernels = torch.where(is_one_colour(pictures).view(-1, 1, 1, 1), unmoved, kernels)
    return KernelField(kernels, spread(coarse, size, CELL * together))


def cells_together(size: Sequence[int]) -> int:
    """Count cells each way that the field of a photo of a size, in pixels, takes as one."""
    together = 1
    while size[0] * size[1] > MOST_CELLS * (CELL * together) ** 2:
        together += 1
    return together


def told_in_parts(tell: Telling, pictures: Tensor, together: int = 1) -> Tensor:
    """Tell the kernels of all cells, large pictures in parts; ``[N, K * K, rows, columns]``.

    Args:
        tell: as for `cell_field`.
        pictures: likewise.
        together: cells each way whose mean is one place of the answer.
    """
    height, width = pictures.shape[-2:]
    if max(height, width) <= TILE:
        return _pooled(tell(pictures).exp(), together)
    step = together * CELL * max(1, (TILE - 2 * MARGIN) // (together * CELL))
    rows = [
        torch.cat([_part(tell, pictures, (top, left), step, together) for left in range(0, width, step)], dim=3)
        for top in range(0, height, step)
    ]
    return torch.cat(rows, dim=2)


def _part(tell: Telling, pictures: Tensor, corner: tuple[int, int], step: int, together: int) -> Tensor:
    """Tell the cells of a square, seen with what lies around it."""
    (height, width), (top, left) = pictures.shape[-2:], corner
    above, before = min(MARGIN, top), min(MARGIN, left)
    rows, columns = min(step, height - top), min(step, width - left)
    seen = pictures[..., top - above : top + rows + MARGIN, left - before : left + columns + MARGIN]
    kernels = tell(seen).exp()[..., above // CELL :, before // CELL :]
    return _pooled(kernels[..., : -(-rows // CELL), : -(-columns // CELL)], together)


def _pooled(kernels: Tensor, count: int) -> Tensor:
    return F.avg_pool2d(kernels, count, ceil_mode=True) if count > 1 else kernels
