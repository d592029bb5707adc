"""Photos that come one by one: each is restored at its full size and kept for the live page, the last few of them."""

from __future__ import annotations

import itertools
import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, NamedTuple

from deblur_lightning.commands.demo.jobs import Job, Turns
from deblur_lightning.commands.demo.kept import KeptPhoto

if TYPE_CHECKING:
    from deblur_lightning.deblurring import PhotoDeblurrer
    from deblur_lightning.reports.page import PagePicture

KEPT = 500
"""Photos that stay on the page; older ones are removed, and the page is told."""

KEPT_BYTES = 4_000_000_000
"""What they may take on disk, whatever their number."""

WAITING = 8
"""Photos that may wait for the one in work; more are turned away."""

VIEWED = 6_000_000
"""Pixels of the largest picture that the page shows; larger ones are halved until they fit, the saved file never."""


SMALL = 200_000
"""Pixels of a photo that takes hardly longer than any smaller one."""

ALIKE = 2
"""Times as many pixels as another photo, or as few, up to which a photo's time is told from that one's."""


class Busy(Exception):
    """Too many photos wait already."""


class Limits(NamedTuple):
    """The largest photo taken: its file in bytes, its picture in pixels."""

    size: int = 40_000_000
    pixels: int = 50_000_000


class ShownPhoto(NamedTuple):
    """A restored photo as the page has it, a sentence about it, its new version, and the name of the saved file.

    ``gone`` are the slugs of photos that are kept no longer.
    """

    picture: PagePicture
    said: str
    version: str
    file: str
    gone: tuple[str, ...] = ()


class PhotoDesk:
    """Restores photos one at a time, whoever asks, from any number of threads.

    Args:
        methods: models by name, the usual one first.
        folder: for the page's pictures.
        limits: the largest photo taken.
    """

    def __init__(self, methods: Mapping[str, PhotoDeblurrer], folder: Path, limits: Limits | None = None) -> None:
        self.methods, self.folder, self.limits = methods, folder, limits or Limits()
        self._turns = Turns()
        self._places = threading.BoundedSemaphore(WAITING + 1)
        self._numbers = itertools.count(1)
        self._kept: dict[str, KeptPhoto] = {}  # by slug, the newest last
        self._gone: list[str] = []
        self._home = Path(tempfile.mkdtemp(prefix="deblur-kept-"))  # not below what the page serves
        weakref.finalize(self, shutil.rmtree, self._home, ignore_errors=True)
        self._took: dict[str, dict[int, float]] = {}  # seconds by the photo's `_work`, by model

    def show(self, name: str, data: bytes, model: str = "", job: Job | None = None) -> ShownPhoto:
        """Restore a photo.

        Args:
            name: its file's name, for people; nothing is written under it outside a folder of its own.
            data: its file.
            model: by which; the usual one if empty.
            job: is told how far it is, and tells whether it is still wanted.

        Raises:
            ValueError: no picture, a damaged or a too large one, or an unknown model; the message starts with its name.
            Busy: too many wait.
            Cancelled: no longer wanted.
        """
        name = plain_name(name)
        self._check_model(name, model)
        number = next(self._numbers)
        # no address of an earlier run's photo, nor one that can be guessed, is a photo's
        photo = KeptPhoto(self._home / str(number), name, data, f"{secrets.token_hex(8)} {number}")
        try:
            return self._in_turn(photo, model, job or Job(name))
        except BaseException:
            photo.remove()
            raise

    def show_again(self, slug: str, model: str, job: Job | None = None) -> ShownPhoto:
        """Restore a photo that is on the page by another model.

        Raises:
            ValueError: it is there no longer, or an unknown model.
            Busy: too many wait.
            Cancelled: no longer wanted.
        """
        photo = self._photo(slug)
        self._check_model(photo.name, model)
        return self._in_turn(photo, model, job or Job(photo.name))

    def save(self, slug: str, version: str, strength: float = 1.0, mask: bytes = b"") -> tuple[str, bytes]:
        """Make the file of a photo on the page, see `KeptPhoto.saved`.

        Raises:
            ValueError: it is there no longer, or see `KeptPhoto.saved`.
        """
        return self._photo(slug).saved(version, strength, mask, self.limits.pixels)

    def _photo(self, slug: str) -> KeptPhoto:
        photo = self._kept.get(slug)
        if photo is None:
            raise ValueError("That photo is no longer kept, for newer ones took its place. Drop it again.")
        return photo

    def _check_model(self, name: str, model: str) -> None:
        if model and model not in self.methods:
            raise ValueError(f"{name}: there is no model {model}. Choose one of {', '.join(self.methods)}.")

    def _in_turn(self, photo: KeptPhoto, model: str, job: Job) -> ShownPhoto:
        """Wait for the turn, then restore."""
        if not self._places.acquire(blocking=False):
            raise Busy(f"{WAITING + 1} photos are in progress already. Send yours again in a minute.")
        try:
            chosen = model or next(iter(self.methods), "")
            job.expected = expected_seconds(self._took.get(chosen, {}), _work(photo.measure(self.limits.pixels)))
            with self._turns.turn(job):
                job.begin()
                return self._show(photo, chosen, job)
        finally:
            self._places.release()

    def _show(self, photo: KeptPhoto, model: str, job: Job) -> ShownPhoto:
        from deblur_lightning.commands.demo.interruption import interruptible
        from deblur_lightning.commands.kernels import restored_to_show, shrink_to_show
        from deblur_lightning.reports.page import add_picture
        from deblur_lightning.reports.page.pictures import BLURRY, LONGEST

        one = self.methods[model] if model else None  # loaded at its first use, which is no time of the photo's
        began = time.monotonic()
        blurry, record = photo.read(self.limits.pixels)
        pictures, fields = {BLURRY: shrink_to_show(record.over_white(blurry), VIEWED, LONGEST)}, {}
        notes: dict[str, tuple[str, ...]] = {}
        if one is not None:
            with interruptible(job.check), photo.named():
                answer = restored_to_show(one, blurry, record, job.tell)
            job.tell(1.0)
            photo.keep(model, answer.picture, record)
            pictures[model] = shrink_to_show(record.over_white(answer.picture), VIEWED, LONGEST)
            fields = {} if answer.field is None else {model: answer.field}
            notes = {model: answer.notes}
        reduced = round(blurry.shape[-1] / pictures[BLURRY].shape[-1])
        picture = add_picture(self.folder, photo.dataset, photo.name, pictures, fields, reduced=reduced, notes=notes)
        self._keep(picture["slug"], photo)
        (height, width), (rows, columns) = blurry.shape[-2:], pictures[BLURRY].shape[-2:]
        self._took.setdefault(model, {})[_work(height * width)] = time.monotonic() - began
        seen = f", shown at {columns} × {rows}, saved at its size" if rows < height else ""
        said = "".join(f"; {note}" for note in (*record.notes, *notes.get(model, ())))
        done = f"restored by {model} in" if model else "read in"
        sentence = f"{photo.name}: {width} × {height}{seen}, {done} {time.monotonic() - began:.1f} s{said}"
        return ShownPhoto(picture, sentence, model, photo.file_name(record), tuple(self._gone))

    def _keep(self, slug: str, photo: KeptPhoto) -> None:
        """Keep a photo as the newest, and let the oldest go."""
        from deblur_lightning.reports.page import remove_picture

        self._kept.pop(slug, None)
        self._kept[slug] = photo
        while len(self._kept) > 1 and (
            len(self._kept) > KEPT or sum(one.size for one in self._kept.values()) > KEPT_BYTES
        ):
            oldest = next(iter(self._kept))
            self._kept.pop(oldest).remove()
            remove_picture(self.folder, oldest)
            self._gone.append(oldest)


def expected_seconds(took: Mapping[int, float], work: int) -> float:
    """Tell how long a photo will take by the one of the most alike size; 0 if none was of alike size.

    Models that look for a photo's motion take as long for a small photo as for one of some megapixels, so seconds a
    pixel of the one tell nothing of the other: after a photo of 0.24 megapixels, one of 12 was promised in 50 minutes
    and done in 5.

    Args:
        took: seconds that photos took, by their pixels.
        work: the photo's pixels.
    """
    alike = tuple(took)  # another thread may add one meanwhile
    nearest = min(alike, key=lambda one: max(one / work, work / one), default=0)
    return took[nearest] * work / nearest if nearest and work <= ALIKE * nearest and nearest <= ALIKE * work else 0.0


def _work(pixels: int) -> int:
    """Count the pixels that a photo takes the time of: what each photo takes is that of a small one's."""
    return max(pixels, SMALL)


def plain_name(name: str) -> str:
    """Keep of a file's name what is safe as one: no folders, nothing unprintable, not too long."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    printable = "".join(character for character in last if character.isprintable())
    stem, dot, suffix = printable.rpartition(".")
    ending = suffix.encode()[:12].decode(errors="ignore")  # 60 letters may be 240 bytes already, of 255
    short = f"{stem[:60]}{dot}{ending}" if stem else printable[:60]
    return short if short.strip(". ") else "photo"
