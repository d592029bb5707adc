"""The camera: tensors in, tensors out."""

from deblur_lightning.physics.blur import BlurOperator, blur, blur_adjoint
from deblur_lightning.physics.borders import Padding
from deblur_lightning.physics.noise import noise_level
from deblur_lightning.physics.point_spread import draw_sides, kernels_along, point_spread_function, shake_kernels
from deblur_lightning.physics.saturation import saturate, saturate_derivative
from deblur_lightning.physics.scenes import expose, scene_field
from deblur_lightning.physics.shake_field import shake_field, turning_field
from deblur_lightning.physics.tone import check_gamma, to_display, to_linear
from deblur_lightning.physics.trajectories import Tremors, follow_tremors, shake_trajectories

__all__ = [
    "BlurOperator",
    "Padding",
    "Tremors",
    "blur",
    "blur_adjoint",
    "check_gamma",
    "draw_sides",
    "expose",
    "follow_tremors",
    "kernels_along",
    "noise_level",
    "point_spread_function",
    "saturate",
    "saturate_derivative",
    "scene_field",
    "shake_field",
    "shake_kernels",
    "shake_trajectories",
    "to_display",
    "to_linear",
    "turning_field",
]
