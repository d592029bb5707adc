"""Weights in files: read without running them, the authors' as well as our own."""

from deblur_lightning.checkpoints.own import Checkpoint, read_checkpoint, write_checkpoint
from deblur_lightning.checkpoints.published import load_published

__all__ = ["Checkpoint", "load_published", "read_checkpoint", "write_checkpoint"]
