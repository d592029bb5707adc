"""A grid of nodes that spans a picture, and each pixel's share in its four nearest ones."""

import torch
from torch import Tensor


def node_places(size: tuple[int, int], grid: int) -> Tensor:
    """Place ``grid`` x ``grid`` nodes evenly from corner to corner of a picture.

    Args:
        size: height and width H, W of the picture, in pixels.
        grid: nodes in each direction, at least 2.

    Returns:
        ``[grid * grid, 2]`` as (x, y) in pixels from the picture's centre, row by row, float64.
    """
    rows, columns = (torch.linspace(-(side - 1) / 2, (side - 1) / 2, grid).double() for side in size)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), dim=-1)


def node_shares(size: tuple[int, int], grid: int) -> Tensor:
    """Weigh the nodes of `node_places` at each pixel, as bilinear interpolation does.

    Args:
        size: height and width H, W of the picture, in pixels.
        grid: nodes in each direction, at least 2.

    Returns:
        ``[grid * grid, H, W]``, sum 1 at each pixel, float32.
    """
    height, width = size
    rows, columns = _hats(height, grid).float(), _hats(width, grid).float()
    return (rows.unsqueeze(1).unsqueeze(3) * columns.unsqueeze(1)).view(-1, height, width)


def _hats(length: int, nodes: int) -> Tensor:
    """Weights of linear interpolation, ``[nodes, length]``; they sum to 1 at each pixel."""
    place = torch.linspace(0, nodes - 1, length, dtype=torch.float64)
    return (1 - (place - torch.arange(nodes).unsqueeze(1)).abs()).clamp(min=0)
