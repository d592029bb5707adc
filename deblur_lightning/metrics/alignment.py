"""The shift by a fraction of a pixel after which two pictures differ least, and the pictures after it."""

from typing import NamedTuple

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.image import check_image

REACH = 8
"""Whole pixels that are looked at in each direction, as for the kernels of Levin et al."""

BORDER = REACH + 4
"""Pixels at each border that aligned figures leave out: no shift brings anything there from beyond the picture."""

TAPS = range(-2, 3)  # of a cubic B-spline that is moved by up to a pixel
ROWS_AT_ONCE = 32
ROUNDING = 1e-12  # of squared differences: what differs by less is equal


class Aligned(NamedTuple):
    """Two pictures after the best shift, without their borders.

    Attributes:
        restored: ``[1, C, H - 24, W - 24]`` in [0, 1], float64.
        sharp: likewise.
        down: pixels that ``restored`` was moved down; negative moves it up.
        right: likewise to the right.
    """

    restored: Tensor
    sharp: Tensor
    down: float
    right: float

    @property
    def at_the_limit(self) -> bool:
        """Tell whether a longer shift might fit better still."""
        return max(abs(self.down), abs(self.right)) > REACH - 0.5


def align(restored: Tensor, sharp: Tensor) -> Aligned:
    """Move a picture by what makes its squared difference from another least; all channels by the same.

    Blind deconvolution knows kernel and picture up to a shift only, and the sharp frame of an averaged pair is the
    middle one, not the one at the kernel's centre: the plain PSNR then measures the shift. Between pixels, the picture
    is the cubic B-spline through them. The squared difference is then a polynomial of the shift, made once for the
    pixels around the best whole shift, so that its minimum is exact to rounding and no grid of trial shifts is needed.
    In a noisy picture it is a little nearer to half pixels than the motion is, because interpolation smooths noise.

    The optimum of a cross-correlation, as ``skimage.registration.phase_cross_correlation`` finds it, is another one:
    it takes pictures for periodic and does not minimise the error.

    Args:
        restored: ``[1, C, H, W]`` in [0, 1], sides of at least 35 pixels, so that 11 remain.
        sharp: likewise, of the same size.

    Returns:
        Both pictures, without `BORDER` pixels at each side, and the shift.

    Raises:
        ValueError: another range of values, two sizes, or pictures that are too small.

    Source:
        Levin, Weiss, Durand and Freeman 2009, whose code compares up to a shift, on a grid of quarter pixels with
        bilinear interpolation; spline and polynomial are ours.
    """
    check_image(restored, "restored")
    check_image(sharp, "sharp")
    if restored.shape != sharp.shape or len(restored) != 1:
        raise ValueError(f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Align one pair alike.")
    least = 2 * BORDER + 11
    if min(restored.shape[-2:]) < least:
        raise ValueError(
            f"restored is {list(restored.shape)}, but a shift needs sides of {least} pixels. Score larger pictures."
        )
    moving, fixed = (one[0].double().clamp(0, 1).numpy(force=True) for one in (restored, sharp))
    whole = whole_shift(moving, fixed)
    coefficients = np.stack([_spline(plane) for plane in moving])
    down, right = _between(coefficients, fixed, whole)
    moved = _at(coefficients, whole, (down, right)).clip(0, 1)
    inner = fixed[:, BORDER:-BORDER, BORDER:-BORDER]
    first, second = (torch.from_numpy(np.ascontiguousarray(one))[None] for one in (moved, inner))
    return Aligned(first, second, whole[0] + down, whole[1] + right)


def whole_shift(moving: NDArray[np.float64], fixed: NDArray[np.float64]) -> tuple[int, int]:
    """Find the whole-pixel shift, at most `REACH`, that takes one picture nearest to the inside of another.

    Args:
        moving: ``[C, H, W]``.
        fixed: likewise.

    Returns:
        Rows down, columns right. Squared differences are those of the same inner pixels for every shift.
    """
    size = moving.shape[-2:]
    inner = np.zeros(size)
    inner[BORDER:-BORDER, BORDER:-BORDER] = 1
    padded = tuple(scipy.fft.next_fast_len(side + REACH, real=True) for side in size)

    def correlated(picture: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum products of a picture moved by each shift and a window that is zero near the borders."""
        spectra = scipy.fft.rfft2(window, padded) * scipy.fft.rfft2(picture, padded).conj()
        return scipy.fft.irfft2(spectra.sum(axis=0), padded)

    errors = correlated(moving**2, np.broadcast_to(inner, moving.shape)) - 2 * correlated(moving, fixed * inner)
    reach = np.arange(-REACH, REACH + 1)
    near = errors[np.ix_(reach, reach)]  # negative shifts are at the end of a Fourier transform
    equal = near <= near.min() + ROUNDING * np.abs(errors).max()  # of flat pictures all are
    distances = np.where(equal, reach[:, None] ** 2 + reach**2, np.inf)
    row, column = np.unravel_index(distances.argmin(), near.shape)
    return int(reach[row]), int(reach[column])


def _spline(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the coefficients of the cubic B-spline through a picture's pixels, which is mirrored at its borders."""
    from scipy.ndimage import spline_filter

    return spline_filter(plane, order=3, mode="mirror")


def _between(
    coefficients: NDArray[np.float64], fixed: NDArray[np.float64], whole: tuple[int, int]
) -> tuple[float, float]:
    """Find the best further shift of less than a pixel in each direction."""
    from scipy.optimize import minimize

    count = len(TAPS) ** 2
    gram, cross = np.zeros((count, count)), np.zeros(count)
    for plane, target in zip(coefficients, fixed, strict=True):
        around = [_window(plane, whole, (down, right)) for down in TAPS for right in TAPS]
        inner = target[BORDER:-BORDER, BORDER:-BORDER]
        for start in range(0, len(inner), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            taps = np.stack([part[rows].ravel() for part in around])
            gram += taps @ taps.T
            cross += taps @ inner[rows].ravel()

    def error(shift: NDArray[np.float64]) -> float:
        weights = np.outer(_weights(shift[0]), _weights(shift[1])).ravel()
        return float(weights @ gram @ weights - 2 * weights @ cross)

    steps = np.linspace(-0.875, 0.875, 15)
    tried = {(down, right): error(np.array((down, right))) for down in steps for right in steps}
    first = min(tried, key=lambda shift: tried[shift])
    scale = abs(tried[first]) or 1.0
    if max(tried.values()) - tried[first] <= ROUNDING * scale:
        return 0.0, 0.0  # a flat picture
    found = minimize(
        lambda shift: error(shift) / scale,
        first,
        method="Nelder-Mead",
        bounds=[(-1, 1)] * 2,
        options={"xatol": 1e-7, "fatol": 1e-15},
    )
    return float(found.x[0]), float(found.x[1])


def _window(plane: NDArray[np.float64], whole: tuple[int, int], tap: tuple[int, int]) -> NDArray[np.float64]:
    """Give the inside of a plane that is moved by a whole shift and a tap."""
    height, width = plane.shape
    down, right = whole[0] + tap[0], whole[1] + tap[1]
    return plane[BORDER - down : height - BORDER - down, BORDER - right : width - BORDER - right]


def _weights(shift: float) -> NDArray[np.float64]:
    """Evaluate the cubic B-spline where the taps stand to a picture that is moved by a fraction."""
    distance = np.abs(shift - np.array(TAPS))
    near = 2 / 3 - distance**2 + distance**3 / 2
    return np.where(distance < 1, near, np.maximum(2 - distance, 0) ** 3 / 6)


def _at(coefficients: NDArray[np.float64], whole: tuple[int, int], shift: tuple[float, float]) -> NDArray[np.float64]:
    """Evaluate the moved spline at the inner pixels: along columns, then along rows."""
    height, width = coefficients.shape[-2:]
    moved = np.zeros((len(coefficients), height - 2 * BORDER, width))
    for weight, tap in zip(_weights(shift[0]), TAPS, strict=True):
        down = whole[0] + tap
        moved += weight * coefficients[:, BORDER - down : height - BORDER - down]
    along = np.zeros((len(coefficients), height - 2 * BORDER, width - 2 * BORDER))
    for weight, tap in zip(_weights(shift[1]), TAPS, strict=True):
        right = whole[1] + tap
        along += weight * moved[:, :, BORDER - right : width - BORDER - right]
    return along
