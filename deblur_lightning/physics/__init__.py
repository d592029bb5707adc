"""The camera: tensors in, tensors out."""

from deblur_lightning.physics.blur import blur, blur_adjoint
from deblur_lightning.physics.saturation import saturate, saturate_derivative
from deblur_lightning.physics.tone import to_display, to_linear

__all__ = ["blur", "blur_adjoint", "saturate", "saturate_derivative", "to_display", "to_linear"]
