"""`deblur score`: anyone's restored pictures against the sharp ones."""

from deblur_lightning.commands.score.command import score

__all__ = ["score"]
