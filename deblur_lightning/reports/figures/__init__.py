"""Figures, one file each; matplotlib is imported only when one is drawn."""

from deblur_lightning.reports.figures.canvas import save_figure
from deblur_lightning.reports.figures.field import draw_field
from deblur_lightning.reports.figures.kernels import draw_basis, draw_coefficients

__all__ = ["draw_basis", "draw_coefficients", "draw_field", "save_figure"]
