"""How surely one kernel, found for all of a photo, is right: whether the photo's quarters find it too."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.estimation.kernel_shape import likeness, no_blur, reaches
from deblur_lightning.estimation.local_evidence import seen_noise, weighing_evidence
from deblur_lightning.estimation.pyramid import plain_kernel
from deblur_lightning.estimation.spread_windows import parts, richest_windows
from deblur_lightning.side_by_side import one_core, side_by_side

LEAST, MOST = 7, 8  # sides of the window in each quarter, in sides of the kernel; smaller ones told too little
# Of each pair: up to the first value nothing is sure, from the second all, and in between as much as on a line.
NEAR = (0.75, 0.87)  # likeness of the quarters' kernels, and
LONG = (1.5, 2.5)  # the kernel's reach, in pixels: short kernels are all alike
SAME = (0.997, 0.999)  # in a photo too small for quarters: likeness of the kernels that two ways of looking found, and
FAR = (2.5, 3.5)  # the kernel's reach, in pixels: of shorter motion both ways may find one wrong kernel
TELLING = 5.0  # mean evidence for motion or for none: of a quarter that shows less nothing is known


@torch.no_grad()
def sureness(light: Tensor, kernel: Tensor, alike: float) -> float:
    """Tell how surely one kernel is right for all of a photo.

    Each quarter of the photo is asked for its own kernel. Of a camera that turned, of what moved by itself, and where
    the kernel is wrong they differ; noise makes right ones differ too, so none need be the same. The two that differ
    most count, for what moved by itself may be in one quarter alone; but of sky nothing is known. Quarters of a small
    photo tell too little: there it counts whether two ways of looking found the same.

    Args:
        light: the blurry photo, ``[H, W]``, linear light.
        kernel: ``[K, K]``, unit sum.
        alike: `likeness` of the kernels that two ways of looking found; 0 if nobody asked whether the camera turned,
            for both ways look at one window (`richest_window`).

    Returns:
        0, not at all, to 1, wholly. Of short motion nothing is sure.

    Source:
        Ours.
    """
    reach = reaches(kernel[None]).item()
    if min(light.shape) < 2 * LEAST * len(kernel):
        return _rise(alike, SAME) * _rise(reach, FAR)
    if (long := _rise(reach, LONG)) == 0:
        return 0.0
    with one_core():
        return long * _rise(likeness_of_quarters(light, kernel), NEAR)


def likeness_of_quarters(light: Tensor, kernel: Tensor) -> float:
    """Compare a kernel with those of a photo's quarters, each read off its `richest_window`.

    Args:
        light: the blurry photo, ``[H, W]``, linear light.
        kernel: ``[K, K]``, unit sum.

    Returns:
        The mean likeness of the two quarters that find it least alike, of those that tell anything; 0 where fewer than
        two do. Where two quarters leave nothing sure, theirs: the others could but lower it.
    """
    height, width = light.shape
    windows = richest_windows(light, parts(height, 2), parts(width, 2), MOST * len(kernel))
    told: list[float] = []
    for pair in (windows[:2], windows[2:]):
        found = side_by_side([partial(_likeness, light[window], kernel) for window in pair])
        told = sorted([*told, *(one for one in found if one is not None)])[:2]
        if len(told) == 2 and sum(told) / 2 <= NEAR[0]:
            break
    return sum(told) / 2 if len(told) == 2 else 0.0


def _likeness(light: Tensor, kernel: Tensor) -> float | None:
    """Compare a kernel with the one that a window shows: 0 where that stood still, None where it tells nothing."""
    own = plain_kernel(light, len(kernel))  # without a liking for dark pixels; both ways told no more
    asked = torch.stack((kernel, own))
    weighed = weighing_evidence(light, seen_noise(light)).of(torch.stack((*asked, no_blur(own)))).mean((1, 2))
    theirs, its_own = weighed[:2] - weighed[2]
    if max(theirs, its_own) < TELLING:
        return 0.0 if theirs < -TELLING else None
    return likeness(asked / torch.linalg.vector_norm(asked, dim=(1, 2), keepdim=True))[0, 1].item()


def _rise(value: float, between: tuple[float, float]) -> float:
    """Give 0 up to the first of two values, 1 from the second, and between them a straight line."""
    return float(np.interp(value, between, (0, 1)))
