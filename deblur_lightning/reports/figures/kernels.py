"""The two factors of a motion field: its basis kernels and its mixing coefficients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.reports.figures.canvas import MAP, MEANING, grid, new_figure, one_picture
from deblur_lightning.reports.figures.motion import averaged_to, cut_to, motion_said, radius_of, used_kernels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAP_SIDE = 320  # pixels; a map is drawn an inch or two wide
PANEL = 2.4  # inches at most
WIDTH = 7.2
TELLING = 9  # panels that are large enough for a sentence each
UNDER = 0.6  # opacity of a map over its photo


def draw_basis(field: KernelField, picture: int = 0) -> Figure:
    """Draw the basis kernels in use as the light's path, each with its mean share of the picture.

    They are cut to where they have light, and a line tells how long ten pixels are; a few are measured too.

    Args:
        field: a motion field.
        picture: which of its N pictures.

    Returns:
        A figure to save with :func:`save_figure`.
    """
    numbers, basis, coefficients, _ = _factors(field, picture)
    paths = cut_to(basis, radius_of(basis, least=5))
    count, side = len(paths), paths.shape[-1]
    columns = math.ceil(math.sqrt(count))
    panel = min(PANEL, WIDTH / columns)
    figure = new_figure(max(4.8, columns * panel), 0.8 + -(-count // columns) * (panel + 0.35))
    what = "One motion for the whole photo" if count == 1 else "Basis kernels"
    cut = "" if side == field.kernel_size else f"the central {side} × {side} of "
    figure.suptitle(
        f"{what}, {cut}{field.kernel_size} × {field.kernel_size} px:\n{MEANING}", fontsize=9 if columns > 2 else 8
    )
    for index, ax in enumerate(grid(figure, count)):
        ax.imshow(paths[index], cmap=MAP, vmin=0)
        ax.set_title(_told(numbers[index], basis[index], coefficients[index], count), fontsize=7)
        if not index:
            _draw_scale(ax, side)
    return figure


def draw_coefficients(field: KernelField, picture: int = 0, image: Tensor | None = None) -> Figure:
    """Draw where each basis kernel in use applies, the kernel in the corner.

    Args:
        field: a motion field.
        picture: which of its N pictures.
        image: the photo, to be drawn below the maps, ``[C, H, W]`` or ``[1, C, H, W]`` in [0, 1]; of its field's size.

    Returns:
        A figure to save with :func:`save_figure`.

    Raises:
        ValueError: a photo of another size.
    """
    numbers, basis, coefficients, size = _factors(field, picture)
    photo = None if image is None else 0.8 * _gray(image, size, coefficients.shape[-2:])
    paths = cut_to(basis, radius_of(basis, least=5))
    if len(paths) == 1:
        return _draw_everywhere(basis[0], paths[0], photo)
    height, width = coefficients.shape[-2:]
    columns = math.ceil(math.sqrt(len(paths)))
    panel = min(3.2, WIDTH / columns)
    rows = -(-len(paths) // columns)
    figure = new_figure(columns * panel + 0.9, 0.8 + rows * (0.3 + panel * min(max(height / width, 0.4), 1.6)))
    figure.suptitle(f"Mixing coefficients, each with its basis kernel:\n{MEANING}", fontsize=9)
    axes, top = grid(figure, len(paths)), float(coefficients.max())
    for index, ax in enumerate(axes):
        if photo is not None:
            ax.imshow(photo, cmap="gray", vmin=0, vmax=1)
        shown = ax.imshow(coefficients[index], cmap=MAP, vmin=0, vmax=top, alpha=1 if photo is None else UNDER)
        ax.set_title(_told(numbers[index], basis[index], coefficients[index], len(paths)), fontsize=7, pad=3)
        _draw_corner(ax, paths[index])
    bar = figure.colorbar(shown, ax=axes, shrink=0.6, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    return figure


def _draw_everywhere(kernel: np.ndarray, path: np.ndarray, photo: np.ndarray | None) -> Figure:
    """Draw the photo, if it is known, with the one kernel that applies all over it, instead of a map that is all 1."""
    height, width = path.shape if photo is None else photo.shape
    wide = 3.2 if photo is None else min(WIDTH, 6.5 * width / height)
    figure = new_figure(max(wide, 4.8), 0.9 + wide * height / width)
    figure.suptitle(
        f"One motion for the whole photo, its coefficient 1 everywhere:\n{motion_said(kernel)}\n{MEANING}", fontsize=8
    )
    (ax,) = grid(figure, 1)
    ax.imshow(path if photo is None else photo, cmap=MAP if photo is None else "gray", vmin=0)
    if photo is not None:
        _draw_corner(ax, path)
    return figure


def _draw_corner(ax: Axes, path: np.ndarray) -> None:
    corner = ax.inset_axes((0.74, 0.72, 0.25, 0.27))
    corner.imshow(path, cmap="gray", vmin=0)
    corner.set_xticks([])
    corner.set_yticks([])
    for spine in corner.spines.values():
        spine.set_edgecolor("0.6")


def _draw_scale(ax: Axes, side: int) -> None:
    """Draw how long ten pixels are, or five in a small kernel."""
    length = 10 if side >= 15 else 5
    ax.plot((0.5, 0.5 + length), (side - 1.5, side - 1.5), color="white", linewidth=2)
    ax.text(0.5, side - 2.1, f"{length} px", color="white", fontsize=7)
    ax.set_xlim(-0.5, side - 0.5)
    ax.set_ylim(side - 0.5, -0.5)


def _told(number: int, path: np.ndarray, coefficients: np.ndarray, count: int) -> str:
    """Tell a kernel's number and share, and its motion where there is room."""
    share = coefficients.mean()
    told = f"{number}: {'below 0.1%' if share < 0.001 else f'{share:.1%}'}"
    return f"{told}, {motion_said(path)}".replace(", ", "\n") if count <= TELLING else told


def _gray(image: Tensor, size: tuple[int, ...], shown: tuple[int, ...]) -> np.ndarray:
    """Give a photo in gray at the size that its maps are drawn at."""
    photo = one_picture(image).mean(axis=2)
    if photo.shape != size:
        raise ValueError(f"image is {list(photo.shape)}, but the field {list(size)}. Pass the photo of the field.")
    resized = F.interpolate(torch.from_numpy(photo)[None, None], size=shown, mode="area")
    gray: np.ndarray = resized[0, 0].numpy()
    return gray


def _factors(field: KernelField, picture: int) -> tuple[list[int], np.ndarray, np.ndarray, tuple[int, ...]]:
    """Take one picture's kernels in use: numbers, paths, coefficients averaged to a figure's size; its true size."""
    check_field_shape(field)
    if not 0 <= picture < len(field.basis):
        raise ValueError(f"picture is {picture}, but the field has {len(field.basis)}. Count from 0.")
    one = KernelField(*(part[picture : picture + 1].detach().cpu().float() for part in field))
    numbers = used_kernels(one)
    basis, coefficients = one.basis[0, numbers].flip(-2, -1), averaged_to(MAP_SIDE, one.coefficients[:, numbers])[0]
    return numbers, basis.numpy(), coefficients.numpy(), tuple(one.coefficients.shape[-2:])
