"""Any deblurrer as a photographer meets it: a photo of any size, gray or colour, a strength."""

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from deblur_lightning.deblurring.deblurrer import Deblurred, Deblurrer
from deblur_lightning.deblurring.long_motion import LongMotion, SeenMotion, enlarged, with_change
from deblur_lightning.deblurring.motion import BY_MOTION, MotionDeblurrer, notes_of, trusted
from deblur_lightning.deblurring.restorers import Restored
from deblur_lightning.deblurring.tiles import SMALLEST_TILE, Corner, check_tile, map_tiles
from deblur_lightning.exposure import Exposure, Sides
from deblur_lightning.field import KernelField
from deblur_lightning.image import check_image

TILE = 1152
"""Longest side of what is restored at once, unless told otherwise."""

AT_ONCE = 4
"""Tiles that are undone side by side at the most, each on a core: one of 1152 x 1152 takes `blind` 0.7 GB."""

SHORTEST_SIDE = 66
"""Smaller photos are mirrored to this side, restored and cut back: kernels of 65 pixels reach no further."""

EXHAUSTED = ("allocate memory", "not enough memory", "out of memory")
"""What PyTorch says of memory that ran out; of memory that is misused it says other things."""

Progress = Callable[[float], None]

Answer = TypeVar("Answer")
Pictured = TypeVar("Pictured", Deblurred, Restored)


class PhotoDeblurrer(Deblurrer):
    """Restore photos of any size, tile by tile where they are large; the exposure is told from the whole photo.

    Args:
        deblurrer: restores.
        name: what people know it by.
        strength: share of the restoration: 0 leaves the photo as it is and restores nothing, 1 restores it fully.
        tile: longest side in pixels of what is restored at once; memory grows with its square. None takes 1152, or
            less where two cores have then done the photo sooner (`counts`); a deblurrer that looks at the whole photo
            takes it at once up to its ``whole_pixels``, and tiles of as many beyond, each by itself.
        long_motion: finds motion longer than the kernels of a model that estimates a photo's motion at once.

    Raises:
        ValueError: a strength beyond 0 to 1, a tile too small to overlap.
    """

    def __init__(
        self,
        deblurrer: Deblurrer,
        name: str = "",
        strength: float = 1.0,
        tile: int | None = None,
        long_motion: LongMotion | None = None,
    ) -> None:
        super().__init__()
        if tile is not None:
            check_tile(tile)
        if not 0 <= strength <= 1:
            raise ValueError(f"strength is {strength}, but it is a share. Pass 0 (nothing) to 1 (all).")
        self.deblurrer, self.strength, self.tile = deblurrer, strength, tile
        self.long_motion = LongMotion() if long_motion is None else long_motion
        self.name = name or type(deblurrer).__name__
        self.sees_motion, self.undoes_motion = deblurrer.sees_motion, deblurrer.undoes_motion
        self.whole_pixels = deblurrer.whole_pixels

    @torch.no_grad()
    def forward(
        self,
        blurry: Tensor,
        exposure: Exposure | None = None,
        progress: Progress = lambda share: None,
        with_field: bool = True,
    ) -> Deblurred:
        """Restore one photo of any size.

        Args:
            blurry: ``[1, 3 or 1, H, W]`` in [0, 1], display values.
            exposure: how it came to be blurred; None looks for it.
            progress: takes the share done, 0 to 1.
            with_field: whether the motion field is wanted: for a photo in tiles it is estimated once more for the whole
                photo; it is the one that the restorer goes by (`Restorer.seen`). Without it, a photo of one tile, or
                whose motion is estimated at once and undone at its own size, has what was undone.

        Raises:
            ValueError: no single photo in [0, 1], a deblurrer that answers with NaN, or a photo beyond the memory.
        """
        _check_photo(blurry)
        if not self.strength:
            field = self.field(blurry, exposure) if self.sees_motion and with_field else None
            progress(1.0)
            return Deblurred(blurry.clone(), field)
        exposure = self.exposure_of(blurry) if exposure is None else exposure
        side = self._side(blurry)
        if (motion := self._estimating_whole(blurry)) is not None:
            return self._undone(motion, blurry, exposure, side, progress, with_field)
        fields: list[KernelField | None] = []
        noted: list[tuple[str, ...]] = []

        def restore(tile: Tensor, ends: Sides, corner: Corner) -> Tensor:
            answer = self._restored(tile, exposure.part(ends))
            fields[:] = [answer.field]
            noted.append(answer.notes)
            return answer.picture

        picture = map_tiles(blurry, restore, side, progress)
        field = fields[0] if len(noted) == 1 else None
        if self.sees_motion and with_field and field is None:
            field = self.field(blurry, exposure)
        notes = dict.fromkeys(note for notes in noted for note in notes if len(noted) == 1 or BY_MOTION not in note)
        return Deblurred(self._blended(picture, blurry), field, tuple(notes))

    @property
    def method(self) -> str:
        """The deblurrer's."""
        return self.deblurrer.method

    @property
    def estimates_whole(self) -> bool:
        """As the deblurrer does."""
        return self.deblurrer.estimates_whole

    def exposure_of(self, blurry: Tensor) -> Exposure:
        return self.deblurrer.exposure_of(blurry)

    @torch.no_grad()
    def field(self, blurry: Tensor, exposure: Exposure | None = None) -> KernelField:
        """Estimate the motion field of one photo, at its size.

        Args:
            blurry: ``[1, 3 or 1, H, W]`` in [0, 1], display values.
            exposure: how it came to be blurred; None looks for it.

        Raises:
            ValueError: no single photo in [0, 1], a deblurrer that sees no motion, or a photo beyond the memory.
        """
        _check_photo(blurry)
        exposure = self.exposure_of(blurry) if exposure is None else exposure
        if (motion := self._estimating_whole(blurry)) is not None:
            factor, small, field, seen, _ = self._seen(motion, blurry, exposure)
            field = self._afforded(small, lambda: motion.restorer.seen(small, field, seen))
            return (field if factor == 1 else enlarged(field, factor, blurry.shape[-2:])).to("cpu")
        wide = mirror_to(blurry, SHORTEST_SIDE).to(self._device())
        field = self._afforded(blurry, lambda: self.deblurrer.field(wide, exposure))
        return field.crop(0, 0, *blurry.shape[-2:]).to("cpu")

    def _estimating_whole(self, blurry: Tensor) -> MotionDeblurrer | None:
        """Give the deblurrer if it estimates the motion of a photo of this size at once."""
        motion = self.deblurrer
        if isinstance(motion, MotionDeblurrer) and motion.estimates_whole and min(blurry.shape[-2:]) >= SHORTEST_SIDE:
            return motion
        return None

    def _seen(self, motion: MotionDeblurrer, blurry: Tensor, exposure: Exposure) -> SeenMotion:
        """Estimate the motion of a photo at once, at the scale at which it fits, on the deblurrer's device."""
        here, ask = blurry.to(self._device()), motion.restorer.opinion
        return self._afforded(here, lambda: self.long_motion(motion.estimate, here, exposure, motion.drawn, ask))

    def _undone(
        self,
        motion: MotionDeblurrer,
        blurry: Tensor,
        exposure: Exposure,
        side: int,
        progress: Progress,
        with_field: bool,
    ) -> Deblurred:
        """Estimate the motion of a photo (`_seen`), then undo it tile by tile."""
        device = self._device()
        progress(0.0)
        factor, small, field, exposure, said = self._seen(motion, blurry, exposure)
        field = field.to("cpu")
        small = blurry if factor == 1 else small.to(blurry.device)
        judged: dict[Corner, tuple[Tensor, Tensor]] = {}

        def undo(tile: Tensor, ends: Sides, corner: Corner) -> Tensor:
            mine = field.crop(*corner, *tile.shape[-2:]).to(device)
            answer = self._checked(tile, lambda: motion.restorer.judged(tile.to(device), mine, exposure.part(ends)))
            if (told := answer.judgement) is not None:
                judged[corner] = told[0].to("cpu"), told[1].to("cpu")
            return answer.picture.to(blurry.device, copy=True)  # a restorer may answer with the tile itself

        seen = field
        if with_field:
            seen = self._afforded(small, lambda: motion.restorer.seen(small.to(device), field.to(device), exposure))
            seen = seen.to("cpu")
        alone = max(small.shape[-2:]) <= side  # to find the motion takes about as long as to undo it in a tile or two
        tell = (lambda share: progress((1 + share) / 2)) if alone else progress
        at_once = AT_ONCE if device.type == "cpu" else 1
        restored = map_tiles(small, undo, side, tell, at_once, paired=self.tile is None)
        shown: KernelField | None = seen
        if factor > 1:
            restored = with_change(blurry, small, restored, factor)
            shown = enlarged(seen, factor, blurry.shape[-2:]) if with_field else None  # gigabytes, of a large photo
        notes = (*notes_of(exposure), *said)
        if judged:
            notes = (*notes, trusted([judged[corner] for corner in sorted(judged)]))
        return Deblurred(self._blended(restored, blurry), shown, notes)

    def _blended(self, restored: Tensor, blurry: Tensor) -> Tensor:
        """Take the share of the restoration that was asked for, in place."""
        return restored.sub_(blurry).mul_(self.strength).add_(blurry).clamp_(0, 1)

    def _side(self, photo: Tensor) -> int:
        """Choose the longest side of a tile."""
        if self.tile is not None:
            return self.tile
        height, width = photo.shape[-2:]
        if height * width <= self.whole_pixels:
            return max(height, width, SMALLEST_TILE)
        return max(math.isqrt(self.whole_pixels), TILE)

    def _device(self) -> torch.device:
        parameter = next(self.deblurrer.parameters(), None)
        return torch.device("cpu") if parameter is None else parameter.device

    def _restored(self, blurry: Tensor, exposure: Exposure) -> Deblurred:
        """Restore a tile on the deblurrer's device."""
        height, width = blurry.shape[-2:]
        wide = mirror_to(blurry, SHORTEST_SIDE).to(self._device())
        answer = self._checked(blurry, lambda: self.deblurrer(wide, exposure))
        field = None if answer.field is None else answer.field.crop(0, 0, height, width).to("cpu")
        return answer._replace(picture=answer.picture[..., :height, :width].to(blurry.device, copy=True), field=field)

    def _checked(self, tile: Tensor, restore: Callable[[], Pictured]) -> Pictured:
        """Restore a tile; say in a sentence that memory ran out or that the answer is NaN."""
        answer = self._afforded(tile, restore)
        if not answer.picture.isfinite().all():
            raise ValueError(f"{self.name} answers with NaN. Train it anew, or pass another --checkpoint.")
        return answer

    def _afforded(self, picture: Tensor, work: Callable[[], Answer]) -> Answer:
        """Work on a picture; say in a sentence that memory ran out."""
        height, width = picture.shape[-2:]
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, RuntimeError) and not any(said in str(error) for said in EXHAUSTED):
                raise
            raise ValueError(
                f"{height} x {width} pixels at once need more memory than there is. Reduce the photo, or lower --tile."
            ) from error


def _check_photo(blurry: Tensor) -> None:
    check_image(blurry, "blurry")
    if len(blurry) != 1:
        raise ValueError(f"blurry holds {len(blurry)} photos, but they are restored one by one. Pass [1, C, H, W].")


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
