"""The official protocol of the Köhler benchmark, quirks included, for one or several restored pictures at once.

Everything that depends on a sharp frame alone is computed once, whatever the number of pictures scored against it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.image import OVERSHOOT
from deblur_lightning.metrics.msssim import SMALLEST_SIDE, Array, Scale, moments, ms_ssim
from deblur_lightning.metrics.registration import Shift, Spectrum, overlap, register, shifted, spectrum

LUMA = (0.299, 0.587, 0.114)
CACHED_MOMENTS = 4  # 27 MB each at 800 x 800; shifts change slowly along a trajectory


class KohlerResult(NamedTuple):
    """One restored picture's scores: the best over frames, and all of them.

    Frames are positions in the iterable given, from 0; ``shifts[psnr_frame]`` is the shift of the best PSNR.
    """

    psnr: float
    mssim: float
    psnr_frame: int
    mssim_frame: int
    frame_psnr: Array  # [F], dB
    frame_mssim: Array  # [F]
    shifts: NDArray[np.int64]  # [F, 2], rows down and columns right that registration moved the restored picture


def kohler_score(
    restored: NDArray[np.uint8] | NDArray[np.float32] | Tensor,
    frames: Iterable[NDArray[np.uint8] | Tensor],
    *,
    workers: int | None = None,
) -> KohlerResult:
    """Score one restored picture against the sharp frames along a camera's trajectory.

    Each frame: match the brightness, register by whole pixels, then PSNR and five-scale SSIM of the luma over the
    whole picture, its vacated border zero in both. The best of either over frames is the picture's score. Equal to
    the official MATLAB up to rounding in float64; `KohlerScore` knows which frames count.

    Args:
        restored: ``[H, W, 3]``, uint8, or floats in [0, 1], which are clipped and rounded to 8 bits as in a PNG.
        frames: sharp pictures alike, streamed: a few at a time are in memory.
        workers: threads; None for as many as torch uses.

    Returns:
        The best scores, their frames, and the scores of every frame. A frame equal to the restored picture has an
        infinite PSNR.

    Raises:
        ValueError: a picture is gray, not uint8 or [0, 1], black, without light where a frame has some, of another size
            or below 161 pixels; no frames, or no workers.

    Source:
        Köhler et al. 2012, "Recording and playback of camera shake", evaluation code.
    """
    return kohler_scores([restored], frames, workers=workers)[0]


def kohler_scores(
    restored: Sequence[NDArray[np.uint8] | NDArray[np.float32] | Tensor],
    frames: Iterable[NDArray[np.uint8] | Tensor],
    *,
    workers: int | None = None,
    names: Sequence[str] | None = None,
) -> list[KohlerResult]:
    """Score several restorations of one blurry picture, as `kohler_score` does, sharing the frames' part.

    Args:
        restored: one picture a method, as for `kohler_score`.
        frames: as for `kohler_score`.
        workers: likewise.
        names: what messages call the restored pictures, as their files.

    Returns:
        One result a method.

    Raises:
        ValueError: as for `kohler_score`.
    """
    if not restored:
        raise ValueError("restored holds 0 pictures, but a score is of one. Pass at least one.")
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}, but it counts threads. Pass 1 or more, or None for torch's.")
    if names is None:
        names = ["restored" if len(restored) == 1 else f"restored[{number}]" for number in range(len(restored))]
    cache = max(1, CACHED_MOMENTS // max(1, len(restored)))
    pictures = [_Restored(png_bytes(one, name), name, cache) for one, name in zip(restored, names, strict=True)]
    rows = list(_score_frames(pictures, frames, workers or torch.get_num_threads()))
    if not rows:
        raise ValueError("frames holds 0 pictures, but a score is the best over frames. Pass at least one.")
    return [_best([row[method] for row in rows]) for method in range(len(pictures))]


def png_bytes(picture: NDArray[np.uint8] | NDArray[np.float32] | Tensor, name: str = "picture") -> NDArray[np.uint8]:
    """Give a picture as the bytes of a PNG.

    Args:
        picture: ``[H, W, 3]``, uint8, or floats in [0, 1]; beyond is clipped.
        name: what the caller calls it, for the message.

    Raises:
        ValueError: another shape, depth or range, or a side below 161 pixels.
    """
    if isinstance(picture, Tensor):
        picture = picture.detach().cpu()
        picture = picture.float() if picture.dtype == torch.bfloat16 else picture  # which NumPy has not
    pixels = np.asarray(picture)
    if pixels.ndim != 3 or pixels.shape[-1] != 3:
        remedy = f"Pass {name} as RGB."
        if pixels.ndim == 3 and pixels.shape[0] == 3:
            remedy = "Move the channels last."
        raise ValueError(f"{name} is {list(pixels.shape)}, but the protocol scores [H, W, 3]. {remedy}")
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        raise ValueError(
            f"{name} is {_by(pixels.shape)}, but the five scales of MSSIM need {SMALLEST_SIDE} pixels on each side. "
            "Score larger pictures."
        )
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, dtype=np.uint8)
    if not np.issubdtype(pixels.dtype, np.floating):
        raise ValueError(f"{name} holds {pixels.dtype}, but 8 bits are scored. Pass uint8, or floats in [0, 1].")
    least, most = float(pixels.min()), float(pixels.max())
    if not (least >= -OVERSHOOT and most <= 1 + OVERSHOOT):
        raise ValueError(f"{name} reaches from {least:.5g} to {most:.5g}, but floats lie in [0, 1]. Rescale it.")
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def mix(channels: Array, shares: Sequence[float]) -> Array:
    """Add the three channels of ``[H, W, 3]`` by their shares."""
    import cv2

    return cv2.transform(channels, np.array([shares], dtype=np.float64))  # type: ignore[return-value]


def inner(first: Array, second: Array) -> float:
    """Multiply and add, without BLAS, whose own threads would get into the way of ours."""
    return float(np.einsum("i,i->", first.ravel(), second.ravel()))


class _Score(NamedTuple):
    psnr: float
    mssim: float
    shift: Shift


class _Frame:
    """A sharp frame and what is computed of it alone, each once."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.channels = pixels.astype(np.float64)
        self.luma: Array = mix(self.channels, LUMA)
        self.spectrum: Spectrum = spectrum(mix(self.channels, (1, 1, 1)))
        self._moments: dict[Shift, list[Scale]] = {}

    def moments(self, shift: Shift) -> list[Scale]:
        """Give the moments with the border zero that ``shift`` vacates in a restored picture."""
        if shift not in self._moments:
            covered, _ = overlap(self.luma.shape, shift)
            masked = np.zeros_like(self.luma)
            masked[covered] = self.luma[covered]
            if len(self._moments) > 1:
                self._moments.clear()  # methods that disagree about the shift must not fill the memory
            self._moments[shift] = moments(masked)
        return self._moments[shift]


class _Restored:
    """A restored picture and what is computed of it alone."""

    def __init__(self, pixels: NDArray[np.uint8], name: str, cache: int) -> None:
        self.name = name
        self.channels = pixels.astype(np.float64)
        self.energy = inner(self.channels, self.channels)
        if not self.energy > 0:
            raise ValueError(
                f"{name} is black, but the protocol divides by its brightness. Look at how it was restored."
            )
        self.luma: Array = mix(self.channels, LUMA)
        self.spectrum = spectrum(mix(self.channels, (1, 1, 1)))
        self.moments = lru_cache(cache)(lambda shift: moments(shifted(self.luma, shift)))

    def score(self, frame: _Frame) -> _Score:
        """Follow the protocol for one frame."""
        gain = inner(frame.channels, self.channels) / self.energy
        if not gain > 0:
            raise ValueError(
                f"{self.name} has no light where a sharp frame has some, in any colour, but the protocol matches their "
                "brightness. Look at how it was restored."
            )
        shift = register(frame.spectrum, self.spectrum)
        covered, source = overlap(self.luma.shape, shift)
        error = frame.luma[covered] - gain * self.luma[source]
        mean_squared = inner(error, error) / self.luma.size
        psnr = 10 * np.log10(255**2 / mean_squared) if mean_squared > 0 else np.inf
        return _Score(float(psnr), ms_ssim(frame.moments(shift), self.moments(shift), gain), shift)


def _score_frames(
    pictures: Sequence[_Restored], frames: Iterable[NDArray[np.uint8] | Tensor], workers: int
) -> Iterator[list[_Score]]:
    """Score frame by frame, in order; the next frames are read while earlier ones are scored."""
    size = pictures[0].channels.shape
    for picture in pictures:
        if picture.channels.shape != size:
            raise ValueError(
                f"{picture.name} is {_by(picture.channels.shape)}, but others are {_by(size)}. Use one size."
            )

    def score(pixels: NDArray[np.uint8]) -> list[_Score]:
        frame = _Frame(pixels)
        return [picture.score(frame) for picture in pictures]

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[list[_Score]]] = deque()
        try:
            for number, frame in enumerate(frames):
                name = f"frames[{number}]"
                pixels = png_bytes(frame, name)
                if pixels.shape != size:
                    raise ValueError(
                        f"{name} is {_by(pixels.shape)}, but {pictures[0].name} is {_by(size)}. "
                        "Score whole pictures of the frames' size."
                    )
                if not pixels.any():
                    raise ValueError(f"{name} is black, but sharp frames show a scene. Fetch the frames again.")
                waiting.append(pool.submit(score, pixels))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _by(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} x {shape[1]}"


def _best(scores: Sequence[_Score]) -> KohlerResult:
    psnr, mssim = (np.array(column) for column in zip(*((score.psnr, score.mssim) for score in scores), strict=True))
    best_psnr, best_mssim = int(psnr.argmax()), int(mssim.argmax())
    return KohlerResult(
        psnr=float(psnr[best_psnr]),
        mssim=float(mssim[best_mssim]),
        psnr_frame=best_psnr,
        mssim_frame=best_mssim,
        frame_psnr=psnr,
        frame_mssim=mssim,
        shifts=np.array([score.shift for score in scores], dtype=np.int64),
    )
