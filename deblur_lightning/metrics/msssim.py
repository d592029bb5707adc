"""Wang's five-scale structural similarity as the code of the Köhler benchmark has it.

A picture's own moments are one object, so that they serve every picture it is compared with.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST_SIDE = 161
"""The least side whose fifth scale still holds an 11 x 11 window."""

BAND = 48  # rows
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
WINDOW = np.exp(-(np.arange(-5.0, 6.0) ** 2) / (2 * 1.5**2))
WINDOW /= WINDOW.sum()
HALF_LOW_PASS = [0.037828455507260, -0.023849465019560, -0.110624404418440, 0.377402855612830]
LOW_PASS = np.array([*HALF_LOW_PASS, 0.852698679008890, *HALF_LOW_PASS[::-1]])
LOW_PASS /= LOW_PASS.sum()


class Scale(NamedTuple):
    """One picture at one scale; for a picture of h x w pixels the maps are ``[h - 10, w - 10]``."""

    picture: Array
    mean: Array
    variance: Array
    deviation: Array


def moments(luma: Array) -> list[Scale]:
    """Compute a picture's part of the index: at each of five scales itself, its local mean and deviation.

    Args:
        luma: ``[H, W]``, 0 to 255.

    Returns:
        Finest scale first.

    Raises:
        ValueError: a side is below 161, so that the fifth scale holds no window.
    """
    if min(luma.shape) < SMALLEST_SIDE:
        raise ValueError(
            f"picture is {luma.shape[0]} x {luma.shape[1]}, but five scales need {SMALLEST_SIDE} on each side. "
            "Score larger pictures."
        )
    scales = []
    for _ in SCALE_WEIGHTS:
        mean = local_mean(luma)
        variance = local_mean(luma * luma)
        variance -= mean * mean
        np.maximum(variance, 0, out=variance)  # a negative rounding residue
        scales.append(Scale(luma, mean, variance, np.sqrt(variance)))
        if len(scales) < len(SCALE_WEIGHTS):
            luma = half_size(luma)
    return scales


def ms_ssim(first: Sequence[Scale], second: Sequence[Scale], gain: float = 1.0) -> float:
    """Compare two pictures by their moments, the second one's brightness multiplied by ``gain``.

    Args:
        first: as `moments` gives them.
        second: of a picture of the same size.
        gain: positive; moments need not be computed anew for another brightness.

    Returns:
        The index, 1 for equal pictures. A scale whose mean structure is negative makes the published formula
        complex; this is its modulus, by which MATLAB's ``max`` compares.

    Raises:
        ValueError: ``gain`` is not positive.

    Source:
        Wang, Simoncelli and Bovik 2003, with the constants of Köhler et al. 2012's evaluation code.
    """
    if not gain > 0:
        raise ValueError(f"gain is {gain}, but a picture is compared as it shines. Pass a positive number.")
    index = 1.0
    for weight, one, other in zip(SCALE_WEIGHTS, first, second, strict=True):
        variance, structure = _mean_terms(one, other, gain)
        index *= (variance * abs(structure)) ** weight
    luminance = (2 * gain * one.mean * other.mean + C1) / (one.mean**2 + (gain * other.mean) ** 2 + C1)
    return float(index * luminance.mean() ** SCALE_WEIGHTS[-1])


def _mean_terms(one: Scale, other: Scale, gain: float) -> tuple[float, float]:
    """Average the maps of variance and structure, a band of rows at a time so that it stays in the cache.

    With c = C2 / (2 gain) the published terms are ``V = 2 gain (s1 s2 + c) / (s1² + gain² s2² + C2)`` and
    ``R = (s12 + c) / (s1 s2 + c)``, s2 and s12 those of the picture before its brightness is multiplied.
    """
    height, width = one.mean.shape
    constant = C2 / (2 * gain)
    variance_sum = structure_sum = 0.0
    for top in range(0, height, BAND):
        rows, reach = slice(top, min(top + BAND, height)), slice(top, min(top + BAND, height) + 10)
        deviations = one.deviation[rows] * other.deviation[rows]
        deviations += constant
        structure = local_mean(one.picture[reach] * other.picture[reach])
        structure -= one.mean[rows] * other.mean[rows]
        structure += constant
        structure /= deviations
        structure_sum += float(structure.sum())
        variances = other.variance[rows] * gain**2
        variances += one.variance[rows]
        variances += C2
        deviations /= variances
        variance_sum += float(deviations.sum())
    return 2 * gain * variance_sum / (height * width), structure_sum / (height * width)


def local_mean(picture: Array) -> Array:
    """Average over 11 x 11 Gaussian windows that lie within the picture: ``[h, w] -> [h - 10, w - 10]``."""
    import cv2

    return cv2.sepFilter2D(picture, cv2.CV_64F, WINDOW, WINDOW)[5:-5, 5:-5]  # type: ignore[return-value]


def half_size(picture: Array) -> Array:
    """Low-pass filter a picture, its border mirrored with the edge pixel repeated, and keep every other pixel."""
    import cv2

    filtered = cv2.sepFilter2D(picture, cv2.CV_64F, LOW_PASS, LOW_PASS, borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(filtered[::2, ::2])
