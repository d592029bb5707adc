"""Windows spread over a large picture, each where its part of the picture has most edges."""

import torch
from torch import Tensor

from deblur_lightning.estimation.richest_window import richest_window

SIDE = 160  # pixels; with smaller and larger ones a turning camera's kernels came out worse
GRID = 3  # windows each way; 4 were no better


def spread_windows(light: Tensor, side: int = SIDE) -> list[tuple[slice, slice]]:
    """Choose a window in each of 3 x 3 parts of a picture, that which tells most about blur (`richest_window`).

    Args:
        light: ``[H, W]``.
        side: of the windows, in pixels, at most H and W. Parts that are smaller grow to hold one, and then overlap.

    Returns:
        Nine squares, row by row.
    """
    height, width = light.shape
    windows = []
    for rows in _parts(height, side):
        for columns in _parts(width, side):
            down, right = richest_window(light[rows, columns], None, side)
            windows.append(
                (
                    slice(rows.start + down.start, rows.start + down.stop),
                    slice(columns.start + right.start, columns.start + right.stop),
                )
            )
    return windows


def centres(windows: list[tuple[slice, slice]]) -> list[tuple[float, float]]:
    """Tell the row and column of each window's centre, whole or half pixels."""
    return [((rows.start + rows.stop - 1) / 2, (columns.start + columns.stop - 1) / 2) for rows, columns in windows]


def evened(light: Tensor, windows: list[tuple[slice, slice]], contrast: float) -> list[Tensor]:
    """Cut the windows out, all lit by one factor so that the root of their mean variance is ``contrast``."""
    parts = [light[window] for window in windows]
    found = torch.stack([part.var() for part in parts]).mean().sqrt().clamp(min=1e-3)
    return [part * (contrast / found) for part in parts]


def _parts(length: int, side: int) -> list[slice]:
    parts = []
    for number in range(GRID):
        start, stop = number * length // GRID, (number + 1) * length // GRID
        if stop - start < side:
            start = max(0, min(length - side, (start + stop) // 2 - side // 2))
            stop = start + side
        parts.append(slice(start, stop))
    return parts
