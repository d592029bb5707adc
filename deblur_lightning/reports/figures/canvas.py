"""What every figure shares: its canvas, its colours, and how it is saved.

Figures are built without pyplot: nothing global changes, no display is needed, and the same data gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.reports.marks import DRAWN
from deblur_lightning.sentences import printable
from deblur_lightning.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette: told apart by the colour-blind, and in gray by the order of lightness."""

MAP = "cividis"
"""The map of non-negative quantities: perceptually even, and the same to the colour-blind."""

TALLEST = 14.0
"""Inches of a picture in a figure, however narrow it is."""

MEANING = "light's path on the sensor (flipped from the kernels' correlation orientation)"


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure whose parts never overlap.

    Args:
        width: inches.
        height: inches.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(
    figure: Figure, path: Path | str, formats: Iterable[str] = ("png", "pdf"), dpi: int = 160, title: str = ""
) -> list[Path]:
    """Save a figure whole, without dates, in each format; PNG, PDF and SVG are marked as `DRAWN` here.

    Args:
        figure: what to save.
        path: the file's name; its suffix, if any, is replaced by each format's.
        formats: suffixes that matplotlib knows.
        dpi: resolution of PNG files and of pictures inside PDF files.
        title: what the figure shows, kept in the file for those who cannot see it.

    Returns:
        The files written.
    """
    import matplotlib as mpl

    known: dict[str, dict[str, str | None]] = {
        "pdf": {"CreationDate": None, "Creator": DRAWN},
        "png": {"Software": DRAWN},
        "svg": {"Date": None, "Creator": DRAWN},
    }
    paths = [Path(path).with_suffix(f".{suffix}") for suffix in formats]
    for target in paths:
        kind = target.suffix[1:]
        with whole_file(target) as part, mpl.rc_context({"pdf.fonttype": 42, "svg.hashsalt": "deblur"}):
            said = {"Title": printable(title)} if title and kind in known else {}
            figure.savefig(part, format=kind, dpi=dpi, metadata={**known.get(kind, {}), **said} or None)
    return paths


def grid(figure: Figure, count: int) -> list[Axes]:
    """Lay out ``count`` axes without ticks in a nearly square grid, row by row."""
    columns = int(np.ceil(np.sqrt(count)))
    every = figure.subplots(-(-count // columns), columns, squeeze=False).flat
    axes = list(every)
    for ax in axes:
        ax.set_xticks([])
        ax.set_yticks([])
    for ax in axes[count:]:
        ax.set_axis_off()
    return axes[:count]


def one_picture(image: Tensor) -> np.ndarray:
    """Turn a picture ``[C, H, W]`` or ``[1, C, H, W]`` in [0, 1] into ``[H, W, 3]`` for matplotlib.

    Raises:
        ValueError: another number of axes, pictures or channels.
    """
    if image.ndim == 4 and image.shape[0] == 1:
        image = image[0]
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"image is {list(image.shape)}, but a figure shows one picture. Pass [C, H, W], C of 1 or 3.")
    picture = image.detach().to("cpu", torch.float32).clamp(0, 1).expand(3, -1, -1)
    return picture.permute(1, 2, 0).numpy()
