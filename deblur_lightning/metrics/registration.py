"""Whole-pixel registration by circular cross-correlation, exact to the last tie."""

from typing import NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Shift = tuple[int, int]
"""Rows down, columns right."""


class Spectrum(NamedTuple):
    """The real Fourier transform of a transposed picture, with the picture's size ``(H, W)``."""

    values: NDArray[np.complex128]
    size: tuple[int, int]


def spectrum(channel_sum: NDArray[np.int64] | NDArray[np.float64]) -> Spectrum:
    """Transform a picture of whole numbers, once for all its registrations.

    Args:
        channel_sum: R + G + B, ``[H, W]``, 0 to 765.
    """
    height, width = channel_sum.shape
    columns_first = np.ascontiguousarray(channel_sum.T, dtype=np.float64)
    return Spectrum(scipy.fft.rfft2(columns_first), (height, width))


def register(fixed: Spectrum, moving: Spectrum) -> Shift:
    """Find the shift that takes ``moving`` to ``fixed``: the highest circular cross-correlation.

    Correlations of whole numbers are whole numbers, and in float64 the Fourier detour errs by 1e-4 at 800 x 800 and by
    1e-2 at 24 megapixels (measured), so rounding restores them exactly. Equal peaks are then truly equal, whatever
    the FFT library, and the first in column-major order wins; of unequal ones, which differ by 1 or more, the higher
    does. The official code's division by three and its brightness factor scale all alike and move no peak.

    Returns:
        Shift of at most half the picture. For an even side the middle index counts as negative.
    """
    product = fixed.values * moving.values.conj()
    correlation = scipy.fft.irfft2(product, fixed.size[::-1], overwrite_x=True)
    column, row = divmod(int(np.rint(correlation, out=correlation).argmax()), fixed.size[0])
    return _signed(row, fixed.size[0]), _signed(column, fixed.size[1])


def shifted(picture: NDArray[np.float64], shift: Shift) -> NDArray[np.float64]:
    """Move a picture by whole pixels; what it vacates is zero."""
    moved = np.zeros_like(picture)
    target, source = overlap(picture.shape[:2], shift)
    moved[target] = picture[source]
    return moved


def overlap(size: tuple[int, ...], shift: Shift) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Give the region that a shifted picture still covers, and where in the picture that comes from."""
    spans = [
        (slice(max(by, 0), side + min(by, 0)), slice(max(-by, 0), side - max(by, 0)))
        for side, by in zip(size, shift, strict=True)
    ]
    (rows, source_rows), (columns, source_columns) = spans
    return (rows, columns), (source_rows, source_columns)


def _signed(index: int, side: int) -> int:
    return index - side if index + 1 > side // 2 else index
