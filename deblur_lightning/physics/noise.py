"""How noisy a picture is, from its finest diagonal detail (Donoho and Johnstone 1994)."""

import math

import torch
from torch import Tensor

NORMAL_MEDIAN = 0.6745  # of the modulus of a standard normal
ENOUGH, LEAST = 100_000, 10_000  # details of a large picture that are looked at; of them, unclipped, for them to do
LEAST_NOISE = 2e-3  # of linear light: restoring counts on no less, for rounding to 8 bits alone makes as much
FAINTEST, BRIGHTEST = 1e-4, 0.97  # of linear light: beyond, a pixel is clipped and shows too little noise


def noise_level(image: Tensor) -> float:
    """Estimate the standard deviation of a picture's noise, in its own units.

    The median modulus of 2 x 2 diagonal Haar details; blurry pictures have next to no other detail so fine. As
    scikit-image's ``estimate_sigma``, but without clipped pixels and without PyWavelets. From 2.5 megapixels on every
    fifth, seventh, … detail each way counts, unless most are clipped.

    Args:
        image: ``[N, C, H, W]`` in [0, 1], H and W at least 2. Values at its ends do not count, for they are clipped.

    Returns:
        The mean over pictures and channels; 0 for a picture without noise.

    Raises:
        ValueError: NaN.
    """
    if image.isnan().any():
        raise ValueError("image holds NaN, but every pixel must be a number. Find where it came from.")
    levels = []
    for plane in image.flatten(0, 1):
        seen = _details(plane, step := _step(plane.numel()))
        if step > 1 and seen.numel() < LEAST:
            seen = _details(plane, 1)
        if seen.numel():
            levels.append(seen.median() / NORMAL_MEDIAN)
    return torch.stack(levels).mean().item() if levels else 0.0


def _step(pixels: int) -> int:
    """Choose how far apart details are looked at: sensors and JPEG repeat by 2, 6 or 8 pixels, steps must not."""
    most = max(1, math.isqrt(pixels // ENOUGH))
    return next(step for step in range(most, 0, -1) if math.gcd(step, 6) == 1)


def _details(plane: Tensor, step: int) -> Tensor:
    """Take the moduli of a plane's diagonal details ``[D]``, a step apart each way, but for clipped ones."""
    first, second = slice(0, -1, step), slice(1, None, step)  # of two rows or columns
    corners = ((first, first), (second, second), (first, second), (second, first))
    cells = torch.stack([plane[corner] for corner in corners])
    detail = (cells[0] + cells[1] - cells[2] - cells[3]).abs() / 2
    return detail[(cells.amin(0) > FAINTEST) & (cells.amax(0) < BRIGHTEST)]
