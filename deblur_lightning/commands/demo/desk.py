"""Photos that come one by one: each is restored and kept for the live page, the last few of them."""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from collections import deque
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deblur_lightning.deblurring import PhotoDeblurrer
    from deblur_lightning.reports.page import PagePicture

KEPT = 24
"""Photos that stay on the page; older ones are removed."""

WAITING = 8
"""Photos that may wait for the one in work; more are turned away."""


class Busy(Exception):
    """Too many photos wait already."""


class Limits(NamedTuple):
    """The largest photo taken: its file in bytes, its picture in pixels."""

    size: int = 40_000_000
    pixels: int = 50_000_000


class ShownPhoto(NamedTuple):
    """A restored photo as the page has it, and a sentence about it."""

    picture: PagePicture
    said: str


class PhotoDesk:
    """Restores photos one at a time, whoever asks, from any number of threads.

    Args:
        methods: models by name.
        folder: for the page's pictures.
        limits: the largest photo taken.
    """

    def __init__(self, methods: dict[str, PhotoDeblurrer], folder: Path, limits: Limits | None = None) -> None:
        self.methods, self.folder, self.limits = methods, folder, limits or Limits()
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING + 1)
        self._numbers = itertools.count(1)
        self._kept: deque[str] = deque()

    def show(self, name: str, data: bytes) -> ShownPhoto:
        """Restore a photo.

        Args:
            name: its file's name, for people; nothing is written under it outside a folder of its own.
            data: its file.

        Raises:
            ValueError: no picture, a damaged or a too large one; the message starts with its name.
            Busy: too many wait.
        """
        if not self._places.acquire(blocking=False):
            raise Busy(f"{WAITING + 1} photos are in work already. Send yours again in a minute.")
        try:
            with self._turn:
                return self._show(plain_name(name), data)
        finally:
            self._places.release()

    def _show(self, name: str, data: bytes) -> ShownPhoto:
        from deblur_lightning.commands.kernels import shrink_to_show
        from deblur_lightning.commands.page import show_photo
        from deblur_lightning.photos import read_photo
        from deblur_lightning.reports.page import remove_picture

        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="deblur-") as place:
            path = Path(place, name)
            path.write_bytes(data)
            try:
                blurry, record = read_photo(path, self.limits.pixels)
            except ValueError as error:
                raise type(error)(str(error).replace(str(path), name)) from error
        shown = shrink_to_show(blurry)
        picture = show_photo(self.folder, f"photo {next(self._numbers)}", name, shown, self.methods)
        self._kept.append(picture["slug"])
        while len(self._kept) > KEPT:
            remove_picture(self.folder, self._kept.popleft())
        (height, width), (rows, columns) = blurry.shape[-2:], shown.shape[-2:]
        seen = f", shown at {columns} × {rows}; `deblur restore` keeps its size" if rows < height else ""
        notes = "".join(f"; {note}" for note in record.notes)
        return ShownPhoto(picture, f"{name}: {width} × {height}{seen}, {time.monotonic() - began:.1f} s{notes}")


def plain_name(name: str) -> str:
    """Keep of a file's name what is safe as one: no folders, nothing unprintable, not too long."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    printable = "".join(character for character in last if character.isprintable())
    stem, dot, suffix = printable.rpartition(".")
    short = f"{stem[:60]}{dot}{suffix[:12]}" if stem else printable[:60]
    return short if short.strip(". ") else "photo"
