"""Deconvolution with a known motion field."""

from deblur_lightning.restoration.richardson_lucy import richardson_lucy

__all__ = ["richardson_lucy"]
