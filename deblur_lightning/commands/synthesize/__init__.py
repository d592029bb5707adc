"""`deblur synthesize`: blurry and sharp pairs of photographs or a video."""

from deblur_lightning.commands.synthesize.command import synthesize

__all__ = ["synthesize"]
