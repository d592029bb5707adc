"""The spatially varying blur and its exact transpose (Carbajal et al. 2021, arXiv 2102.01026, eq. 2)."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField, check_field

Padding = Literal["reflect", "replicate", "circular", "zeros", "valid"]


def pad(image: Tensor, radius: int, padding: Padding) -> Tensor:
    """Extend pictures by ``radius`` pixels on each side."""
    if padding == "valid" or radius == 0:
        return image
    return F.pad(image, (radius,) * 4, mode="constant" if padding == "zeros" else padding)


def blur(image: Tensor, field: KernelField, padding: Padding = "reflect") -> Tensor:
    """Blur each pixel with its own kernel: ``v_i = sum_b m_i^b <u_nn(i), k^b>`` (correlation)."""
    check_field(field)
    pictures, channels = image.shape[:2]
    padded = pad(image, field.kernel_size // 2, padding)
    blurry: Tensor = torch.zeros((), dtype=image.dtype)
    for kernel, coefficient in zip(field.basis.unbind(1), field.coefficients.unbind(1), strict=True):
        weight = kernel.repeat_interleave(channels, 0).unsqueeze(1)
        filtered = F.conv2d(padded.flatten(0, 1).unsqueeze(0), weight, groups=pictures * channels)
        blurry = blurry + filtered.view(pictures, channels, *filtered.shape[-2:]) * coefficient.unsqueeze(1)
    return blurry


def blur_adjoint(image: Tensor, field: KernelField, padding: Padding = "reflect") -> Tensor:
    """Send each pixel's light back along its kernel: the exact transpose of `blur` for the same padding."""
    height, width = image.shape[-2:]
    margin = field.kernel_size - 1 if padding == "valid" else 0
    source = image.new_zeros(*image.shape[:2], height + margin, width + margin, requires_grad=True)
    with torch.enable_grad():
        return torch.autograd.grad(blur(source, field, padding), source, image)[0]
