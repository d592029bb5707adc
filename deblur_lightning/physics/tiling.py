"""How a picture is cut into tiles for transforms: evenly, or where the kernels change that its pixels use."""

from collections.abc import Iterator
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from torch import Tensor

from deblur_lightning.physics.fast_length import fast_length

GLANCE = 16  # pixels between those that are looked at first for kernels in use, before all are
OTHERWISE = 3.0  # kernels' worth of work that a tile takes, whatever it uses
FEW = 1.5  # times as large as else may a transform be where kernels are few: they stay in the cache


class Tile(NamedTuple):
    """A rectangle of coefficients, and the larger rectangle of the picture that its kernels see."""

    top: int
    left: int
    height: int
    width: int

    def seen(self, image: Tensor, margin: int) -> Tensor:
        """View the part of the surrounded picture that blurs into this tile."""
        bottom, right = self.top + self.height + margin, self.left + self.width + margin
        return image[..., self.top : bottom, self.left : right]

    def of(self, image: Tensor) -> Tensor:
        """View this tile of a tensor of the coefficients' size."""
        return image[..., self.top : self.top + self.height, self.left : self.left + self.width]


class Tiling(NamedTuple):
    """Tiles that cover a picture.

    Attributes:
        tiles: row by row.
        transform: height and width that hold each tile's rectangle of the picture, both a `fast_length`.
    """

    tiles: list[Tile]
    transform: tuple[int, int]


def even_tiling(size: tuple[int, int], margin: int, largest: int) -> Tiling:
    """Cut a picture into tiles of one size, as few as transforms of at most ``largest`` pixels a side allow."""
    (down, tall), (right, wide) = (tile_sizes(length, margin, largest) for length in size)
    return Tiling(list(tiles_of(*size, down, right)), (tall, wide))


def frugal_tiling(coefficients: Tensor, margin: int, largest: int) -> Tiling:
    """Cut a picture evenly, or where kernels begin and end to be used, whichever takes fewer transforms.

    A turning camera's 25 kernels are at the nodes of a grid: a tile between four nodes uses four, one that lies across
    a node nine.

    Args:
        coefficients: of one picture, ``[B, H, W]``.
        margin: pixels that a tile's kernels see beyond it, K - 1.
        largest: pixels a side that a transform may have.
    """
    size = (coefficients.shape[-2], coefficients.shape[-1])
    even = even_tiling(size, margin, largest)
    if coefficients.is_cuda or bool((coefficients[:, ::GLANCE, ::GLANCE] != 0).flatten(1).all()):
        return even  # a GPU would have to wait for the answer
    used = coefficients[:, :, ::GLANCE].ne(0).any(2), coefficients[:, ::GLANCE].ne(0).any(1)
    cuts, transform = zip(*(_cuts(one, margin, int(FEW * largest)) for one in used), strict=True)
    tiles = [Tile(top, left, down - top, right - left) for top, down in cuts[0] for left, right in cuts[1]]
    return min(Tiling(tiles, transform), even, key=lambda tiling: _cost(tiling, *used))


def tiles_of(height: int, width: int, down: int, right: int) -> Iterator[Tile]:
    """Cut a picture into tiles of at most ``down`` x ``right`` pixels."""
    for top in range(0, height, down):
        for left in range(0, width, right):
            yield Tile(top, left, min(down, height - top), min(right, width - left))


@lru_cache(maxsize=256)
def tile_sizes(length: int, margin: int, largest: int) -> tuple[int, int]:
    """Choose how to cut one axis: pixels a tile yields, and the size of its transform.

    Of the cuts whose transforms are at most ``largest``, the one that transforms fewest samples, see `fast_length`.
    """
    cuts = []
    for tiles in range(1, length + 1):
        step = ceil(length / tiles)
        size = fast_length(step + margin)
        if size <= largest:
            cuts.append((tiles * size, step, size))
        if step <= margin // 2 and cuts:
            break
    _, step, size = min(cuts)
    return step, size


def _cuts(used: Tensor, margin: int, largest: int) -> tuple[list[tuple[int, int]], int]:
    """Cut one axis where kernels begin and end to be used, and evenly between, no piece shorter than a margin.

    Args:
        used: whether each kernel is, ``[B, length]``.
        margin: as of `frugal_tiling`.
        largest: likewise.

    Returns:
        First and last place of each tile, the latter excluded, and the size of the transform that holds all.
    """
    length = used.shape[1]
    changes = (used[:, 1:] != used[:, :-1]).any(0).nonzero().flatten() + 1
    pieces, start = [], 0
    for place in [*changes.tolist(), length]:
        if place - start > margin and (length - place > margin or place == length):
            pieces.append((start, place))
            start = place
    cuts, transform = [], 0
    for first, last in pieces or [(0, length)]:
        step, size = tile_sizes(last - first, margin, largest)
        cuts += [(place, min(place + step, last)) for place in range(first, last, step)]
        transform = max(transform, size)
    return cuts, transform


def _cost(tiling: Tiling, down: Tensor, right: Tensor) -> float:
    """Estimate a tiling's cost, from whether each kernel is used in rows ``[B, H]`` and in columns ``[B, W]``."""
    kernels = sum(
        (down[:, tile.top : tile.top + tile.height].any(1) & right[:, tile.left : tile.left + tile.width].any(1)).sum()
        for tile in tiling.tiles
    )
    return float(kernels + OTHERWISE * len(tiling.tiles)) * tiling.transform[0] * tiling.transform[1]
