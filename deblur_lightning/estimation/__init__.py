"""The motion field of a blurry picture, from the picture itself."""

from deblur_lightning.estimation.dark_surround import dark_beyond, with_fade, without_fade
from deblur_lightning.estimation.refine_field import refine_field, richest_window
from deblur_lightning.estimation.variational_kernel import SOFTNESS

__all__ = ["SOFTNESS", "dark_beyond", "refine_field", "richest_window", "with_fade", "without_fade"]
