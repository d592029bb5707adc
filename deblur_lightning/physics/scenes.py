"""One synthetic exposure: objects and background that move each in their own way (Carbajal et al. 2021, section 5)."""

import math

import torch
from torch import Tensor

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.physics.blur import blur
from deblur_lightning.physics.saturation import saturate
from deblur_lightning.physics.tone import to_display


def scene_field(masks: Tensor, kernels: Tensor) -> KernelField:
    """Build the motion field of a scene whose segments move each with one kernel.

    During the exposure an object covers each pixel near its border for a part of the time: its mask, blurred by its
    own kernel. Where the parts of all segments do not add up to the whole exposure (two objects part or meet), they
    are scaled to. This is the authors' construction and the field of *their* camera: light adds up as
    ``sum_j m^j <u, g^j>`` over the one sharp scene u, so what an object uncovers while it moves is not invented.

    Args:
        masks: hard segments that tile the scene, ``[N, J, H + K - 1, W + K - 1]`` in {0, 1}.
        kernels: one a segment, ``[N, J, K, K]``, unit sum.

    Returns:
        The field of the scene's inner H x W pixels. Where no segment has any part, the first takes all.

    Raises:
        ValueError: shapes that do not fit.

    Source:
        The authors' generators: each mask blurred by its own kernel, then normalised (see the docs for sources).
    """
    check_field_shape(KernelField(kernels, masks))
    (height, width), kernel_size = masks.shape[-2:], kernels.shape[-1]
    if min(height, width) < kernel_size:
        raise ValueError(
            f"masks are {height} x {width}, but kernels of {kernel_size} must fit into them. Pass masks of at least "
            f"{kernel_size} x {kernel_size}."
        )
    looking = torch.fft.fft(torch.fft.rfft(kernels, n=width), n=height, dim=-2).conj()  # skips rows of zeros
    rows = torch.fft.ifft(torch.fft.rfft2(masks) * looking, dim=-2)[..., : height - kernel_size + 1, :]
    soft = torch.fft.irfft(rows, n=width)[..., : width - kernel_size + 1].clamp(min=0)
    soft[:, 0] += soft.sum(dim=1) <= 1e-6
    return KernelField(kernels, soft / soft.sum(dim=1, keepdim=True))


def expose(
    scene_linear: Tensor,
    field: KernelField,
    *,
    generator: torch.Generator,
    gamma: float = 2.2,
    noise: float = 0.01,
    levels: int | None = 255,
) -> Tensor:
    """Take the picture: ``v = R(<u, sum_b m^b k^b> + n)^(1 / gamma)``, rounded to 8 bits.

    Args:
        scene_linear: ``[N, C, H + K - 1, W + K - 1]``, linear light; may exceed the sensor's full well of 1.
        field: the motion field of the inner H x W pixels.
        generator: source of the noise, on the CPU.
        gamma: linear light to display.
        noise: standard deviation at full well, in linear light. Its variance falls with the light (photon noise)
            down to a hundredth (read noise), which leaves it nearly even on display.
        levels: steps of the file's values, 255 for 8 bits; None keeps them continuous.

    Returns:
        Blurry display values ``[N, C, H, W]`` in [0, 1].

    Raises:
        ValueError: noise that is negative or not finite, or no steps.
    """
    if not 0 <= noise < math.inf:
        raise ValueError(f"noise is {noise}, but it is a standard deviation. Pass 0 or more.")
    if levels is not None and levels < 1:
        raise ValueError(f"levels is {levels}, but it counts steps. Pass 255, or None for continuous values.")
    light = blur(scene_linear, field, padding="valid")
    deviation = noise * light.clamp(0, 1).mul(0.99).add(0.01).sqrt()
    grain = torch.randn(light.shape, generator=generator, dtype=light.dtype).to(light.device)
    display = to_display(saturate(light + deviation * grain), gamma).clamp(0, 1)
    return display if levels is None else (display * levels).round() / levels
