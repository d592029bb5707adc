"""What a kernel says of the motion: how far and which way the light went, and whether it did so everywhere."""

import math
from typing import NamedTuple

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.field import KernelField

VISIBLE = 0.004
"""Share of a path's peak below which its light is too faint to be drawn."""

ALIKE = 0.04
"""Sum of absolute differences up to which two kernels, each of unit sum, are one motion to the eye."""

STAYED, STANDS_OUT = 0.1, 4.0
"""Of a dot: its share of a path's light at least, and how many times as bright it is as the next pixel."""

NEARBY = 4.0
"""Pixels over which what did not stay has to spread to be spoken of; the eight around a dot spread over 3."""

USED = 0.01
"""Coefficients below this everywhere leave a basis kernel unused."""

CELLS = 48
"""Cells along the longer side at which a field is looked at."""


class Stroke(NamedTuple):
    """The straight stroke that spreads light as a kernel does.

    Attributes:
        length: in pixels.
        breadth: across it, in pixels.
        degrees: its direction, 0 to 180, counted anticlockwise from the right.
    """

    length: float
    breadth: float
    degrees: float


def stroke_of(path: np.ndarray) -> Stroke:
    """Measure a kernel, drawn as the light's path ``[K, K]`` of unit sum.

    A stroke of even light has the variance length² / 12 along itself; the kernel's covariance has the two variances and
    their axes. The page's script does the same.
    """
    rows, columns = np.indices(path.shape)
    light = path / path.sum()
    right, below = columns - (light * columns).sum(), rows - (light * rows).sum()
    across, both, down = ((light * product).sum() for product in (right * right, right * below, below * below))
    spread = math.hypot(across - down, 2 * both)
    degrees = math.degrees(math.atan2(-2 * both, across - down)) / 2
    most, least = (math.sqrt(6 * max(0.0, across + down + sign * spread)) for sign in (1, -1))
    return Stroke(most, least, degrees % 180)


def motion_said(path: np.ndarray) -> str:
    """Say in a few words how a path ``[K, K]`` moved the light; the page's script says the same."""
    light, whole = path / path.sum(), stroke_of(path)
    if whole.length < 1:
        return "no visible motion"
    brightest = light.max()
    others = np.where(np.arange(light.size).reshape(light.shape) == light.argmax(), 0, light)
    if brightest <= max(STAYED, STANDS_OUT * others.max()):
        return f"light spread over {_spread_said(whole)}"
    rest = stroke_of(others)
    told = f"{brightest:.0%} of the light stayed on one pixel"
    return told if rest.length < NEARBY else f"{told}, the rest spread over {_spread_said(rest)}"


def _spread_said(stroke: Stroke) -> str:
    length, breadth, degrees = stroke
    along = "about equally all around" if breadth > 0.7 * length else f"mostly along {round(degrees) % 180}°"
    return f"{length:.1f} px, {along}"


def used_kernels(field: KernelField) -> list[int]:
    """Number the basis kernels that the pixels of a field (N = 1) use, at least one."""
    most = field.coefficients[0].flatten(1).amax(dim=1)
    return [number for number, share in enumerate(most.tolist()) if share >= USED] or [int(most.argmax())]


def is_one_motion(field: KernelField) -> bool:
    """Tell whether the whole photo moved as one: no part's kernel differs from the mean one by more than the eye sees.

    Args:
        field: a motion field, N = 1.
    """
    basis = field.basis[:1].detach().float()
    shares = averaged_to(CELLS, field.coefficients[:1].detach().float())[0].flatten(1)  # [B, cells]
    apart = (shares - shares.mean(dim=1, keepdim=True)).T @ basis[0].flatten(1)
    return bool(apart.abs().sum(dim=1).max() <= ALIKE)


def averaged_to(cells: int, coefficients: Tensor) -> Tensor:
    """Average coefficients ``[N, B, H, W]`` over squares so that the longer side has at most so many cells."""
    shrink = max(coefficients.shape[-2:]) / cells
    if shrink <= 1:
        return coefficients
    height, width = (max(1, round(side / shrink)) for side in coefficients.shape[-2:])
    return F.interpolate(coefficients, size=(height, width), mode="area")


def radius_of(paths: np.ndarray, least: int = 2) -> int:
    """Find the smallest square about the centre that holds all light of every path that can be seen.

    Args:
        paths: ``[..., K, K]``.
        least: the smallest answer, in pixels.

    Returns:
        Pixels from the centre to the square's side, at most K // 2.
    """
    centre = paths.shape[-1] // 2
    seen = (paths > VISIBLE * paths.max(axis=(-2, -1), keepdims=True)).reshape(-1, *paths.shape[-2:]).any(axis=0)
    rows, columns = np.nonzero(seen)
    reach = max(np.abs(rows - centre).max(initial=0), np.abs(columns - centre).max(initial=0))
    return min(centre, max(least, int(reach)))


def cut_to(paths: np.ndarray, radius: int) -> np.ndarray:
    """Keep of paths ``[..., K, K]`` the square of this radius about the centre."""
    inside = slice(paths.shape[-1] // 2 - radius, paths.shape[-1] // 2 + radius + 1)
    return paths[..., inside, inside]
