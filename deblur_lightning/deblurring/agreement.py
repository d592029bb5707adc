"""How a motion field and a network that sees each place by itself agree; ours."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation import reaches
from deblur_lightning.field import KernelField
from deblur_lightning.restoration import neighbourhoods

APART, DOUBT = 1.0, 0.5  # pixels between both reaches of a kernel: then it is believed by half; how fast belief falls
SEEN_CUES = (
    "reach",  # of the network's kernels
    "further",  # the field's kernels reach than these
    "apart",  # how far both are from one another, whichever reaches further
    "stayed",  # light on its pixel, as the network says
)


def seen_cues(cells: Tensor, field: KernelField) -> Tensor:
    """Tell of each cell, near and wide, what a network sees there and how a field differs from it.

    Args:
        cells: what the network tells of each, ``[N, K * K, rows, columns]``.
        field: of the same pictures.

    Returns:
        ``[N, 2 * len(SEEN_CUES), rows, columns]``: all near, then all wide, see `neighbourhoods`.
    """
    told = reach_of(cells)
    further = reach_of(cells_of(field, cells.shape[-2:])) - told
    return torch.cat(neighbourhoods(torch.cat((told, further, further.abs(), stayed(cells)), dim=1)), dim=1)


def stayed(cells: Tensor) -> Tensor:
    """Tell what share of each cell's light stayed on its pixel, ``[N, K * K, rows, columns] -> [N, 1, …]``."""
    centre = cells.shape[1] // 2
    return cells[:, centre : centre + 1]


def believed(cells: Tensor, field: KernelField) -> Tensor:
    """Tell how far to believe a field's kernels in each cell, by how far they reach.

    Args:
        cells: what the network tells of each, ``[N, K * K, rows, columns]``.
        field: of the same pictures.

    Returns:
        ``[N, 1, rows, columns]`` in [0, 1].
    """
    apart = (reach_of(cells) - reach_of(cells_of(field, cells.shape[-2:]))).abs()
    around = F.avg_pool2d(apart, 3, 1, 1, count_include_pad=False)
    return torch.sigmoid((APART - around) / DOUBT)


def reach_of(cells: Tensor) -> Tensor:
    """Measure how far the light of each cell's kernel is from its centre, see `reaches`; ``[N, 1, rows, columns]``."""
    count, pixels, rows, columns = cells.shape
    size = round(pixels**0.5)
    kernels = cells.permute(0, 2, 3, 1).reshape(-1, size, size)
    return reaches(kernels).view(count, 1, rows, columns)


def cells_of(field: KernelField, grid: Sequence[int]) -> Tensor:
    """Give a field's mean kernels in the cells of a grid over its pictures, ``[N, K * K, rows, columns]``."""
    shares = F.adaptive_avg_pool2d(field.coefficients, (grid[0], grid[1]))
    return torch.einsum("nbp,nbhw->nphw", field.basis.flatten(2), shares)
