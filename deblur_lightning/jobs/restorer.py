"""A trained model as a photographer meets it: any photo's size, gray or colour, a strength."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deblur_lightning.estimation import dark_beyond
from deblur_lightning.exposure import Sides
from deblur_lightning.field import KernelField
from deblur_lightning.image import check_image
from deblur_lightning.jobs.tiles import SMALLEST_TILE, check_tile, map_tiles

if TYPE_CHECKING:
    from deblur_lightning.modules import RestorationModule

TILE = 1024
"""Longest side of what is restored at once, unless told otherwise."""

SHORTEST_SIDE = 66
"""Smaller photos are mirrored to this side, restored and cut back: kernels of 65 pixels reach no further."""


@dataclass(frozen=True)
class Restorer:
    """A module and how to use it.

    Attributes:
        module: a trained module, in evaluation mode.
        name: what people know it by.
        strength: share of the restoration: 0 leaves the photo as it is, 1 restores it fully.
        tile: longest side in pixels of what is restored at once; memory grows with its square. None takes 1024; a
            module that looks at the whole photo, as DeblurGAN's normalisation does, takes it at once up to its
            ``whole_pixels``, and tiles of as many beyond, each normalised on its own.

    Raises:
        ValueError: a strength beyond 0 to 1, a tile too small to overlap.
    """

    module: RestorationModule
    name: str
    strength: float = 1.0
    tile: int | None = None

    def __post_init__(self) -> None:
        if self.tile is not None:
            check_tile(self.tile)
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}, but it is a share. Pass 0 (nothing) to 1 (all).")

    @property
    def sees_motion(self) -> bool:
        """Whether the model estimates a motion field."""
        return self.module.sees_motion

    @torch.no_grad()
    def restore(self, blurry: Tensor, progress: Callable[[float], None] = lambda share: None) -> Tensor:
        """Restore one photo of any size.

        Args:
            blurry: ``[1, 3 or 1, H, W]`` in [0, 1].
            progress: takes the share done, 0 to 1.

        Returns:
            The same photo, sharper: shape and range of ``blurry``.

        Raises:
            ValueError: no photo in [0, 1], or a model that answers with NaN.
        """
        check_image(blurry, "blurry")
        fades = self.sees_fade(blurry)
        restored = map_tiles(
            blurry, lambda tile, ends: self._seen(tile, ends if fades else None)[0], self._side(blurry), progress
        )
        return self._blended(restored, blurry)

    def sees_fade(self, photo: Tensor) -> bool:
        """Tell whether a photo is taken for one that a program blurred with nothing beyond its borders."""
        return self.module.dark_gamma is not None and bool(dark_beyond(photo))

    @torch.no_grad()
    def see(
        self, blurry: Tensor, progress: Callable[[float], None] = lambda share: None
    ) -> tuple[Tensor, KernelField | None]:
        """Restore one photo and return its motion field too, None from a model that sees none.

        A photo of one tile is looked at once for both.

        Args:
            blurry: ``[1, 3 or 1, H, W]`` in [0, 1].
            progress: takes the share done, 0 to 1.

        Raises:
            ValueError: no photo in [0, 1], or a model that answers with NaN.
        """
        check_image(blurry, "blurry")
        if max(blurry.shape[-2:]) > self._side(blurry):
            return self.restore(blurry, progress), self.field(blurry) if self.sees_motion else None
        restored, field = self._seen(blurry)
        progress(1.0)
        return self._blended(restored, blurry), field

    def _blended(self, restored: Tensor, blurry: Tensor) -> Tensor:
        """Take the share of the restoration that was asked for, in place."""
        return restored.sub_(blurry).mul_(self.strength).add_(blurry).clamp_(0, 1)

    def _side(self, photo: Tensor) -> int:
        """Choose the longest side of a tile."""
        if self.tile is not None:
            return self.tile
        height, width = photo.shape[-2:]
        if height * width <= self.module.whole_pixels:
            return max(height, width, SMALLEST_TILE)
        return max(math.isqrt(self.module.whole_pixels), TILE)

    def _seen(self, blurry: Tensor, sides: Sides | None = None) -> tuple[Tensor, KernelField | None]:
        """Restore a tile on the model's device; its sides that are the photo's, if that fades there."""
        height, width = blurry.shape[-2:]
        try:
            restored, field = self.module.see(mirror_to(blurry, SHORTEST_SIDE).to(self.module.device), sides)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            raise ValueError(
                f"{height} x {width} pixels at once need more memory than there is. Lower --tile."
            ) from error
        if not restored.isfinite().all():
            raise ValueError(f"{self.name} answers with NaN. Train it anew, or pass another --checkpoint.")
        if field is not None:
            field = field.crop(0, 0, height, width).to("cpu")
        return restored[..., :height, :width].to(blurry.device, copy=True), field

    @torch.no_grad()
    def field(self, blurry: Tensor) -> KernelField:
        """Estimate the motion field of one photo, at its size.

        Args:
            blurry: ``[1, 3 or 1, H, W]`` in [0, 1].

        Raises:
            ValueError: no photo in [0, 1], or a model without motion fields.
        """
        check_image(blurry, "blurry")
        field = self.module.field(mirror_to(blurry, SHORTEST_SIDE).to(self.module.device))
        return field.crop(0, 0, *blurry.shape[-2:]).to("cpu")


def mirror_to(photo: Tensor, side: int) -> Tensor:
    """Continue a photo to the right and below by mirroring it, again and again if need be, to a least side.

    Works down to a single pixel, which repeats.
    """
    height, width = photo.shape[-2:]
    rows, columns = (_mirrored(length, max(length, side)).to(photo.device) for length in (height, width))
    return photo[..., rows[:, None], columns] if min(height, width) < side else photo


def _mirrored(length: int, side: int) -> Tensor:
    """Index 0, 1, …, length - 1, length - 1, …, 1, 0, 0, 1, … up to a side."""
    position = torch.arange(side) % (2 * length)
    return torch.minimum(position, 2 * length - 1 - position)
