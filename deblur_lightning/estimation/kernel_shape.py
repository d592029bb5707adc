"""What keeps an estimated kernel one: clean, centred, of the right size."""

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_PART = 0.1  # of the kernel's light
SOFTNESS = 0.6  # pixels: of estimated kernels, see `softened`


def cleaned(kernel: Tensor, threshold: float, least: float = LEAST_PART) -> Tensor:
    """Drop values below a share of the largest, then separate parts with little light; centre and normalise.

    Args:
        kernel: ``[K, K]``.
        threshold: share of the largest value.
        least: share of the kernel's light that a separate part must have; the largest part stays in any case.

    Returns:
        ``[K, K]``, unit sum, `centred`: its centre of mass within half a pixel of the central one, if nothing left the
        square; no blur of a kernel of zeros.
    """
    return _read_off(torch.where(kernel < threshold * kernel.max(), 0, kernel), least)


def traced(kernel: Tensor, threshold: float, least: float) -> Tensor:
    """Drop what is not near a path of light, so that faint parts of the path stay where lone values as large go.

    As `cleaned`, but values are judged by the mean over their 3 x 3 neighbourhood.

    Args:
        kernel: ``[K, K]``, not negative.
        threshold: share of the largest such mean.
        least: as of `cleaned`.

    Returns:
        As `cleaned`.
    """
    mean = F.avg_pool2d(kernel[None], 3, 1, 1)[0]
    return _read_off(torch.where(mean < threshold * mean.max(), 0, kernel), least)


def centred(kernel: Tensor) -> Tensor:
    """Move a kernel by whole pixels so that its centre of mass is at the central pixel.

    What leaves the square on one side comes back on the other, where it moves the centre of mass away again.
    """
    down, right = beside_centre(kernel)
    return kernel.roll((-round(down), -round(right)), (0, 1))


def resized(kernel: Tensor, size: int, factor: float, mode: Literal["bilinear", "bicubic"] = "bilinear") -> Tensor:
    """Sample a kernel anew for a picture resized by a factor, around its centre, ``[size, size]``, unit sum."""
    reach = (torch.arange(size, device=kernel.device) - size // 2) / (factor * kernel.shape[-1] / 2)
    grid = torch.stack(torch.meshgrid(reach, reach, indexing="xy"), -1).to(kernel)
    sampled = F.grid_sample(kernel[None, None], grid[None], mode=mode, align_corners=False)[0, 0].clamp(min=0)
    return sampled / sampled.sum()


def shrunk(plane: Tensor, factor: float) -> Tensor:
    """Resize a picture ``[H, W]`` by a factor of at most 1."""
    if factor == 1:
        return plane
    size = [max(1, round(side * factor)) for side in plane.shape]
    return F.interpolate(plane[None, None], size=size, mode="bilinear", antialias=True)[0, 0]


def likeness(shapes: Tensor) -> Tensor:
    """Correlate kernels, or other shapes, at the best shift between each two.

    Args:
        shapes: ``[S, K, K]``, squares sum to 1.

    Returns:
        ``[S, S]``, 1 for equals.
    """
    sides = (2 * shapes.shape[-1],) * 2
    spectra = torch.fft.rfft2(shapes, s=sides)
    rows = [torch.fft.irfft2(spectra * one.conj(), s=sides).amax((1, 2)) for one in spectra]
    return torch.stack(rows)


def beside_centre(kernel: Tensor) -> tuple[float, float]:
    """Measure how far a kernel's centre of mass is below and to the right of its central pixel, in pixels."""
    steps = torch.arange(kernel.shape[-1], device=kernel.device) - kernel.shape[-1] // 2
    down, right = ((kernel.sum(1 - axis) * steps).sum().item() for axis in (0, 1))
    return down, right


def softened(kernel: Tensor, softness: float) -> Tensor:
    """Blur a kernel by a Gaussian spot; centre it by fractions of a pixel, which the spot's place can do; unit sum.

    Motion that varies a little over the picture, or is known only so well, makes the mean kernel soft. Half a pixel
    aside costs a restored picture up to a decibel.

    Args:
        kernel: ``[K, K]``, unit sum.
        softness: the spot's standard deviation in pixels, at least about 0.4: narrower ones fall between the pixels.

    Returns:
        ``[K, K]`` with its centre of mass at the central pixel, but for what leaves the square.
    """
    steps = torch.arange(kernel.shape[-1], device=kernel.device) - kernel.shape[-1] // 2
    for axis in (0, 1):
        beside = (kernel.sum(1 - axis) * steps).sum()
        spots = ((steps.unsqueeze(1) - steps + beside) / softness).square().div(-2).exp()
        kernel = torch.tensordot(spots, kernel, ([1], [axis])).movedim(0, axis)
        kernel = kernel / kernel.sum()
    return kernel


def large_parts(values: Tensor, least: float) -> Tensor:
    """Set separate parts that hold too little to zero; neighbours on the diagonal belong together.

    Args:
        values: light or time, not negative, of any shape.
        least: share of their sum that a part must hold; the largest part stays in any case.
    """
    from scipy import ndimage

    held = values.numpy(force=True)
    parts, _ = ndimage.label(held > 0, structure=np.ones((3,) * held.ndim))
    sums = np.bincount(parts.ravel(), held.ravel())
    large = sums >= min(least * sums.sum(), sums.max())
    return values * torch.from_numpy(large[parts]).to(values.device)


def _read_off(kernel: Tensor, least: float) -> Tensor:
    """Keep the large parts, centre and normalise; no blur where nothing was read off, as in a picture without edges."""
    kept = large_parts(kernel, least)
    return centred(kept / kept.sum()) if kept.sum() > 0 else no_blur(kernel)


def no_blur(like: Tensor) -> Tensor:
    """Build the kernel, of the size of another one, that changes nothing."""
    kernel = torch.zeros_like(like)
    kernel[like.shape[0] // 2, like.shape[1] // 2] = 1
    return kernel


def reaches(kernels: Tensor) -> Tensor:
    """Measure how far the light of kernels ``[B, K, K]`` is from its centre, ``[B]``: the root of the mean square."""
    steps = torch.arange(kernels.shape[-1], device=kernels.device) - kernels.shape[-1] // 2
    variance = torch.zeros(len(kernels), device=kernels.device, dtype=kernels.dtype)
    for axis in (1, 2):
        profile = kernels.sum(axis)
        variance += (profile * steps.square()).sum(1) - (profile * steps).sum(1).square()
    return variance.clamp(min=0).sqrt()
