"""The motion field over its photo: at each point of a grid, the path that light took there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.reports.figures.canvas import MEANING, new_figure, one_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATH_COLOUR = (1.0, 0.76, 0.03)  # amber: stands out from gray for the colour-blind too
LIGHT_SHOWN = 0.98  # share of each kernel's light that its cell must hold
ENLARGED = 4  # times at most, if the kernel is large enough: where hardly anything moved, a dot shall look like one


def draw_field(image: Tensor, field: KernelField, kernels: int = 20) -> Figure:
    """Draw a grid of per-pixel kernels over the photo, which is grayed so that they stand out.

    All kernels are drawn at one scale, said below the picture; each is as bright as its own peak allows.

    Args:
        image: the blurry photo, ``[C, H, W]`` or ``[1, C, H, W]``, in [0, 1].
        field: its motion field, N = 1.
        kernels: how many kernels along the photo's longer side.

    Returns:
        A figure to save with :func:`save_figure`.

    Raises:
        ValueError: photo and field differ in size, or there is more than one.
    """
    photo = one_picture(image)
    height, width = photo.shape[:2]
    cell = max(1, -(-max(height, width) // kernels))
    rows, columns = _centres(height, cell), _centres(width, cell)
    paths = paths_at(field, rows, columns, (height, width))
    drawn = 0.94 * cell  # of the cell; the rest parts neighbours
    radius = _radius(paths, math.ceil((drawn / ENLARGED - 1) / 2))
    centre = field.kernel_size // 2
    paths = paths[..., centre - radius : centre + radius + 1, centre - radius : centre + radius + 1]
    side = 2 * radius + 1

    figure = new_figure(9, 0.5 + 8.8 * height / width)
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
    figure.supxlabel(f"Every {cell} px: {MEANING}, drawn {drawn / side:.2g}× its size", fontsize=8)
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
    chosen = field.coefficients[0][:, torch.from_numpy(rows)[:, None], torch.from_numpy(columns)]
    mixed = torch.einsum("bij,bhw->hwij", field.basis[0].detach().float(), chosen.detach().float())
    return mixed.flip(-2, -1).cpu().numpy()


def _centres(length: int, cell: int) -> np.ndarray:
    """Spread cells' centres evenly over a side."""
    count = max(1, length // cell)
    return ((np.arange(count) + 0.5) * length / count).astype(np.int64)


def _radius(paths: np.ndarray, least: int) -> int:
    """Find the smallest square about the centre, from a least radius on, that holds nearly all light of every path."""
    centre = paths.shape[-1] // 2
    total = paths.sum(axis=(-2, -1))
    for radius in range(max(2, least), centre):
        held = paths[..., centre - radius : centre + radius + 1, centre - radius : centre + radius + 1]
        if (held.sum(axis=(-2, -1)) >= LIGHT_SHOWN * total).all():
            return radius
    return centre


def _square(column: float, row: float, side: float) -> tuple[float, float, float, float]:
    """Give imshow's extent of a square centred on a pixel, in a picture whose rows run down."""
    return column - side / 2, column + side / 2, row + side / 2, row - side / 2
