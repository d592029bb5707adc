"""From a camera's path during the exposure to a blur kernel."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.physics.trajectories import shake_trajectories

PATHS_AT_ONCE = 16  # their samples stay in cache


def point_spread_function(path: Tensor, size: int) -> Tensor:
    """Expose a sensor to a point of light that follows a path; without gradients.

    Each position's light falls on its four nearest pixels by bilinear shares, so a kernel's centroid is the mean
    of its path. This is the light's picture on the sensor; `blur` correlates, so flip both axes for it.

    Args:
        path: positions from the kernel's centre, ``[N, T, 2]`` as (x, y) in pixels, equally spaced in time.
        size: side K of the kernels, in pixels; odd.

    Returns:
        Kernels ``[N, K, K]``, not negative, of unit sum, of the path's type; float32 if that holds whole numbers.

    Raises:
        ValueError: ``size`` is even or not positive, there is no position, or one lies outside the kernel or is NaN.

    Source:
        Kupyn et al. 2018, motion blur generation (arXiv 1711.07064): sub-pixel interpolation of the trajectory.
    """
    _check_size(size)
    _check_paths(path, "path")
    _check_reach(path.detach().abs().max().item(), size)
    planes = np.moveaxis(path.detach().cpu().double().numpy(), -1, 0) + size // 2
    shares = [_shared(planes[:, start : start + PATHS_AT_ONCE], size) for start in range(0, len(path), PATHS_AT_ONCE)]
    kind = path.dtype if path.is_floating_point() else torch.float32
    return torch.from_numpy(np.concatenate(shares)).to(path.device, kind)


def _shared(planes: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    """Share each position's light among four pixels.

    Positions move little from sample to sample, so the shares of all that follow one another between the same four
    pixels are added up first.

    Args:
        planes: x and y from the first pixel's centre, ``[2, N, T]``.
        size: side K.

    Returns:
        ``[N, K, K]``.
    """
    pictures, samples = planes.shape[1:]
    if size == 1:
        return np.ones((pictures, 1, 1))
    left, top = corner = np.floor(planes)
    right, below = planes - corner
    enters = np.ones(left.shape, bool)  # other pixels than the sample before
    np.not_equal(left[:, 1:], left[:, :-1], out=enters[:, 1:])
    enters[:, 1:] |= top[:, 1:] != top[:, :-1]
    first = np.flatnonzero(enters)
    light = np.diff(first, append=left.size).astype(np.float64)
    right_light, below_light, both = (np.add.reduceat(share.ravel(), first) for share in (right, below, right * below))
    left, top = left.ravel()[first], top.ravel()[first]
    column, row = left.clip(0, size - 2), top.clip(0, size - 2)  # the last pixel's centre counts as right of it
    beyond_x, beyond_y = left - column, top - row
    both += beyond_x * below_light + beyond_y * right_light + beyond_x * beyond_y * light
    right_light += beyond_x * light
    below_light += beyond_y * light
    pixel = (first // samples * size * size + row * size + column).astype(np.intp)
    shares = (light - right_light - below_light + both, right_light - both, below_light - both, both)
    pixels = np.concatenate([pixel, pixel + 1, pixel + size, pixel + size + 1])
    counted = np.bincount(pixels, np.maximum(np.concatenate(shares), 0) / samples, pictures * size * size)
    return counted.astype(np.float64, copy=False).reshape(pictures, size, size)


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
        ValueError: ``size`` is even, ``exposure`` out of range, there is no position or one is NaN, or a side is larger
            than K - 1.
    """
    _check_size(size)
    _check_paths(paths, "paths")
    if not 0 < exposure <= 1:
        raise ValueError(f"exposure is {exposure}, but it is a share of the path. Pass a number in (0, 1].")
    seen = paths.detach()[:, : max(1, round(exposure * paths.shape[1]))].cpu().double().numpy()
    kernels = np.empty((len(seen), size, size), np.float32)
    for start in range(0, len(seen), PATHS_AT_ONCE):
        some = slice(start, start + PATHS_AT_ONCE)
        own = None if sides is None else sides[some].detach().cpu().numpy()[:, np.newaxis]
        kernels[some] = _shared(_fitting(np.moveaxis(seen[some], -1, 0), size, own), size)
    return torch.from_numpy(kernels).to(paths.device)


def _fitting(planes: NDArray[np.floating], size: int, sides: NDArray[np.floating] | None) -> NDArray[np.floating]:
    """Centre, scale and flip paths ``[2, N, T]``, and count from the first pixel's centre."""
    radius = size // 2
    mean = planes.mean(axis=2, keepdims=True)
    reach = np.maximum(planes.max(axis=2, keepdims=True) - mean, mean - planes.min(axis=2, keepdims=True)).max(axis=0)
    reach = reach.clip(1e-6)
    scale = (radius / reach).clip(max=1) if sides is None else sides / 2 / reach
    _check_reach((reach * scale).max(), size)
    placed = planes * -scale
    placed += mean * scale + radius
    return placed


def _check_size(size: int) -> None:
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}, but a kernel needs a central pixel. Pass {max(1, size | 1)}.")


def _check_paths(paths: Tensor, name: str) -> None:
    if paths.ndim != 3 or paths.shape[-1] != 2:
        raise ValueError(f"{name} is {list(paths.shape)}, but positions are [N, T, 2]. Reshape it.")
    if not paths.numel():
        raise ValueError(f"{name} is {list(paths.shape)}, which holds no position. Pass one at least.")


def _check_reach(reach: float, size: int) -> None:
    if not reach < size // 2 + 1e-6:  # rounding may pass the border
        raise ValueError(
            f"path reaches {reach:.1f} pixels, but a {size} x {size} kernel holds {size // 2}. Raise size."
        )
