"""The camera: tensors in, tensors out."""

from deblur_lightning.physics.blur import blur, blur_adjoint
from deblur_lightning.physics.point_spread import point_spread_function, shake_kernels
from deblur_lightning.physics.saturation import saturate, saturate_derivative
from deblur_lightning.physics.scenes import expose, scene_field
from deblur_lightning.physics.tone import to_display, to_linear
from deblur_lightning.physics.trajectories import shake_trajectories

__all__ = [
    "blur",
    "blur_adjoint",
    "expose",
    "point_spread_function",
    "saturate",
    "saturate_derivative",
    "scene_field",
    "shake_kernels",
    "shake_trajectories",
    "to_display",
    "to_linear",
]
