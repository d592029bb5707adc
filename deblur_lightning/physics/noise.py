"""How noisy a picture is, from its finest diagonal detail (Donoho and Johnstone 1994)."""

import math

import torch
from torch import Tensor

NORMAL_MEDIAN = 0.6745  # of the modulus of a standard normal
ENOUGH = 250_000  # details that tell as much as millions do
FAINTEST, BRIGHTEST = 1e-4, 0.97  # of linear light: beyond, a pixel is clipped and shows too little noise


def noise_level(image: Tensor) -> float:
    """Estimate the standard deviation of a picture's noise, in its own units.

    The median modulus of 2 x 2 diagonal Haar details; blurry pictures have next to no other detail so fine. As
    scikit-image's ``estimate_sigma``, but without clipped pixels and without PyWavelets. From a megapixel on every
    third, fifth, … detail each way counts.

    Args:
        image: ``[N, C, H, W]`` in [0, 1], H and W at least 2. Values at its ends do not count, for they are clipped.

    Returns:
        The mean over pictures and channels; 0 for a picture without noise.
    """
    levels = []
    step = math.isqrt(math.prod(image.shape[-2:]) // ENOUGH) | 1  # odd, where what sensors and JPEG repeat is even
    for plane in image.flatten(0, 1):
        first, second = slice(0, -1, step), slice(1, None, step)  # of two rows or columns
        corners = ((first, first), (second, second), (first, second), (second, first))
        cells = torch.stack([plane[corner] for corner in corners])
        detail = (cells[0] + cells[1] - cells[2] - cells[3]).abs() / 2
        seen = detail[(cells.amin(0) > FAINTEST) & (cells.amax(0) < BRIGHTEST)]
        if seen.numel():
            levels.append(seen.median() / NORMAL_MEDIAN)
    return torch.stack(levels).mean().item() if levels else 0.0
