"""From a camera's path during the exposure to a blur kernel."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.physics.trajectories import shake_trajectories

PATHS_AT_ONCE = 32  # their samples stay in cache


def point_spread_function(path: Tensor, size: int) -> Tensor:
    """Expose a sensor to a point of light that follows a path; without gradients.

    Each position's light falls on its four nearest pixels by bilinear shares, so a kernel's centroid is the mean
    of its path. This is the light's picture on the sensor; `blur` correlates, so flip both axes for it.

    Args:
        path: positions from the kernel's centre, ``[N, T, 2]`` as (x, y) in pixels, equally spaced in time.
        size: side K of the kernels, in pixels; odd.

    Returns:
        Kernels ``[N, K, K]``, not negative, of unit sum.

    Raises:
        ValueError: ``size`` is even or not positive, or a position lies outside the kernel or is NaN.

    Source:
        Kupyn et al. 2018, section 4.1 (arXiv 1711.07064): sub-pixel interpolation of the trajectory.
    """
    _check_size(size)
    radius = size // 2
    reach = path.detach().abs().max().item()
    if not reach <= radius:
        raise ValueError(f"path reaches {reach:.1f} pixels, but a {size} x {size} kernel holds {radius}. Raise size.")
    if size == 1:
        return path.new_ones(len(path), 1, 1)
    shares = [_shared(paths.detach().cpu().numpy(), size) for paths in path.split(PATHS_AT_ONCE)]
    return torch.cat(shares).to(path)


def _shared(path: NDArray[np.floating], size: int) -> Tensor:
    """Count light by pixel: four shares of each position, all pictures in one row of pixels."""
    pictures, samples, _ = path.shape
    across, down = path[..., 0] + size // 2, path[..., 1] + size // 2
    column, row = (np.minimum(place.astype(np.intp), size - 2) for place in (across, down))
    right, below = across - column, down - row
    both = right * below
    pixel = (row * size + column + size * size * np.arange(pictures)[:, np.newaxis]).ravel()
    light = np.zeros(pictures * size * size)
    for offset, share in ((0, 1 - right - below + both), (1, right - both), (size, below - both), (size + 1, both)):
        counted = np.bincount(pixel, share.ravel(), light.size)
        light[offset:] += counted[: light.size - offset]
    return torch.from_numpy(light.reshape(pictures, size, size).clip(0) / samples)


def shake_kernels(
    count: int,
    size: int,
    *,
    generator: torch.Generator,
    samples: int = 2000,
    length: float = 60.0,
    anxiety: float | None = None,
    exposure: float = 1.0,
    extent: tuple[float, float] | None = None,
) -> Tensor:
    """Draw random camera-shake kernels.

    Each is a `shake_trajectories` path, centred on its mean. A path that leaves the kernel is scaled down until it
    touches the border: a picture of the same shake from further away.

    Args:
        count: number N of kernels.
        size: their side K, in pixels; odd.
        generator: source of all randomness, on the CPU; the same state gives the same kernels.
        samples: positions along each path.
        length: of each path before any scaling, in pixels.
        anxiety: see `shake_trajectories`.
        exposure: share of the path that the shutter sees, in (0, 1]; DeblurGAN uses 1/100, 1/10, 1/2 and 1.
        extent: None keeps each path's own size. Otherwise each path is scaled to reach over a square whose side is
            drawn uniformly from this range, in pixels.

    Returns:
        Kernels ``[N, K, K]``, not negative, unit sum, centroid at the central pixel, float32.

    Raises:
        ValueError: ``size`` is even, a range is empty, or a number is out of its range.
    """
    _check_size(size)
    if extent is not None and not 0 <= extent[0] <= extent[1] <= size - 1:
        raise ValueError(f"extent is {extent}, but kernels of {size} hold 0 to {size - 1}. Order it within those.")
    paths = shake_trajectories(count, generator=generator, samples=samples, length=length, anxiety=anxiety)
    return kernels_along(paths, size, exposure, None if extent is None else draw_sides(count, extent, generator))


def draw_sides(count: int, extent: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Draw the sides of the squares that kernels fill, uniformly.

    Args:
        count: number N of sides.
        extent: least and largest side, in pixels.
        generator: source of the draw, on the CPU.

    Returns:
        ``[N]``, in pixels, float64.
    """
    return torch.rand(count, generator=generator, dtype=torch.float64) * (extent[1] - extent[0]) + extent[0]


def kernels_along(paths: Tensor, size: int, exposure: float = 1.0, sides: Tensor | None = None) -> Tensor:
    """Turn camera paths into kernels: centred on their mean, scaled to fit, flipped for `blur`.

    Args:
        paths: positions in pixels, ``[N, T, 2]``, anywhere.
        size: side K of the kernels, in pixels; odd.
        exposure: share of the path that the shutter sees, in (0, 1].
        sides: of the centred squares that the kernels just fill, ``[N]``, in pixels; None scales only what leaves the
            kernel.

    Returns:
        Kernels ``[N, K, K]`` as of `shake_kernels`, float32.

    Raises:
        ValueError: ``size`` is even, or ``exposure`` out of range.
    """
    _check_size(size)
    if not 0 < exposure <= 1:
        raise ValueError(f"exposure is {exposure}, but it is a share of the path. Pass a number in (0, 1].")
    return torch.cat(
        [
            _kernels_along(some, size, exposure, None if sides is None else sides[start : start + PATHS_AT_ONCE])
            for start, some in zip(range(0, len(paths), PATHS_AT_ONCE), paths.split(PATHS_AT_ONCE), strict=True)
        ]
    )


def _kernels_along(paths: Tensor, size: int, exposure: float, sides: Tensor | None) -> Tensor:
    seen = paths[:, : max(1, round(exposure * paths.shape[1]))]
    centred = seen - seen.mean(dim=1, keepdim=True)
    reach = centred.abs().amax(dim=(1, 2)).clamp(min=1e-6)
    radius = size // 2
    scale = (radius / reach).clamp(max=1) if sides is None else sides / 2 / reach
    fitting = (centred * -scale.view(-1, 1, 1)).clamp(-radius, radius)  # rounding may pass the border by an ulp
    return point_spread_function(fitting, size).float()


def _check_size(size: int) -> None:
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}, but a kernel needs a central pixel. Pass {max(1, size | 1)}.")
