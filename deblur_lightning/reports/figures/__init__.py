"""Figures, one file each; matplotlib is imported only when one is drawn."""

from deblur_lightning.reports.figures.canvas import save_figure
from deblur_lightning.reports.figures.comparison import Crop, draw_comparison, draw_errors, most_blurred
from deblur_lightning.reports.figures.curves import draw_curves, read_curves
from deblur_lightning.reports.figures.field import draw_field
from deblur_lightning.reports.figures.kernels import draw_basis, draw_coefficients

__all__ = [
    "Crop",
    "draw_basis",
    "draw_coefficients",
    "draw_comparison",
    "draw_curves",
    "draw_errors",
    "draw_field",
    "most_blurred",
    "read_curves",
    "save_figure",
]
