"""The motion field of a shaking camera: every pixel has its own kernel, and neighbours' are alike."""

import torch
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.physics.node_grid import node_places, node_shares
from deblur_lightning.physics.point_spread import kernels_along
from deblur_lightning.physics.trajectories import shake_trajectories


def shake_field(
    size: tuple[int, int],
    kernel_size: int,
    *,
    generator: torch.Generator,
    grid: int = 5,
    rotation: float = 0.04,
    reach: tuple[float, float] = (0.4, 1.0),
) -> KernelField:
    """Draw the field of a camera that shifts and turns in its image plane.

    Over the exposure the light of a point p, measured from the picture's centre, falls on ``R(angle_t) p + shift_t``.
    The kernels are those at the nodes of a grid that spans the picture, each centred on its own mean, and a pixel
    mixes its four nearest nodes bilinearly: the mixture *is* the field, not an approximation of one.

    Args:
        size: height and width H, W of the picture, in pixels.
        kernel_size: side K of the kernels, odd.
        generator: source of all randomness, on the CPU.
        grid: nodes in each direction; B is its square.
        rotation: range of the angle over the exposure, in radians, before scaling.
        reach: range of how far the longest kernel reaches, as a share of its radius K // 2. All paths are scaled alike.

    Returns:
        A field ``[1, B, K, K]`` and ``[1, B, H, W]``, float32.

    Raises:
        ValueError: a picture without pixels, fewer than two nodes, or a reach out of (0, 1].

    Source:
        Ours; the camera path is that of `shake_trajectories`, once for the shift, and once for the angle.
    """
    if not min(size) >= 1:
        raise ValueError(f"size is {size[0]} x {size[1]}, but a picture has a pixel each way. Pass at least 1.")
    if not grid >= 2:
        raise ValueError(f"grid is {grid}, but it has a node in each corner of the picture. Pass at least 2.")
    if not 0 < reach[0] <= reach[1] <= 1:
        raise ValueError(f"reach is {reach}, but it is a range of shares of the radius. Order it within (0, 1].")
    shift, turn = shake_trajectories(2, generator=generator)
    angle = turn[:, 0] - turn[:, 0].mean()
    angle = angle * (rotation / (angle.amax() - angle.amin()).clamp(min=1e-9))
    share = reach[0] + (reach[1] - reach[0]) * float(torch.rand((), generator=generator))
    return turning_field(size, kernel_size, shift, angle, share * (kernel_size // 2), grid)


def turning_field(
    size: tuple[int, int], kernel_size: int, shift: Tensor, angle: Tensor, reach: float, grid: int = 5
) -> KernelField:
    """Build the field of one path of a camera that shifts and turns in its image plane; see `shake_field`.

    Args:
        size: height and width H, W of the picture, in pixels.
        kernel_size: side K of the kernels, odd.
        shift: where the picture's centre falls, ``[T, 2]`` as (x, y) in pixels, float64.
        angle: how far the camera has turned, ``[T]``, in radians, float64.
        reach: how far the longest kernel reaches, in pixels, at most K // 2: all paths are scaled alike to it.
        grid: nodes in each direction; B is its square.

    Returns:
        A field ``[1, B, K, K]`` and ``[1, B, H, W]``, float32.
    """
    x, y = node_places(size, grid).unsqueeze(-2).unbind(-1)
    cosine, sine = angle.cos(), angle.sin()
    turned = torch.stack((cosine * x - sine * y - x, sine * x + cosine * y - y), dim=-1)
    paths = turned + shift
    paths = paths - paths.mean(dim=1, keepdim=True)
    paths = paths * (reach / paths.abs().amax().clamp(min=1e-9))
    return KernelField(kernels_along(paths, kernel_size).unsqueeze(0), node_shares(size, grid).unsqueeze(0))
