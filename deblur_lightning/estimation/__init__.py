"""The motion field of a blurry picture, from the picture itself."""

from deblur_lightning.estimation.camera_path import camera_path
from deblur_lightning.estimation.dark_surround import dark_beyond, with_fade, without_fade
from deblur_lightning.estimation.dense_field import Found, dense_field, everywhere, find_motion
from deblur_lightning.estimation.drawn_field import drawn_field
from deblur_lightning.estimation.kernel_shape import reaches
from deblur_lightning.estimation.light_streaks import light_streaks
from deblur_lightning.estimation.local_evidence import LocalEvidence, least_side, weighing_evidence
from deblur_lightning.estimation.natural_kernel import natural_kernel
from deblur_lightning.estimation.pyramid import blind_kernel
from deblur_lightning.estimation.refined_kernel import Tell, refined_kernel
from deblur_lightning.estimation.richest_window import richest_window

__all__ = [
    "Found",
    "LocalEvidence",
    "Tell",
    "blind_kernel",
    "camera_path",
    "dark_beyond",
    "dense_field",
    "drawn_field",
    "everywhere",
    "find_motion",
    "least_side",
    "light_streaks",
    "natural_kernel",
    "reaches",
    "refined_kernel",
    "richest_window",
    "weighing_evidence",
    "with_fade",
    "without_fade",
]
