"""A picture continued beyond its right and lower border so that it is periodic."""

import torch
from torch import Tensor


def continued(light: Tensor, margin: int) -> Tensor:
    """Continue a picture ``[H, W]`` to the right and down until its left and upper border begin anew.

    Its mirror image at one border passes smoothly into that at the other, so there is no step for a transform to see.

    Args:
        light: ``[H, W]``, both sides larger than ``margin``.
        margin: pixels to add each way, at least; a few more make transforms fast.

    Returns:
        ``[H + margin or more, W + margin or more]``, ``light`` in its upper left.
    """
    return _continued(_continued(light, margin).T, margin).T.contiguous()


def _continued(rows: Tensor, margin: int) -> Tensor:
    from scipy.fft import next_fast_len

    mirrorable = 2 * rows.shape[1] - 1  # a mirror shows no more, however slow the transform is then
    count = min(next_fast_len(rows.shape[1] + margin, real=True), mirrorable) - rows.shape[1]
    place = torch.arange(1, count + 1, device=rows.device) / (count + 1)
    passed = place.square() * (3 - 2 * place)
    mirrored = rows.flip(1)
    after, before = mirrored[:, 1 : count + 1], mirrored[:, -count - 1 : -1]
    return torch.cat((rows, after.lerp(before, passed)), 1)
