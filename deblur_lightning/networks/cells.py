"""Cells of 8 x 8 pixels: what a network that tells each one's kernel is told of them."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.networks.correlations import limited

CELL = 8  # pixels of a cell's side
FOLD = 2  # pixels of the picture, each way, that the trunk sees as one
GAMMA = 2.2  # of the display values that the trunk sees
REACH = 8  # of the local correlations, in folded pixels: that of kernels of 33
UNSEEN = 0.02  # of a cell's power, added below it: keeps what is flat finite
DIM = 1e-3  # likewise, where its logarithm is told


def whole_sides(side: int) -> str:
    """Name the sides of whole cells around one that is none, for people."""
    least = max(CELL, side // CELL * CELL)
    return f"{least} or {least + CELL}"


def local_correlations(pictures: Tensor) -> Tensor:
    """Tell of each cell how the edges around it repeat at small distances, and how strong they are.

    As `edge_correlations` for the cells of a picture seen at half its size: blur makes edges repeat as its kernel does.

    Args:
        pictures: ``[N, 3, H, W]``, display values, sides of whole cells.

    Returns:
        ``[N, 4 * (shifts + 1), H / 8, W / 8]``: of differences across, down and along both diagonals each product with
        themselves shifted, over the power around; then that power's logarithm.
    """
    gray = F.avg_pool2d(pictures.clamp(0, 1).pow(GAMMA).mean(1, keepdim=True), FOLD)
    wide = F.pad(gray, (1, 1, 1, 1), mode="replicate")[:, 0]
    here = wide[:, 1:-1, 1:-1]
    across, down = wide[:, 1:-1, 2:] - here, wide[:, 2:, 1:-1] - here
    falling, rising = (wide[:, 2:, 2:] - here) / 2**0.5, (wide[:, 2:, :-2] - here) / 2**0.5
    edges = limited(torch.stack((across, down, falling, rising), dim=1))
    height, width = edges.shape[-2:]
    around = F.pad(edges, (REACH, REACH, 0, REACH))
    products = torch.stack(
        [
            F.avg_pool2d(edges * around[..., below : below + height, REACH + beside :][..., :width], CELL // FOLD)
            for below, beside in SHIFTS
        ],
        dim=2,
    )
    power = products[:, :, 0]
    near = F.avg_pool2d(power, 3, 1, 1).unsqueeze(2) + UNSEEN
    strength = (power + DIM).log() / 3 + 1  # from about -1.3 to 1, the size of the others
    return torch.cat(((products / near).flatten(1, 2), strength), dim=1)


SHIFTS = [
    (below, beside) for below in range(REACH + 1) for beside in range(-REACH, REACH + 1) if below > 0 or beside >= 0
]
"""Half of all shifts within reach, none first; the others tell the same."""


def spread(values: Tensor, size: Sequence[int], cell: int = CELL) -> Tensor:
    """Interpolate what is told of each cell, ``[N, C, rows, columns]``, to all pixels of pictures of a size.

    Args:
        values: as told.
        size: height and width of the pictures, in pixels.
        cell: side of a cell, in pixels.
    """
    wide = F.interpolate(values, scale_factor=float(cell), mode="bilinear", align_corners=False)
    return wide[..., : size[0], : size[1]]
