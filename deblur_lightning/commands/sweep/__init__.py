"""`deblur sweep`: a sweep of wandb's format, run here."""

from deblur_lightning.commands.sweep.command import sweep

__all__ = ["sweep"]
