"""From a window of a photograph and its motion field to a blurry picture: what benchmarks and made pairs share."""

import torch
from torch import Tensor

from deblur_lightning.data.frames import Frame
from deblur_lightning.data.scenes.synthetic import SyntheticSample
from deblur_lightning.field import KernelField
from deblur_lightning.losses import kernel_weights
from deblur_lightning.physics import expose, to_linear


def blurred_window(
    window: Frame, field: KernelField, *, generator: torch.Generator, gamma: float, noise: float
) -> tuple[Tensor, Tensor]:
    """Expose a window of a photograph while it moves, in the field's precision.

    Args:
        window: ``[S, S, 3]``, the picture with the K // 2 pixels around it that light reaches it from.
        field: of the picture's S - K + 1 pixels each way, N = 1.
        generator: the source of the noise.
        gamma: display to linear light.
        noise: standard deviation at full well, see `expose`.

    Returns:
        The blurry picture, and the window, as a sample's ``blurry`` and ``scene``.
    """
    scene = torch.from_numpy(window.copy()).permute(2, 0, 1).to(field.basis) / 255
    blurry = expose(to_linear(scene[None], gamma), field, generator=generator, gamma=gamma, noise=noise)
    return blurry[0], scene


def window_sample(field: KernelField, blurry: Tensor, scene: Tensor, name: str) -> SyntheticSample:
    """Put what `blurred_window` returned in a sample, with the motion; the sharp picture is the window's inside."""
    margin, (height, width) = field.kernel_size // 2, blurry.shape[-2:]
    return {
        "blurry": blurry.float(),
        "sharp": scene[:, margin : margin + height, margin : margin + width].float(),
        "scene": scene.float(),
        "field": KernelField(field.basis[0], field.coefficients[0]),
        "weights": kernel_weights(field)[0],
        "name": name,
    }
