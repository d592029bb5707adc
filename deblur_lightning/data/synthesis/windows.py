"""From a window of a photograph to a blurry and a sharp picture, and the motion between them."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from deblur_lightning.data.frames import CorruptFrameError, Frame
from deblur_lightning.data.scenes.blurred_window import blurred_window
from deblur_lightning.data.scenes.hard_motion import KINDS, TRIES, Kind, blob_objects, draw_field, segment_objects
from deblur_lightning.data.scenes.photo_files import PhotoFile
from deblur_lightning.data.scenes.photo_scenes import Segments
from deblur_lightning.data.scenes.sources import Labels
from deblur_lightning.data.synthesis.pair_folder import MadePair, name_of
from deblur_lightning.data.synthesis.settings import Blurring
from deblur_lightning.image import pixels_of

PHOTOS_TRIED = 200  # for a window with objects in it


class Window(NamedTuple):
    """All that decides a pair, besides the photograph and `Blurring`.

    Attributes:
        kind: of motion.
        photo: below the folder of photographs.
        top: of the sharp picture in the photo, in pixels; what light reaches it from begins K // 2 above.
        left: likewise.
        window_seed: of what moves, its motion and the noise.
    """

    kind: Kind
    photo: str
    top: int
    left: int
    window_seed: int


class PhotoPairs:
    """Pairs made of windows of photographs, by number; one depends on the seed and its number alone.

    Args:
        folder: of the photographs.
        photos: at least as large as scenes are; in an order that never changes.
        blurring: how they are blurred.
        skip_corrupt: pass over photos that prove damaged when they are decoded.
    """

    def __init__(
        self, folder: Path, photos: Sequence[PhotoFile], blurring: Blurring, *, skip_corrupt: bool = False
    ) -> None:
        self.folder, self.photos, self.blurring, self.skip_corrupt = folder, photos, blurring, skip_corrupt

    def __call__(self, number: int) -> MadePair:
        """Make a pair.

        Raises:
            CorruptFrameError: a photo is damaged.
            ValueError: objects are to move, but no photo has one.
        """
        random = np.random.default_rng((self.blurring.seed, number))
        kind = KINDS[random.integers(len(KINDS))] if self.blurring.kind == "mix" else self.blurring.kind
        for photo in self._photos_from(number):
            with suppress(*((CorruptFrameError,) if self.skip_corrupt else ())):
                frame, segments = photo.read()
                window = self._window(kind, photo, frame, segments, random)
                if window is not None:
                    return make_pair(frame, segments, window, self.blurring, number)
        size = self.blurring.scene_size
        raise ValueError(
            f"{self.folder}: no window of {size} x {size} (size + kernel size - 1) holds a segment of 8 to 45% of it. "
            "Pass another --size, or --kind turning."
        )

    def _photos_from(self, number: int) -> list[PhotoFile]:
        """List photos in the order in which they are tried: each is the first of one pair, then anew in another order.

        What follows the first only matters if that has no object.
        """
        count = len(self.photos)
        turn, place = divmod(number, count)
        order = _order(self.blurring.seed, turn, count)
        return [self.photos[order[(place + step) % count]] for step in range(min(count, PHOTOS_TRIED))]

    def _window(
        self, kind: Kind, photo: PhotoFile, frame: Frame, segments: Segments | None, random: np.random.Generator
    ) -> Window | None:
        """Draw a window; None if none that was tried has an object of the right size."""
        size, margin = self.blurring.scene_size, self.blurring.kernel_size // 2
        for _ in range(TRIES):
            top, left = (int(random.integers(side - size + 1)) for side in frame.shape[:2])
            seed = int(random.integers(2**31))
            if kind == "turning" or segments is None or _labels(segments, top, left, size, seed).any():
                name = photo.path.relative_to(self.folder).as_posix()
                return Window(kind, name, top + margin, left + margin, seed)
        return None


def make_pair(frame: Frame, segments: Segments | None, window: Window, blurring: Blurring, number: int) -> MadePair:
    """Blur a window; the same one is always blurred alike.

    Args:
        frame: the photo, ``[H, W, 3]``.
        segments: its map, if it has one; without, blobs move.
        window: of the photo.
        blurring: how it is blurred.
        number: of the pair, which names it.
    """
    size, margin = blurring.scene_size, blurring.kernel_size // 2
    top, left, seed = window.top - margin, window.left - margin, window.window_seed
    if window.kind == "turning":
        labels = np.zeros((size, size), np.uint8)
    elif segments is None:
        labels = blob_objects(size, np.random.default_rng(seed))
    else:
        labels = _labels(segments, top, left, size, seed)
    generator = torch.Generator().manual_seed(seed)
    scene = frame[top : top + size, left : left + size]
    field = draw_field(window.kind, labels, blurring.kernel_size, generator).to(dtype=torch.float16)
    moved = field.normalised(torch.float32)
    blurry, _ = blurred_window(scene, moved, generator=generator, gamma=blurring.gamma, noise=blurring.noise)
    inner = slice(margin, margin + blurring.size)
    row = {**window._asdict(), **blurring.settings(), "kind": window.kind}
    return MadePair(name_of(Path(window.photo).stem, number), pixels_of(blurry), scene[inner, inner], field, row)


@lru_cache(4)
def _order(seed: int, turn: int, count: int) -> list[int]:
    return np.random.default_rng((seed, turn, count)).permutation(count).tolist()


def _labels(segments: Segments, top: int, left: int, size: int, seed: int) -> Labels:
    return segment_objects(segments[top : top + size, left : left + size], np.random.default_rng(seed))
