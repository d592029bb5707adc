"""Whole files, under the name that reports know."""

from deblur_lightning.whole_file import whole_file

__all__ = ["whole_file"]
