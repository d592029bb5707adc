"""`deblur restore-video`: restore a video frame by frame."""

from deblur_lightning.commands.restore_video.command import restore_video

__all__ = ["restore_video"]
