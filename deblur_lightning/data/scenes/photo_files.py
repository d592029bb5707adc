"""Photographs on disk as sources of scenes: found, measured, split, and decoded once where they fit in memory."""

import warnings
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deblur_lightning.data.frames import FRAME_SUFFIXES, CorruptFrameError, Frame, frame_size, read_frame
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, Objects, PhotoScenes, Segments
from deblur_lightning.data.scenes.sources import DrawScene, SceneSource, Split

CHANNELS = 3


class PhotoFile:
    """A photograph on disk and the map of its segments.

    Args:
        path: of the photo.
        segments: reads the map, ``[H, W]``; None where there is none.
        segments_size: (width, height) of the map, if its file tells.
    """

    def __init__(
        self,
        path: Path,
        segments: Callable[[], Segments] | None = None,
        segments_size: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        self.path, self.segments, self.segments_size, self.name = path, segments, segments_size, path.stem
        self._decoded: tuple[Frame, Segments | None] | None = None

    def size(self) -> tuple[int, int]:
        """Width and height off the header.

        Raises:
            ValueError: a damaged file, or a segmentation of another size.
        """
        size = frame_size(self.path)
        if self.segments_size is not None and (other := self.segments_size()) != size:
            raise ValueError(
                f"{self.path} is {size[0]} x {size[1]}, but its segmentation {other[0]} x {other[1]}. "
                "Pair each photo with its own."
            )
        return size

    def keep(self) -> None:
        """Decode and stay in memory."""
        self._decoded = self.read()

    def read(self) -> tuple[Frame, Segments | None]:
        """Return the pixels ``[H, W, 3]`` and the segments ``[H, W]``, if there are any."""
        if self._decoded is not None:
            return self._decoded
        return read_frame(self.path), None if self.segments is None else self.segments()


def scenes_of_files(
    photos: Sequence[PhotoFile],
    root: Path,
    size: int,
    max_objects: int,
    *,
    objects: Objects = "none",
    min_area: int = 400,
    memory: int = 1000,
    skip_corrupt: bool = False,
    decoys: bool = False,
    softness: float = SOFTNESS,
    native: float = 0.0,
) -> DrawScene:
    """Check all photos, decode them if they fit in memory, and draw scenes from those that are large enough.

    Args:
        photos: of one split.
        root: where they come from, for messages.
        size: side of the scenes, in pixels.
        max_objects: the largest label.
        objects: what moves in photos without segmentation.
        min_area: pixels of the smallest object.
        memory: photos stay decoded if all of them take no more, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: make most scenes look moved though they did not, see `PhotoScenes`.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        native: share of scenes that are pixel for pixel, see `PhotoScenes`.

    Raises:
        ValueError: a damaged photo, a segmentation of another size, or no photo is large enough.
    """

    def measured(photo: PhotoFile) -> tuple[int, int] | CorruptFrameError:
        try:
            return photo.size()
        except CorruptFrameError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(measured, photos))
    damaged = [size for size in sizes if isinstance(size, CorruptFrameError)]
    if damaged and not skip_corrupt:
        raise damaged[0]
    sound = [(photo, size) for photo, size in zip(photos, sizes, strict=True) if not isinstance(size, ValueError)]
    large = [(photo, sides) for photo, sides in sound if min(sides) >= size]
    if not large:
        most = max((min(sides) for _, sides in sound), default=0)
        raise ValueError(
            f"{root}: scenes are {size} x {size} (crop_size + kernel_size - 1), but the largest of {len(photos)} "
            f"photos allows {most}. Lower crop_size, or pass larger photos."
        )
    if len(large) < len(photos):
        warnings.warn(
            f"{root}: {len(photos) - len(large)} of {len(photos)} photos are damaged or smaller than "
            f"{size} x {size} and left out.",
            stacklevel=2,
        )
    kept = [photo for photo, _ in large]
    if sum(width * height * CHANNELS for _, (width, height) in large) <= memory * 2**20:
        for photo in kept:
            photo.keep()
    return PhotoScenes(kept, size, max_objects, objects, min_area, softness=softness, decoys=decoys, native=native)


def split_files(photos: Sequence[PhotoFile], split: Split, root: Path) -> list[PhotoFile]:
    """Take the photos of one split: a tenth each validates and tests, at least one; chosen by their names' checksums.

    Raises:
        ValueError: fewer than three photos.
    """
    if len(photos) < 3:
        raise ValueError(
            f"{root} holds {len(photos)} photos, but training, validation and test need one each. Add some."
        )
    mixed = sorted(photos, key=lambda photo: (zlib.crc32(photo.path.name.encode()), str(photo.path)))
    tenth = max(1, len(mixed) // 10)
    parts = {"val": mixed[:tenth], "test": mixed[tenth : 2 * tenth], "train": mixed[2 * tenth :]}
    return parts[split]


class PhotoFolder(SceneSource):
    """Any folder of photos, and its subfolders. A tenth each validates and tests, chosen by name.

    Args:
        root: the folder.
        weight: how often it is drawn from, relative to the other sources.
        objects: ``blobs``, filled with another part of the photo, or ``none`` for camera shake alone.
        memory: photos stay decoded if all of a split take no more, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: make most scenes look moved though they did not, see `PhotoScenes`.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        native: share of scenes that are pixel for pixel, see `PhotoScenes`.
    """

    name = "folder"

    def __init__(
        self,
        root: Path,
        weight: float = 1.0,
        objects: Objects = "blobs",
        memory: int = 1000,
        skip_corrupt: bool = False,
        decoys: bool = False,
        softness: float = SOFTNESS,
        native: float = 0.0,
    ) -> None:
        self.root, self.weight, self.objects = Path(root).expanduser(), weight, objects
        self.softness, self.native = softness, native
        self.memory, self.skip_corrupt, self.decoys = memory, skip_corrupt, decoys

    def open(self, split: Split, size: int, max_objects: int) -> DrawScene:
        photos = split_files([PhotoFile(path) for path in photo_paths(self.root)], split, self.root)
        return scenes_of_files(
            photos, self.root, size, max_objects, objects=self.objects, memory=self.memory,
            skip_corrupt=self.skip_corrupt, decoys=self.decoys, softness=self.softness, native=self.native,
        )  # fmt: skip


def photo_paths(root: Path) -> list[Path]:
    """List the photos below a folder, in order.

    Raises:
        FileNotFoundError: no such folder, or no photo in it.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder. Pass the folder that holds the photos.")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in FRAME_SUFFIXES)
    if not paths:
        raise FileNotFoundError(f"{root} holds no photo ({', '.join(sorted(FRAME_SUFFIXES))}). Pass another folder.")
    return paths
