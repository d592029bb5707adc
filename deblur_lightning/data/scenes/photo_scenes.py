"""From photographs to scenes: a window at a random scale, augmented, with objects in it."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur_lightning.data.frames import CorruptFrameError, Frame
from deblur_lightning.data.scenes.objects import blob_labels, chosen_segments
from deblur_lightning.data.scenes.sources import Labels, Scene

if TYPE_CHECKING:
    import albumentations

Objects = Literal["blobs", "none"]
Segments = NDArray[np.int32]

MAX_ZOOM = 2.5  # further away, a photo's texture is lost
SHARPEST = 0.3  # less softness than this does not show
TRIES = 20  # damaged photos in a row before a scene gives up
SOFTNESS = 2.5  # of focus and lenses, in pixels: what is soft need not have moved


class Photo(Protocol):
    """A photograph on disk or in memory."""

    name: str

    def read(self) -> tuple[Frame, Segments | None]:
        """Return the pixels ``[H, W, 3]``, and segment numbers ``[H, W]``, 0 for none, if there are any."""


class PhotoScenes:
    """Draw scenes from photographs.

    A photo is seen through a square window, from pixel for pixel to 2.5 times reduced (which also sharpens it), turned
    and mirrored, its colours varied. Objects are segments of the photo where it has any; otherwise blobs, filled with
    another part of the photo so that their borders show, or none.

    Args:
        photos: to draw from, each at least ``size`` in both directions.
        size: side of the scenes, in pixels.
        max_objects: largest number of objects; the number is uniform from 0 on.
        objects: what moves in photos without segmentation.
        min_area: pixels that a segment needs in the scene to be an object.
        augment: turn, mirror, vary colours and soften.
        softness: largest standard deviation of the Gaussian that softens every other scene, in pixels.
        skip_corrupt: where a photo proves damaged only when it is decoded, draw another.
        native: share of windows that are pixel for pixel, beside those of any scale.
    """

    def __init__(
        self,
        photos: Sequence[Photo],
        size: int,
        max_objects: int,
        objects: Objects = "blobs",
        min_area: int = 400,
        augment: bool = True,
        softness: float = SOFTNESS,
        skip_corrupt: bool = False,
        native: float = 0.0,
    ) -> None:
        self.photos, self.size, self.max_objects = list(photos), size, max_objects
        self.objects, self.min_area, self.augment = objects, min_area, augment
        self.softness, self.skip_corrupt, self.native = softness, skip_corrupt, native
        self._augmentation: albumentations.Compose | None = None

    def __call__(self, generator: np.random.Generator) -> Scene:
        frame, segments = self._read(generator)
        count = int(generator.integers(self.max_objects + 1))
        box = self._window(frame, generator, segments if count else None)
        photo = cut(frame, box, self.size)
        labels = np.zeros((self.size, self.size), np.uint8)
        if segments is not None:
            labels = chosen_segments(cut_labels(segments, box, self.size), count, self.min_area, generator)
        elif self.objects == "blobs" and count:
            labels = blob_labels(self.size, count, generator)
            elsewhere = cut(frame, self._window(frame, generator), self.size)[:, ::-1]
            photo = np.where(labels[..., None] > 0, elsewhere, photo)
        return self._varied(photo, labels, generator) if self.augment else Scene(photo, labels)

    def _read(self, generator: np.random.Generator) -> tuple[Frame, Segments | None]:
        """Read a photo drawn at random."""
        for _ in range(TRIES if self.skip_corrupt else 0):
            with suppress(CorruptFrameError):
                return self.photos[generator.integers(len(self.photos))].read()
        return self.photos[generator.integers(len(self.photos))].read()

    def _window(
        self, frame: Frame, generator: np.random.Generator, segments: Segments | None = None
    ) -> tuple[float, float, float, float]:
        """Draw a window (left, top, right, bottom), around a point of a segment if there is one."""
        height, width = frame.shape[:2]
        side = self.size * math.exp(generator.uniform(0, math.log(min(MAX_ZOOM, min(height, width) / self.size))))
        if self.native and generator.random() < self.native:
            side = self.size
        side = min(int(side), height, width)
        top, left = generator.integers(height - side + 1), generator.integers(width - side + 1)
        if segments is not None and (inside := np.flatnonzero(segments)).size:
            row, column = divmod(int(inside[generator.integers(inside.size)]), width)
            top = np.clip(row - generator.integers(side), 0, height - side)
            left = np.clip(column - generator.integers(side), 0, width - side)
        return float(left), float(top), float(left + side), float(top + side)

    def _varied(self, photo: Frame, labels: Labels, generator: np.random.Generator) -> Scene:
        if self._augmentation is None:
            self._augmentation = augmentation(self.softness)
        self._augmentation.set_random_seed(int(generator.integers(2**31)))
        varied = self._augmentation(image=photo, mask=labels)
        return Scene(varied["image"], varied["mask"])


def cut(frame: Frame, box: tuple[float, float, float, float], size: int) -> Frame:
    """Cut a window out of a picture and reduce it to ``size``, averaging what falls on one pixel."""
    left, top, right, bottom = (int(edge) for edge in box)
    window = frame[top:bottom, left:right]
    if right - left == size:
        return np.ascontiguousarray(window)
    return np.asarray(Image.fromarray(np.ascontiguousarray(window)).resize((size, size), Image.Resampling.BOX))


def cut_labels(segments: Segments, box: tuple[float, float, float, float], size: int) -> Segments:
    """Cut the same window out of a map of segments; a pixel takes the segment at its centre."""
    left, top, right, bottom = (int(edge) for edge in box)
    step = (right - left) / size
    grid = ((np.arange(size) + 0.5) * step).astype(np.intp)
    return segments[top:bottom, left:right][np.ix_(grid, grid)]


def augmentation(softness: float = SOFTNESS) -> "albumentations.Compose":
    """Compose what varies a scene before it is blurred: a square's eight symmetries, colour, contrast, softness."""
    import os

    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version
    import albumentations

    return albumentations.Compose(
        [
            albumentations.D4(p=1.0),
            albumentations.ColorJitter(
                brightness=(0.7, 1.3), contrast=(0.8, 1.2), saturation=(0.6, 1.4), hue=(-0.05, 0.05), p=0.8
            ),
            *([albumentations.GaussianBlur(sigma_limit=(SHARPEST, softness), p=0.5)] if softness > SHARPEST else []),
        ]
    )
