"""`deblur score-kohler`: restored Köhler pictures by the official protocol."""

from deblur_lightning.commands.score_kohler.command import score_kohler

__all__ = ["score_kohler"]
