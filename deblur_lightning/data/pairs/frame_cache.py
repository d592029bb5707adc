"""Decoded frames in one memory-mapped file: a crop costs its own bytes, not a PNG's decoding."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np

from deblur_lightning.data.frames import Frame, frame_size, read_frame
from deblur_lightning.texts import read_json
from deblur_lightning.whole_file import whole_file

CHANNELS = 3
AT_ONCE = 64  # frames that wait decoded, to bound memory
FORMAT = 2  # raise when what follows writes other bytes


class FrameCache:
    """The frames of a set of files, decoded once; called with a file's path it returns its picture.

    The cache's name holds a fingerprint of every file's path, size and time of change: if one changes, another
    cache is built, and the outdated one removed once that is complete.

    Args:
        folder: where caches lie, on a disk with room for ``nbytes``.
        files: the pictures' files.
    """

    def __init__(self, folder: Path | str, files: Sequence[Path]) -> None:
        self.files = list(dict.fromkeys(files))
        self.position = {file: index for index, file in enumerate(self.files)}
        places = [str(file.resolve()) for file in self.files]
        states = [
            (place, file.stat().st_size, file.stat().st_mtime_ns)
            for place, file in zip(places, self.files, strict=True)
        ]
        self.key = _digest([FORMAT, places])
        self.path = Path(folder).expanduser() / f"frames-{self.key}-{_digest(states)}.u8"
        self._sizes: list[tuple[int, int]] | None = None
        self._bytes: np.memmap | None = None

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of each picture, from the cache if there is one, else from headers."""
        if self._sizes is None:
            index = self.path.with_suffix(".json")
            self._sizes = (
                [(width, height) for width, height in read_json(index, "Remove it: the cache is made anew.")]
                if index.is_file()
                else [frame_size(file) for file in self.files]
            )
            ends = np.cumsum([0, *(width * height * CHANNELS for width, height in self._sizes)])
            self._spans = [(int(start), int(end)) for start, end in pairwise(ends)]
        return self._sizes

    @property
    def nbytes(self) -> int:
        """Bytes that the cache takes on disk."""
        return sum(width * height * CHANNELS for width, height in self.sizes)

    def is_built(self) -> bool:
        """Tell whether the cache of these very files is there and complete."""
        return (
            self.path.is_file() and self.path.with_suffix(".json").is_file() and self.path.stat().st_size == self.nbytes
        )

    def build(self, say: Callable[[str], None] = lambda text: None) -> None:
        """Decode every file, unless that is done; the free space is checked, and the size told, first.

        Raises:
            OSError: too little free space, or a folder that cannot be written to.
            CorruptFrameError: a file cannot be decoded; nothing is left behind.
        """
        if self.is_built():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.path.parent).free
        if not free > self.nbytes:
            raise OSError(
                f"{self.path.parent} has {_gigabytes(free)} free, but decoded frames take {_gigabytes(self.nbytes)}. "
                "Free space, pass another cache folder, or train without one."
            )
        say(f"Decoding {len(self.files)} frames once into {self.path}: {_gigabytes(self.nbytes)} on disk.")
        with whole_file(self.path) as part, part.open("wb") as out, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            work = list(zip(self.files, self.sizes, strict=True))
            for start in range(0, len(work), AT_ONCE):
                for frame in pool.map(_decoded, work[start : start + AT_ONCE]):
                    out.write(frame)
        with whole_file(self.path.with_suffix(".json")) as part:
            part.write_text(json.dumps(self.sizes))
        for stale in self.path.parent.glob(f"frames-{self.key}-*"):
            if stale.stem != self.path.stem:
                stale.unlink(missing_ok=True)

    def __call__(self, path: Path) -> Frame:
        """Return a picture as a view into the mapped file; only what is touched is read."""
        if self._bytes is None:
            self._bytes = np.memmap(self.path, dtype=np.uint8, mode="r")
        index = self.position[path]
        width, height = self.sizes[index]
        start, end = self._spans[index]
        return self._bytes[start:end].reshape(height, width, CHANNELS)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_bytes": None}  # each loading process maps the file itself


def _decoded(item: tuple[Path, tuple[int, int]]) -> bytes:
    file, (width, height) = item
    frame = read_frame(file)
    if frame.shape != (height, width, CHANNELS):
        raise ValueError(f"{file} is {width} x {height} by its header, but decodes otherwise. Save it anew.")
    return frame.tobytes()


def _digest(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
