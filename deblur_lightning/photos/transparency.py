"""What is transparent in a photo: neither looked at nor let in, and written back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


class Transparency(NamedTuple):
    """How far a photo shows.

    Attributes:
        alpha: ``[H, W]``, uint8 or uint16 as the file; 0 is transparent.
        hidden: colours ``[H, W, C]`` of the file, where some of it is wholly transparent.
    """

    alpha: np.ndarray
    hidden: np.ndarray | None = None


class Box(NamedTuple):
    """A rectangle of a picture, in pixels; ``bottom`` and ``right`` are the first row and column beyond it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def inside(self) -> tuple[slice, slice]:
        """Rows and columns, to index with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def visible_box(alpha: np.ndarray) -> Box | None:
    """Find the smallest rectangle that holds all that shows, ``alpha`` ``[H, W]``; None if nothing does."""
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def filled(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Give wholly transparent pixels the colour of the nearest one that shows.

    What they hold is unseen and often black or white: an edge that nothing in the photo has, along which kernels would
    be fitted and rings drawn. Colours mirrored at the rim would be blurred along mirrored paths; measured on pictures
    with cut-outs, the nearest pixel's colour is the better stand-in.

    Args:
        colours: ``[H, W, C]``.
        alpha: ``[H, W]``, 0 where nothing shows.

    Returns:
        ``[H, W, C]``; ``colours`` itself where all or nothing shows.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return colours
    from scipy import ndimage

    rows, columns = ndimage.distance_transform_edt(hidden, return_distances=False, return_indices=True)
    return colours[rows, columns]


def over_white(image: Tensor, alpha: np.ndarray) -> Tensor:
    """Lay a photo over white, as paper and most viewers show it.

    Args:
        image: ``[N, C, H, W]`` in [0, 1].
        alpha: ``[H, W]``, uint8 or uint16, 0 where nothing shows.
    """
    shows = image.new_tensor(alpha.astype(np.float32) / np.iinfo(alpha.dtype).max)
    return (image - 1) * shows + 1
