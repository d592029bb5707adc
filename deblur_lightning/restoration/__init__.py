"""Deconvolution with a known motion field, and the refinement of an estimated one."""

from deblur_lightning.restoration.dark_surround import EVERY_SIDE, NO_SIDE, Sides, dark_beyond, with_fade, without_fade
from deblur_lightning.restoration.noise import noise_level
from deblur_lightning.restoration.refine_field import refine_field, richest_window
from deblur_lightning.restoration.richardson_lucy import richardson_lucy
from deblur_lightning.restoration.ringing import limit_ringing
from deblur_lightning.restoration.robust import deconvolve
from deblur_lightning.restoration.variational_kernel import SOFTNESS

__all__ = [
    "EVERY_SIDE",
    "NO_SIDE",
    "SOFTNESS",
    "Sides",
    "dark_beyond",
    "deconvolve",
    "limit_ringing",
    "noise_level",
    "refine_field",
    "richardson_lucy",
    "richest_window",
    "with_fade",
    "without_fade",
]
