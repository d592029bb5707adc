"""The darkest pixel of each small patch: in sharp pictures it is darker than in blurry ones (Wen et al. 2021)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

PATCH = 5  # pixels each way
MOST = 0.1  # of light: the cut of values never rises above


class Darkness(NamedTuple):
    """How much darker the darkest pixels are made.

    Attributes:
        threshold: of light.
        cut: whether values below are set to zero, the threshold being at least their mean, up to a tenth; otherwise
            all values are drawn to zero by as much.
    """

    threshold: float
    cut: bool


def darkened(light: Tensor, darkness: Darkness) -> Tensor:
    """Make the darkest pixel of each patch of 5 x 5 sparser, as the other pixels stay.

    Args:
        light: ``[H, W]``; patches do not overlap, those at the right and lower border may be smaller.
        darkness: how.

    Source:
        Wen et al. 2021, the thresholding of patch-wise minimal pixels; that of the cut's height is their authors'.
    """
    height, width = light.shape
    wide = F.pad(light[None, None], (0, -width % PATCH, 0, -height % PATCH), value=torch.inf)
    least, place = F.max_pool2d(-wide, PATCH, return_indices=True)
    values, place = -least.flatten(), place.flatten()
    row, column = place // wide.shape[-1], place % wide.shape[-1]
    if darkness.cut:
        threshold = values.abs().mean().clamp(min=darkness.threshold).clamp(max=MOST)
        values = torch.where(values.abs() < threshold, 0, values)
    else:
        values = F.softshrink(values, darkness.threshold)
    changed = light.clone()
    changed[row, column] = values
    return changed
