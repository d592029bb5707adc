"""A large photo in overlapping tiles that melt into one another, so that memory does not grow with the photo."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from deblur_lightning.exposure import EVERY_SIDE, Sides
from deblur_lightning.side_by_side import side_by_side

CONTEXT = 32  # pixels at a tile's inner borders that see too little of the photo around them, and are dropped
BLEND = 64  # pixels over which neighbours melt into one another
OVERLAP = 2 * CONTEXT + BLEND
SMALLEST_TILE = 2 * OVERLAP
LEAST_HALF = 512  # pixels: a side is cut for a second core's sake alone where no piece is shorter

Corner = tuple[int, int]
Span = tuple[int, int]


def map_tiles(
    photo: Tensor,
    function: Callable[[Tensor, Sides, Corner], Tensor],
    tile: int,
    progress: Callable[[float], None] = lambda share: None,
    at_once: int = 1,
    paired: bool = False,
) -> Tensor:
    """Apply a function to a photo tile by tile.

    Neighbours overlap by 128 pixels; the outer 32 of each are dropped and the rest melts linearly, with weights that
    sum to 1 at each pixel. Beside the photo and the result, memory is that of one tile, or of those done at once and
    once more of the result.

    Args:
        photo: ``[N, C, H, W]``.
        function: maps a tile to one of the same shape, told which sides of it are the photo's, and its top and left.
        tile: longest side of a tile, in pixels.
        progress: takes the share done, 0 to 1; 0 as well, as the work begins.
        at_once: how many tiles are done side by side, each on a core of its own, where there are as many cores.
        paired: whether to cut the photo so that two cores have done it first (`counts`), not into as few tiles as can
            be. How many there are does not matter, so that it becomes the same on every machine.

    Returns:
        The result, shape of ``photo``.

    Raises:
        ValueError: a tile too small to overlap.
    """
    check_tile(tile)
    height, width = photo.shape[-2:]
    down, across = counts(height, width, tile) if paired else (fewest(height, tile), fewest(width, tile))
    rows, columns = list(spans(height, down)), list(spans(width, across))
    progress(0.0)
    if len(rows) * len(columns) == 1:
        result = function(photo, EVERY_SIDE, (0, 0))
        progress(1.0)
        return result
    places = [(row, column) for row in rows for column in columns]
    done, lock = itertools.count(1), threading.Lock()

    def piece(row: Span, column: Span) -> Tensor:
        ends = Sides(row[0] == 0, row[1] == height, column[0] == 0, column[1] == width)
        made = function(photo[..., slice(*row), slice(*column)], ends, (row[0], column[0]))
        with lock:
            progress(next(done) / len(places))
        return made

    tasks = [partial(piece, *place) for place in places]
    pieces = side_by_side(tasks, at_once) if at_once > 1 else (task() for task in tasks)
    result = torch.zeros_like(photo)
    for (row, column), made in zip(places, pieces, strict=True):
        weights = melting(row, height).unsqueeze(1) * melting(column, width)
        result[..., slice(*row), slice(*column)] += made * weights.to(made)
    return result


def check_tile(tile: int) -> None:
    """Raise unless tiles of a side can overlap.

    Raises:
        ValueError: a tile below two overlaps.
    """
    if not (isinstance(tile, int) and tile >= SMALLEST_TILE):
        raise ValueError(f"tile is {tile}, but neighbours overlap by {OVERLAP} pixels. Pass at least {SMALLEST_TILE}.")


def fewest(length: int, tile: int) -> int:
    """Tell into how few spans that overlap a side can be cut, none longer than ``tile``."""
    return max(1, -(-(length - OVERLAP) // (tile - OVERLAP))) if length > tile else 1


def counts(height: int, width: int, tile: int) -> tuple[int, int]:
    """Choose how many rows and columns of tiles to cut a photo into, so that two cores have done it first.

    They do two tiles at a time, which takes as long as one has pixels. One row or column more than there must be may
    give the second core something to do, or leave both less of what overlaps. No side is cut once more if its pieces
    would be short, for they see less of what is around them.

    Args:
        height: of the photo, in pixels.
        width: likewise.
        tile: longest side of a tile.

    Returns:
        Rows and columns.
    """

    def choices(length: int) -> list[int]:
        least = fewest(length, tile)
        return [count for count in (least, least + 1) if count == least or _span(length, count) >= LEAST_HALF]

    def time(layout: tuple[int, int]) -> tuple[int, int]:
        down, across = layout
        return -(-down * across // 2) * _span(height, down) * _span(width, across), down * across

    return min(itertools.product(choices(height), choices(width)), key=time)


def spans(length: int, count: int) -> Iterator[Span]:
    """Cut a side into a number of equal spans that overlap by ``OVERLAP`` pixels."""
    span = _span(length, count)
    for number in range(count):
        start = number * (span - OVERLAP)
        yield start, min(start + span, length)


def _span(length: int, count: int) -> int:
    return -(-(length + (count - 1) * OVERLAP) // count)


def melting(span: Span, length: int) -> Tensor:
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
