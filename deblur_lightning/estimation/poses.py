"""The poses a camera can take during an exposure, and the kernels that time spent in them makes over a picture."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deblur_lightning.physics.node_grid import node_places, node_shares


class Poses:
    """A grid of poses (angle, shift): what a point of light draws where, when the camera spends time in each.

    A camera that turns in its image plane moves the light of a point p, measured from the picture's centre, to
    ``R(angle) p + shift``. However it moved, all that the picture knows is how much time it spent in each pose: a
    density over angles and shifts, one for all pixels. The kernel at a place is linear in that density: a pose lays
    its time down, shared among four pixels, at the offset ``o - (R(angle) p - p)``, where o is the pose's own offset,
    minus the shift (kernels correlate).

    Args:
        places: of the kernels to draw, ``[P, 2]`` as (x, y) in pixels from the picture's centre, float64.
        kernel_size: side K of the kernels, in pixels; odd. Shifts are whole pixels within it.
        angles: in radians.
    """

    def __init__(self, places: Tensor, kernel_size: int, angles: Tensor) -> None:
        self.kernel_size, self.angles = kernel_size, angles
        self._matrix = _time_to_kernels(places.numpy(), angles.double().numpy(), kernel_size)
        self._transposed = self._matrix.T.tocsr()

    def kernels(self, density: Tensor) -> Tensor:
        """Draw the kernels at all places.

        Args:
            density: time spent in each pose, ``[A, K, K]``: angles, then offsets down and to the right, float32.

        Returns:
            ``[P, K, K]``; what falls beyond a kernel's border is lost.
        """
        return torch.from_numpy(self._matrix @ density.flatten().numpy()).view(-1, self.kernel_size, self.kernel_size)

    def transposed(self, kernels: Tensor) -> Tensor:
        """Apply the transpose of `kernels`: ``[P, K, K] -> [A, K, K]``."""
        return torch.from_numpy(self._transposed @ kernels.flatten().numpy()).view(
            -1, self.kernel_size, self.kernel_size
        )


class GridPoses(Poses):
    """Poses whose kernels are at the nodes of a grid over a picture, and so make a field.

    Args:
        size: height and width H, W of the picture, in pixels.
        kernel_size: as of `Poses`.
        angles: likewise.
        grid: nodes in each direction that the picture's kernels are at, see `node_places`.

    Attributes:
        shares: of the nodes at each pixel, ``[grid * grid, H, W]``.
    """

    def __init__(self, size: tuple[int, int], kernel_size: int, angles: Tensor, grid: int) -> None:
        super().__init__(node_places(size, grid), kernel_size, angles)
        self.shares = node_shares(size, grid)


def turning_angles(size: tuple[float, float], reach: float) -> Tensor:
    """List angles so near to each other that no pixel moves farther than one from each to the next.

    Args:
        size: height and width of the picture, in pixels.
        reach: how far corners move at the largest angle, to both sides, in pixels; rounded up.

    Returns:
        ``[A]``, odd A, in radians, the middle one 0.
    """
    count = math.ceil(reach - 1e-9)
    return torch.arange(-count, count + 1) * (2 / math.hypot(*size))


def _time_to_kernels(places: NDArray[np.float64], angles: NDArray[np.float64], size: int) -> Any:  # noqa: ANN401 - scipy has no types
    """Lay out `Poses.kernels` as a sparse matrix ``[P * K^2, A * K^2]``."""
    from scipy.sparse import csr_array

    radius, pixels = size // 2, size**2
    down, right = (axis.ravel() - radius for axis in np.mgrid[:size, :size])
    x, y = (axis[:, None, None] for axis in places.T)
    cosine, sine = (part(angles)[:, None] for part in (np.cos, np.sin))
    across, below = right - (cosine * x - sine * y - x), down - (sine * x + cosine * y - y)  # [P, A, K^2]
    place, pose = np.arange(len(places))[:, None, None], np.arange(len(angles) * pixels).reshape(len(angles), pixels)
    rows, columns, values = [], [], []
    left, top = np.floor(across), np.floor(below)
    for step_down, share_down in ((0, 1 - (below - top)), (1, below - top)):
        for step_right, share_right in ((0, 1 - (across - left)), (1, across - left)):
            row, column, share = top + step_down, left + step_right, share_down * share_right
            inside = (np.abs(row) <= radius) & (np.abs(column) <= radius) & (share > 0)
            target = place * pixels + (row + radius) * size + column + radius
            rows.append(target[inside].astype(np.int32))
            columns.append(np.broadcast_to(pose, inside.shape)[inside].astype(np.int32))
            values.append(share[inside].astype(np.float32))
    shape = (len(places) * pixels, len(angles) * pixels)
    return csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape)
