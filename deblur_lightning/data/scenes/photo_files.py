"""Photographs on disk: found, measured, proved sound, and decoded once where they fit in memory."""

import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deblur_lightning.data.frames import CorruptFrameError, Frame, frame_size, frames_below, read_frame
from deblur_lightning.data.scenes.photo_scenes import Segments
from deblur_lightning.data.scenes.sources import Split
from deblur_lightning.photos.finding import find_photos, no_photo

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
        self._size: tuple[int, int] | None = None
        self._decoded: tuple[Frame, Segments | None] | None = None

    def size(self) -> tuple[int, int]:
        """Width and height from the header, read once.

        Raises:
            ValueError: a damaged file, or a segmentation of another size.
        """
        if self._size is None:
            size = frame_size(self.path, upright=self.segments is None)
            if self.segments_size is not None:
                self._check_map(size, self.segments_size())
            self._size = size
        return self._size

    def keep(self) -> None:
        """Decode the photo and keep it in memory.

        Raises:
            CorruptFrameError: the photo, or its segmentation, cannot be decoded to its end.
            ValueError: a segmentation of another size.
        """
        self._decoded = self.read()

    def read(self) -> tuple[Frame, Segments | None]:
        """Return the pixels ``[H, W, 3]`` and the segments ``[H, W]``, if there are any.

        Raises:
            CorruptFrameError: as `keep`.
            ValueError: likewise.
        """
        if self._decoded is not None:
            return self._decoded
        if self.segments is None:
            return read_frame(self.path), None
        frame, segments = read_frame(self.path, upright=False), self.segments()  # as the annotators' programs read it
        self._check_map((frame.shape[1], frame.shape[0]), (segments.shape[1], segments.shape[0]))
        return frame, segments

    def _check_map(self, size: tuple[int, int], other: tuple[int, int]) -> None:
        """Raise unless photo and segmentation are of one (width, height)."""
        if other != size:
            raise ValueError(
                f"{self.path} is {size[0]} x {size[1]}, but its segmentation {other[0]} x {other[1]}. "
                "Pair each photo with its own."
            )


def sound_photos(photos: Sequence[PhotoFile]) -> tuple[list[PhotoFile], list[CorruptFrameError]]:
    """Measure photos by their headers; return the sound ones, and what is wrong with the others.

    Raises:
        ValueError: a segmentation of another size than its photo.
    """
    return _sifted(photos, lambda photo: photo.size())


def kept_in_memory(photos: Sequence[PhotoFile], limit: int) -> tuple[list[PhotoFile], list[CorruptFrameError]]:
    """Decode photos, measured before, if all of them take no more than ``limit`` MB; otherwise leave them on disk.

    Returns:
        The photos, without those that cannot be decoded, and what is wrong with the others.
    """
    sizes = [photo.size() for photo in photos]
    if sum(width * height * CHANNELS for width, height in sizes) > limit * 2**20:
        return list(photos), []
    return _sifted(photos, lambda photo: photo.keep())


def _sifted(
    photos: Sequence[PhotoFile], prove: Callable[[PhotoFile], object]
) -> tuple[list[PhotoFile], list[CorruptFrameError]]:
    def fault(photo: PhotoFile) -> CorruptFrameError | None:
        try:
            prove(photo)
        except CorruptFrameError as error:
            return error
        return None

    with ThreadPoolExecutor(4) as pool:  # decoding releases the interpreter's lock
        faults = list(pool.map(fault, photos))
    sound = [photo for photo, error in zip(photos, faults, strict=True) if error is None]
    return sound, [error for error in faults if error is not None]


def split_files(photos: Sequence[PhotoFile], split: Split, root: Path) -> list[PhotoFile]:
    """Take the photos of one split: a tenth validates and a tenth tests, at least one each, by their names' checksums.

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


def photo_paths(root: Path) -> list[Path]:
    """List the photos below a folder, in order; hidden files and folders are left out.

    Raises:
        FileNotFoundError: no such folder, or no photo in it.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder. Pass the folder that holds the photos.")
    paths = sorted(frames_below(root))
    if not paths:
        raise FileNotFoundError(no_photo(root, find_photos(root).passed_over))
    return paths
