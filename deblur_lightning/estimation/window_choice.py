"""Whether windows of a large photo speak for a field or for one kernel."""

import math

import torch
from torch import Tensor

from deblur_lightning.estimation.choice import edge_misfit
from deblur_lightning.estimation.pyramid import CONTRAST
from deblur_lightning.estimation.spread_windows import centres, evened, spread_windows
from deblur_lightning.estimation.window_path import window_side
from deblur_lightning.field import KernelField

BLANK = 1e-3  # misfit added to both: windows without an edge say nothing


@torch.no_grad()
def edge_advantage(light: Tensor, field: KernelField, kernel: Tensor) -> float:
    """Compare how well a field and one kernel explain windows that are spread over a picture by their sharp edges.

    Args:
        light: the blurry picture, ``[H, W]``, linear light.
        field: of the picture; in each window the kernel of its centre counts.
        kernel: ``[K, K]``, unit sum, correlation.

    Returns:
        The mean over windows of the logarithm of the kernel's `edge_misfit` over the field's: above 0 where the field
        explains them better.

    Source:
        Ours.
    """
    windows = spread_windows(light, window_side(light.shape, len(kernel)))
    parts = evened(light, windows, CONTRAST)
    total = 0.0
    for part, (row, column) in zip(parts, centres(windows), strict=True):
        own = field.kernel_at(int(row), int(column))[0]
        total += math.log((edge_misfit(part, kernel) + BLANK) / (edge_misfit(part, own) + BLANK))
    return total / len(parts)
