"""Deconvolution with a known motion field."""

from deblur_lightning.restoration.richardson_lucy import richardson_lucy
from deblur_lightning.restoration.ringing import hold_rims, limit_ringing
from deblur_lightning.restoration.robust import deconvolve

__all__ = [
    "deconvolve",
    "hold_rims",
    "limit_ringing",
    "richardson_lucy",
]
