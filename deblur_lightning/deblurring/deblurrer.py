"""What restores a photo: the chain's end, and what it gives."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField, stack_fields
from deblur_lightning.image import check_image


class Deblurred(NamedTuple):
    """What a deblurrer makes of pictures.

    Attributes:
        picture: restored, display values in [0, 1], shape of the blurry ones.
        field: the motion that was undone; None from a deblurrer that sees none.
        notes: what a photographer should know of how it was done, in short phrases.
    """

    picture: Tensor
    field: KernelField | None = None
    notes: tuple[str, ...] = ()


class Deblurrer(nn.Module):
    """Map blurry pictures to sharp ones.

    Attributes:
        sees_motion: whether `field` tells the motion at each pixel.
        undoes_motion: whether restoring undoes that motion, so that `Deblurred.field` tells what was undone.
        whole_pixels: up to how many pixels a photo is restored at once because its pixels depend on far ones; 0 where
            smaller tiles do as well.
    """

    sees_motion = False
    undoes_motion = False
    whole_pixels = 0

    @abstractmethod
    def forward(self, blurry: Tensor, exposure: Exposure | None = None) -> Deblurred:
        """Restore pictures.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            exposure: how they came to be blurred; None looks at each picture for it.

        Raises:
            ValueError: no pictures in [0, 1].
        """

    def exposure_of(self, blurry: Tensor) -> Exposure:
        """Tell how one photo ``[1, 3 or 1, H, W]`` came to be blurred; meant for whole photos, not for parts."""
        return Exposure()

    @property
    def method(self) -> str:
        """What the method is called in tables and figures."""
        return type(self).__name__

    @property
    def estimates_whole(self) -> bool:
        """Whether the motion of a photo of any size is estimated at once, and only undone tile by tile."""
        return False

    def field(self, blurry: Tensor, exposure: Exposure | None = None) -> KernelField:
        """Estimate the motion field of pictures without restoring them.

        Raises:
            ValueError: no pictures in [0, 1], or a deblurrer that sees no motion.
        """
        raise ValueError(
            f"{type(self).__name__} restores without a motion field. Pass a model that estimates one: MotionDeblurrer."
        )


def one_by_one(deblurrer: Deblurrer, blurry: Tensor, exposures: Sequence[Exposure]) -> Deblurred:
    """Restore pictures one after another, each by its own exposure."""
    parts = [deblurrer(one, exposure) for one, exposure in zip(blurry.split(1), exposures, strict=True)]
    fields = [part.field for part in parts if part.field is not None]
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return Deblurred(torch.cat([part.picture for part in parts]), stack_fields(fields) if fields else None, notes)


def exposures_of(deblurrer: Deblurrer, blurry: Tensor, exposure: Exposure | None) -> list[Exposure]:
    """Tell each picture's exposure: the one given, or the one seen.

    Raises:
        ValueError: no pictures in [0, 1].
    """
    check_image(blurry, "blurry")
    return [deblurrer.exposure_of(one) if exposure is None else exposure for one in blurry.split(1)]
