"""The motion field over its photo: at each point of a grid, the path that light took there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.reports.figures.canvas import MEANING, TALLEST, new_figure, one_picture
from deblur_lightning.reports.figures.motion import cut_to, is_one_motion, motion_said, radius_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATH_COLOUR = (1.0, 0.76, 0.03)  # amber: stands out from gray for the colour-blind too
ENLARGED = 4  # times at most: where hardly anything moved, a dot should look like one
FILLED = 0.86  # of a cell's side; the rest parts neighbours
NARROWEST = 3.0  # inches: of a figure; below, its caption finds no place
ONE_MOTION = 6  # kernels along the longer side where all are alike: fewer, and large enough to be looked at


def draw_field(image: Tensor, field: KernelField, kernels: int = 16) -> Figure:
    """Draw a grid of per-pixel kernels over the photo, which is grayed so that they stand out.

    All kernels are drawn whole and at one scale, said below the picture; each is as bright as its own peak allows. Of a
    photo that moved as one, that is said, and fewer kernels are drawn, larger.

    Args:
        image: the blurry photo, ``[C, H, W]`` or ``[1, C, H, W]``, in [0, 1].
        field: its motion field, N = 1.
        kernels: how many kernels along the photo's longer side, at most.

    Returns:
        A figure to save with :func:`save_figure`.

    Raises:
        ValueError: photo and field differ in size, or there is more than one.
    """
    photo = one_picture(image)
    height, width = photo.shape[:2]
    check_one_field(field, (height, width))
    one = is_one_motion(field)
    cell = max(1, -(-max(height, width) // (min(kernels, ONE_MOTION) if one else kernels)))
    rows, columns = _centres(height, cell), _centres(width, cell)
    paths = paths_at(field, rows, columns, (height, width))
    paths = cut_to(paths, radius_of(paths))
    side = paths.shape[-1]
    drawn = min(FILLED * cell, ENLARGED * side)

    across = min(9.0, TALLEST * width / height)  # inches
    figure = new_figure(max(across, NARROWEST), 0.5 + 0.98 * across * height / width)
    ax = figure.subplots()
    ax.imshow(0.65 * photo.mean(axis=2), cmap="gray", vmin=0, vmax=1)
    for row, line in zip(rows, paths, strict=True):
        for column, path in zip(columns, line, strict=True):
            light = np.empty((side, side, 4), np.float32)
            light[..., :3] = PATH_COLOUR
            light[..., 3] = np.sqrt(path.clip(0) / max(path.max(), np.finfo(np.float32).tiny))
            ax.imshow(light, extent=_square(column, row, drawn), interpolation="bilinear")
    ax.set_xlim(-0.5, width - 0.5)
    ax.set_ylim(height - 0.5, -0.5)
    ax.set_axis_off()
    where = f"One motion for the whole photo, {motion_said(paths[0, 0])}" if one else f"Every {cell} px"
    figure.supxlabel(f"{where}: {MEANING}, drawn {drawn / side:.2g}× its size", fontsize=8, wrap=True)
    return figure


def paths_at(field: KernelField, rows: np.ndarray, columns: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Mix the kernels of a grid of pixels, flipped to the light's path.

    Args:
        field: a motion field, N = 1.
        rows: the grid's rows, in pixels.
        columns: the grid's columns.
        size: the photo's height and width, which the field must share.

    Returns:
        Kernels ``[len(rows), len(columns), K, K]``.

    Raises:
        ValueError: the field has another size, or more than one picture.
    """
    check_one_field(field, size)
    chosen = field.coefficients[0][:, torch.from_numpy(rows)[:, None], torch.from_numpy(columns)]
    mixed = torch.einsum("bij,bhw->hwij", field.basis[0].detach().float(), chosen.detach().float())
    return mixed.flip(-2, -1).cpu().numpy()


def check_one_field(field: KernelField, size: tuple[int, int]) -> None:
    """Raise unless a field is of one picture and of this height and width.

    Raises:
        ValueError: what it is of instead.
    """
    check_field_shape(field)
    if len(field.basis) != 1:
        raise ValueError(
            f"field has {len(field.basis)} pictures, but a figure shows one. Index both tensors by [i:i+1]."
        )
    if tuple(field.coefficients.shape[-2:]) != size:
        raise ValueError(
            f"field is for {list(field.coefficients.shape[-2:])} pixels, but the photo has {list(size)}. "
            "Pass the photo that the field was estimated from."
        )


def _centres(length: int, cell: int) -> np.ndarray:
    """Spread cells' centres evenly over a side."""
    count = max(1, length // cell)
    return ((np.arange(count) + 0.5) * length / count).astype(np.int64)


def _square(column: float, row: float, side: float) -> tuple[float, float, float, float]:
    """Give imshow's extent of a square centred on a pixel, in a picture whose rows run down."""
    return column - side / 2, column + side / 2, row + side / 2, row - side / 2
