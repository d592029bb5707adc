"""How noisy a picture is, from its finest diagonal detail (Donoho and Johnstone 1994)."""

import torch
from torch import Tensor

NORMAL_MEDIAN = 0.6745  # of the modulus of a standard normal
FAINTEST, BRIGHTEST = 1e-4, 0.97  # of linear light: beyond, a pixel is clipped and shows too little noise


def noise_level(image: Tensor) -> float:
    """Estimate the standard deviation of a picture's noise, in its own units.

    The median modulus of 2 x 2 diagonal Haar details; blurry pictures have next to no other detail so fine. As
    scikit-image's ``estimate_sigma``, but without clipped pixels and without PyWavelets.

    Args:
        image: ``[N, C, H, W]`` in [0, 1], H and W at least 2. Values at its ends do not count, for they are clipped.

    Returns:
        The mean over pictures and channels; 0 for a picture without noise.
    """
    levels = []
    for plane in image.flatten(0, 1):
        cells = torch.stack((plane[:-1, :-1], plane[1:, 1:], plane[:-1, 1:], plane[1:, :-1]))
        detail = (cells[0] + cells[1] - cells[2] - cells[3]).abs() / 2
        seen = detail[(cells.amin(0) > FAINTEST) & (cells.amax(0) < BRIGHTEST)]
        if seen.numel():
            levels.append(seen.median() / NORMAL_MEDIAN)
    return torch.stack(levels).mean().item() if levels else 0.0
