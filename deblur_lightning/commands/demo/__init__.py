"""`deblur demo`: the live page."""

from deblur_lightning.commands.demo.command import demo

__all__ = ["demo"]
