"""Windows spread over a large picture, each where its part of the picture has most edges."""

from collections.abc import Sequence

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
    return richest_windows(light, parts(height, GRID, side), parts(width, GRID, side), side)


def richest_windows(
    light: Tensor, bands: Sequence[slice], stripes: Sequence[slice], side: int
) -> list[tuple[slice, slice]]:
    """Choose the `richest_window` of each part of a picture.

    Args:
        light: ``[H, W]``.
        bands: rows of the parts.
        stripes: their columns.
        side: of the windows, in pixels; shorter where a part is.

    Returns:
        The windows, row by row.
    """
    windows = []
    for rows in bands:
        for columns in stripes:
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
    """Cut windows out of a picture, lit as the fit of kernels wants them.

    Args:
        light: ``[H, W]``, linear light.
        windows: as of `spread_windows`.
        contrast: root of the mean of the windows' variances that they get, all by one factor.

    Returns:
        Each window, ``[side, side]``.
    """
    seen = [light[window] for window in windows]
    found = torch.stack([part.var() for part in seen]).mean().sqrt().clamp(min=1e-3)
    return [part * (contrast / found) for part in seen]


def parts(length: int, count: int, least: int = 0) -> list[slice]:
    """Divide a side of a picture evenly.

    Args:
        length: of the side, in pixels.
        count: number of parts.
        least: pixels of a part, no more than ``length``; smaller ones grow to that, and then overlap.
    """
    found = []
    for number in range(count):
        start, stop = number * length // count, (number + 1) * length // count
        if stop - start < least:
            start = max(0, min(length - least, (start + stop) // 2 - least // 2))
            stop = start + least
        found.append(slice(start, stop))
    return found
