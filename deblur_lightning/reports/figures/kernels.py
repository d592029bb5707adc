"""The two factors of a motion field: its basis kernels and its mixing coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch.nn.functional as F

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.reports.figures.canvas import MAP, MEANING, grid, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAP_SIDE = 320  # pixels; a map is drawn an inch or two wide


def draw_basis(field: KernelField, picture: int = 0) -> Figure:
    """Draw the basis kernels as the light's path, each with its mean share of the picture.

    Args:
        field: a motion field.
        picture: which of its N pictures.

    Returns:
        A figure to save with :func:`save_figure`.
    """
    basis, coefficients = _factors(field, picture)
    figure = new_figure(7.2, 7.6)
    figure.suptitle(f"Basis kernels, {field.kernel_size} × {field.kernel_size}: {MEANING}", fontsize=9)
    for number, ax in enumerate(grid(figure, len(basis))):
        ax.imshow(basis[number], cmap=MAP, vmin=0)
        ax.set_title(f"{number}: {coefficients[number].mean():.1%}", fontsize=7)
    return figure


def draw_coefficients(field: KernelField, picture: int = 0) -> Figure:
    """Draw each mixing coefficient over the picture, its basis kernel in the corner.

    Args:
        field: a motion field.
        picture: which of its N pictures.

    Returns:
        A figure to save with :func:`save_figure`.
    """
    basis, coefficients = _factors(field, picture)
    height, width = coefficients.shape[-2:]
    figure = new_figure(7.2, 0.9 + 6.8 * min(max(height / width, 0.4), 1.6))
    figure.suptitle(f"Mixing coefficients, each with its basis kernel:\n{MEANING}", fontsize=9)
    axes = grid(figure, len(basis))
    top = float(coefficients.max())
    for number, ax in enumerate(axes):
        shown = ax.imshow(coefficients[number], cmap=MAP, vmin=0, vmax=top)
        ax.set_title(str(number), fontsize=7, pad=2)
        corner = ax.inset_axes((0.72, 0.72, 0.27, 0.27))
        corner.imshow(basis[number], cmap="gray", vmin=0)
        corner.set_xticks([])
        corner.set_yticks([])
    bar = figure.colorbar(shown, ax=axes, shrink=0.5, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    return figure


def _factors(field: KernelField, picture: int) -> tuple[np.ndarray, np.ndarray]:
    """Take one picture's kernels, flipped, and its coefficients, averaged down to what a figure can show."""
    check_field_shape(field)
    if not 0 <= picture < len(field.basis):
        raise ValueError(f"picture is {picture}, but the field has {len(field.basis)}. Count from 0.")
    basis = field.basis[picture].detach().cpu().float().flip(-2, -1)
    coefficients = field.coefficients[picture].detach().cpu().float()
    shrink = max(coefficients.shape[-2:]) / MAP_SIDE
    if shrink > 1:
        height, width = (max(1, round(side / shrink)) for side in coefficients.shape[-2:])
        coefficients = F.interpolate(coefficients.unsqueeze(0), size=(height, width), mode="area").squeeze(0)
    return basis.numpy(), coefficients.numpy()
