"""The one kernel of a photo as points of light drew it, unless the rest of the photo speaks against it."""

import torch
from torch import Tensor

from deblur_lightning.estimation.light_streaks import light_streaks
from deblur_lightning.estimation.local_evidence import least_side, seen_noise, weighing_evidence
from deblur_lightning.field import KernelField

SHARP = -40.0  # median evidence for streaks' kernel: below, a sharp scene repeats itself
TOLD, TELLING = 1.0, 0.5  # evidence, either way, of a window that tells anything; share of windows that must


def drawn_field(colours: Tensor, kernel_size: int) -> KernelField | None:
    """Read the one kernel of a picture ``[C, H, W]``, linear light, off its streaks of light (`light_streaks`).

    The rest of the picture must not be far likelier not to have moved: sharp scenes have repeated forms too. Nor may
    most of it be too even to tell, as around a sign on black.

    Args:
        colours: the picture, on the CPU.
        kernel_size: side K of the kernel, in pixels, odd.

    Returns:
        ``[1, 1, K, K]``; None where nothing was drawn, or the picture is too small to tell.
    """
    if min(colours.shape[-2:]) < least_side(kernel_size):
        return None
    kernel = light_streaks(colours, kernel_size)
    if kernel is None:
        return None
    light = colours.mean(0)
    gain = weighing_evidence(light, seen_noise(light)).for_motion(kernel[None])[0]
    told = gain[gain.abs() > TOLD]
    if told.numel() < TELLING * gain.numel() or told.median() <= SHARP:
        return None
    return KernelField(kernel[None, None], torch.ones_like(light)[None, None])
