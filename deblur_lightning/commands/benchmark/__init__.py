"""`deblur benchmark`: methods on the built-in sample benchmark."""

from deblur_lightning.commands.benchmark.command import benchmark

__all__ = ["benchmark"]
