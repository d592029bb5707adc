"""The one way of a photo: exposure, estimate, refinement, restoration; torch alone, no Lightning."""

from deblur_lightning.deblurring.bundled import find_checkpoint, find_named_checkpoints
from deblur_lightning.deblurring.deblurrer import Deblurred, Deblurrer
from deblur_lightning.deblurring.direct import DirectDeblurrer
from deblur_lightning.deblurring.exposures import CameraExposure, ExposureRule, NoticedExposure
from deblur_lightning.deblurring.guard import Guard, StillnessGuard
from deblur_lightning.deblurring.load import load_deblurrer, load_named, load_weights
from deblur_lightning.deblurring.motion import MotionDeblurrer
from deblur_lightning.deblurring.photo import PhotoDeblurrer
from deblur_lightning.deblurring.recipe import build, describe
from deblur_lightning.deblurring.refinement import AlternatingRefinement, Refinement
from deblur_lightning.deblurring.restorers import HyperLaplacian, Restorer, RichardsonLucy

__all__ = [
    "AlternatingRefinement",
    "CameraExposure",
    "Deblurred",
    "Deblurrer",
    "DirectDeblurrer",
    "ExposureRule",
    "Guard",
    "HyperLaplacian",
    "MotionDeblurrer",
    "NoticedExposure",
    "PhotoDeblurrer",
    "Refinement",
    "Restorer",
    "RichardsonLucy",
    "StillnessGuard",
    "build",
    "describe",
    "find_checkpoint",
    "find_named_checkpoints",
    "load_deblurrer",
    "load_named",
    "load_weights",
]
