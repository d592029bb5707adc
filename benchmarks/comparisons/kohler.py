"""Köhler's protocol, PSNR and MSSIM of restored pictures of 800 x 800 against 6 frames, beside plain NumPy steps.

The plain steps filter by whole windows of 11 x 11 and 9 x 9, as the official code does, or by rows and columns.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, shift
from scipy.signal import convolve2d

from benchmarks.comparison import Case
from deblur_lightning.metrics import kohler_score, kohler_scores
from deblur_lightning.metrics.msssim import C1, C2, LOW_PASS, SCALE_WEIGHTS, WINDOW

FRAMES, SIDE = 6, 800
LUMA = np.array([0.299, 0.587, 0.114])

Picture = NDArray[np.uint8]
Array = NDArray[np.float64]
Filter = Callable[[Array, Array], Array]


def cases() -> Iterator[Case]:
    """One method, and three scored in one call."""
    frames, methods = pictures()
    check(frames, methods[0])
    one = methods[:1]
    yield Case(
        f"{FRAMES} frames, 1 method",
        {
            "step by step": partial(step_by_step_all, one, frames, whole_window),
            "step by step, separable": partial(step_by_step_all, one, frames, separable),
            "kohler_scores": partial(kohler_scores, one, frames),
        },
    )
    yield Case(
        f"{FRAMES} frames, 3 methods",
        {
            "step by step, separable": partial(step_by_step_all, methods, frames, separable),
            "a call a method": lambda: [kohler_score(method, frames) for method in methods],
            "kohler_scores": partial(kohler_scores, methods, frames),
        },
    )


def pictures() -> tuple[list[Picture], list[Picture]]:
    """Make frames along a path and three noisy restorations."""
    from skimage.data import retina

    photo = retina()[300:1130, 300:1130]
    path = [(number, number // 2) for number in range(FRAMES)]
    frames = [np.ascontiguousarray(photo[15 + y : 15 + y + SIDE, 15 + x : 15 + x + SIDE]) for y, x in path]
    generator = np.random.default_rng(0)
    noisy = [frames[3] * 0.97 + generator.normal(0, 4, frames[0].shape) for _ in range(3)]
    return frames, [np.clip(np.rint(picture), 0, 255).astype(np.uint8) for picture in noisy]


def check(frames: list[Picture], restored: Picture) -> None:
    """Make sure that both ways agree before either is timed."""
    result = kohler_score(restored, frames)
    plain = np.array([step_by_step(restored, frame, whole_window) for frame in frames])
    assert np.abs(result.frame_psnr - plain[:, 0]).max() < 1e-6
    assert np.abs(result.frame_mssim - plain[:, 1]).max() < 1e-8


def step_by_step_all(methods: list[Picture], frames: list[Picture], smooth: Filter) -> list[tuple[float, float]]:
    """Score pair after pair."""
    return [step_by_step(method, frame, smooth) for frame in frames for method in methods]


def step_by_step(restored: Picture, frame: Picture, smooth: Filter) -> tuple[float, float]:
    """Follow the protocol as it reads, one pair at a time."""
    x, z = frame.astype(np.float64), restored.astype(np.float64)
    z *= np.sum(x * z) / np.sum(z * z)
    correlation = np.fft.ifft2(np.fft.fft2(x.mean(axis=2)) * np.conj(np.fft.fft2(z.mean(axis=2))))
    column, row = divmod(int(np.abs(correlation).T.argmax()), SIDE)
    by = [index - SIDE if index + 1 > SIDE // 2 else index for index in (row, column)]
    moved, covered = (shift(picture, (*by, 0), order=0) for picture in (z, np.ones_like(z)))
    first, second = (x * covered) @ LUMA, moved @ LUMA
    psnr = 10 * np.log10(255**2 / np.mean((first - second) ** 2))
    return float(psnr), mssim(first, second, smooth)


def mssim(x: Array, y: Array, smooth: Filter) -> float:
    """Compute the five-scale index as the formula reads."""
    result = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        mu1, mu2, xx, yy, xy = (smooth(picture, WINDOW)[5:-5, 5:-5] for picture in (x, y, x * x, y * y, x * y))
        s1, s2 = np.sqrt(np.maximum(xx - mu1**2, 0)), np.sqrt(np.maximum(yy - mu2**2, 0))
        variance = (2 * s1 * s2 + C2) / (s1**2 + s2**2 + C2)
        structure = (xy - mu1 * mu2 + C2 / 2) / (s1 * s2 + C2 / 2)
        result *= (variance.mean() * structure.mean()) ** weight
        if scale == 4:
            result *= ((2 * mu1 * mu2 + C1) / (mu1**2 + mu2**2 + C1)).mean() ** weight
        x, y = smooth(x, LOW_PASS)[::2, ::2], smooth(y, LOW_PASS)[::2, ::2]
    return float(result)


def whole_window(picture: Array, taps: Array) -> Array:
    """Filter by the outer product of the taps."""
    return convolve2d(picture, np.outer(taps, taps), mode="same", boundary="symm")


def separable(picture: Array, taps: Array) -> Array:
    """Filter columns, then rows."""
    return correlate1d(correlate1d(picture, taps, axis=0, mode="reflect"), taps, axis=1, mode="reflect")
