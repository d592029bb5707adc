"""The official protocol transcribed literally: one frame, one step after another, complex FFTs, whole 2-D windows."""

import numpy as np
from scipy.ndimage import convolve
from scipy.signal import convolve2d

HALF = [0.037828455507260, -0.023849465019560, -0.110624404418440, 0.377402855612830]
LOW_PASS = np.array([*HALF, 0.852698679008890, *reversed(HALF)])


def score_frame(z: np.ndarray, x: np.ndarray) -> tuple[float, float, tuple[int, int]]:
    """Give PSNR, MSSIM and the shift of a restored picture ``z`` against one sharp frame ``x``, both uint8 RGB."""
    x, z = x.astype(np.float64), z.astype(np.float64)
    zs = (np.sum(x * z) / np.sum(z * z)) * z
    correlation = np.fft.ifft2(np.fft.fft2(x.mean(axis=2)) * np.conj(np.fft.fft2(zs.mean(axis=2))))
    shift = peak_shift(np.abs(correlation))
    zr, cr = move(zs, shift), move(np.ones_like(zs), shift)
    xr = x * cr
    first, second = luma(xr), luma(zr)
    with np.errstate(divide="ignore"):
        psnr = 10 * np.log10(255**2 / np.mean((first - second) ** 2))
    return psnr, mssim(first, second), shift


def peak_shift(correlation: np.ndarray) -> tuple[int, int]:
    rows, columns = correlation.shape
    best = correlation.max()
    for c in range(1, columns + 1):
        for r in range(1, rows + 1):
            if correlation[r - 1, c - 1] == best:
                return (
                    r - rows - 1 if r > int(rows / 2) else r - 1,
                    c - columns - 1 if c > int(columns / 2) else c - 1,
                )
    raise AssertionError("a maximum is somewhere")


def move(picture: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
    moved = np.zeros_like(picture)
    for row in range(picture.shape[0]):
        if not 0 <= row - shift[0] < picture.shape[0]:
            continue
        for column in range(max(shift[1], 0), picture.shape[1] + min(shift[1], 0)):
            moved[row, column] = picture[row - shift[0], column - shift[1]]
    return moved


def luma(picture: np.ndarray) -> np.ndarray:
    return 0.299 * picture[..., 0] + 0.587 * picture[..., 1] + 0.114 * picture[..., 2]


def mssim(x: np.ndarray, y: np.ndarray) -> float:
    row, column = np.mgrid[-5:6, -5:6]
    window = np.exp(-(row**2 + column**2) / (2 * 1.5**2))
    window /= window.sum()
    low_pass = np.outer(LOW_PASS, LOW_PASS)
    low_pass /= low_pass.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    result = 1 + 0j
    for scale, weight in enumerate(weights):
        mu1, mu2 = convolve2d(x, window, "valid"), convolve2d(y, window, "valid")
        s1 = np.real(np.sqrt(convolve2d(x * x, window, "valid") - mu1**2 + 0j))
        s2 = np.real(np.sqrt(convolve2d(y * y, window, "valid") - mu2**2 + 0j))
        s12 = convolve2d(x * y, window, "valid") - mu1 * mu2
        mean_term = (2 * mu1 * mu2 + c1) / (mu1**2 + mu2**2 + c1)
        variance_term = (2 * s1 * s2 + c2) / (s1**2 + s2**2 + c2)
        structure_term = (s12 + c2 / 2) / (s1 * s2 + c2 / 2)
        result *= np.mean(variance_term) ** weight * (np.mean(structure_term) + 0j) ** weight
        if scale == 4:
            result *= np.mean(mean_term) ** weight
        x, y = (convolve(picture, low_pass, mode="reflect")[::2, ::2] for picture in (x, y))
    return abs(result)
