"""A large photo in overlapping tiles that melt into one another, so that memory does not grow with the photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from deblur_lightning.exposure import EVERY_SIDE, Sides

CONTEXT = 32  # pixels at a tile's inner borders that see too little of the photo around them, and are dropped
BLEND = 64  # pixels over which neighbours melt into one another
OVERLAP = 2 * CONTEXT + BLEND
SMALLEST_TILE = 2 * OVERLAP

Corner = tuple[int, int]


def map_tiles(
    photo: Tensor,
    function: Callable[[Tensor, Sides, Corner], Tensor],
    tile: int,
    progress: Callable[[float], None] = lambda share: None,
) -> Tensor:
    """Apply a function to a photo tile by tile.

    Neighbours overlap by 128 pixels; the outer 32 of each are dropped and the rest melts linearly, with weights that
    sum to 1 at each pixel. Beside the photo and the result, memory is that of one tile.

    Args:
        photo: ``[N, C, H, W]``.
        function: maps a tile to one of the same shape, told which sides of it are the photo's, and its top and left.
        tile: longest side of a tile, in pixels.
        progress: takes the share done, 0 to 1; 0 as well, as the work begins.

    Returns:
        The result, shape of ``photo``.

    Raises:
        ValueError: a tile too small to overlap.
    """
    check_tile(tile)
    height, width = photo.shape[-2:]
    rows, columns = list(spans(height, tile)), list(spans(width, tile))
    progress(0.0)
    if len(rows) * len(columns) == 1:
        result = function(photo, EVERY_SIDE, (0, 0))
        progress(1.0)
        return result
    result = torch.zeros_like(photo)
    for number, (row, column) in enumerate([(row, column) for row in rows for column in columns], start=1):
        ends = Sides(row[0] == 0, row[1] == height, column[0] == 0, column[1] == width)
        piece = function(photo[..., slice(*row), slice(*column)], ends, (row[0], column[0]))
        weights = melting(row, height).unsqueeze(1) * melting(column, width)
        result[..., slice(*row), slice(*column)] += piece * weights.to(piece)
        progress(number / (len(rows) * len(columns)))
    return result


def check_tile(tile: int) -> None:
    """Raise unless tiles of a side can overlap.

    Raises:
        ValueError: a tile below two overlaps.
    """
    if not tile >= SMALLEST_TILE:
        raise ValueError(f"tile is {tile}, but neighbours overlap by {OVERLAP} pixels. Pass at least {SMALLEST_TILE}.")


def spans(length: int, tile: int) -> Iterator[tuple[int, int]]:
    """Cut a side into equal spans that overlap by ``OVERLAP`` pixels, none longer than ``tile``."""
    count = max(1, -(-(length - OVERLAP) // (tile - OVERLAP))) if length > tile else 1
    span = -(-(length + (count - 1) * OVERLAP) // count)
    for number in range(count):
        start = number * (span - OVERLAP)
        yield start, min(start + span, length)


def melting(span: tuple[int, int], length: int) -> Tensor:
    """Weigh a span's pixels: 1 inside, falling to 0 towards its neighbours, ``[end - start]``."""
    start, end = span
    inward = torch.arange(end - start) - CONTEXT + 0.5
    rise = (inward / BLEND).clamp(0, 1)
    weights = torch.ones(end - start)
    if start > 0:
        weights = weights * rise
    if end < length:
        weights = weights * rise.flip(0)
    return weights
