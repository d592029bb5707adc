"""One photo's way through the queue: how far it is, how long it will take, and whether it is still wanted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from deblur_lightning.commands._pace import Pace

TOLD_FROM = 0.02
"""Share done from which the time so far tells the time left."""


LOOKS = 0.2
"""Seconds between two looks of a waiting job at whether it is still wanted."""


class Cancelled(Exception):
    """The photo is no longer wanted."""


class Job:
    """A photo that waits or is in work; told and asked from different threads.

    Args:
        name: the photo's, for people.
    """

    def __init__(self, name: str = "photo") -> None:
        self.name, self.expected = name, 0.0
        self._pace, self._began = Pace(), 0.0  # when its turn came
        self._cancelled = threading.Event()

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self._pace.share

    def cancel(self) -> None:
        """Say that it is no longer wanted; what is in work stops within a second."""
        self._cancelled.set()

    def begin(self) -> None:
        """Say that its turn has come.

        Raises:
            Cancelled: it is no longer wanted.
        """
        self.tell(0.0)
        self._began = time.monotonic()

    def check(self) -> None:
        """Raise unless it is still wanted.

        Raises:
            Cancelled: it is not.
        """
        if self._cancelled.is_set():
            raise Cancelled(f"{self.name} was cancelled.")

    def tell(self, share: float) -> None:
        """Take the share done, 0 to 1; what came before it was last 0 is not counted in it.

        Raises:
            Cancelled: it is no longer wanted.
        """
        self.check()
        self._pace.tell(share)

    def seconds_left(self) -> float | None:
        """Tell how long it will still take once its turn has come; None if that is not known yet.

        By the share done so far (`Pace`); before there is one, by ``expected``, the seconds that a photo of such a size
        took, until they have passed.
        """
        if self._began and self.share >= TOLD_FROM:
            return self._pace.seconds_left()
        left = self.expected - (time.monotonic() - self._began if self._began else 0.0)
        return left if left > 0 else None


class Turns:
    """Lets jobs work one at a time, in the order they came; one that is no longer wanted does not wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: list[Job] = []

    @contextlib.contextmanager
    def turn(self, job: Job) -> Iterator[None]:
        """Wait for a job's turn; it lasts as long as the context.

        Raises:
            Cancelled: it is no longer wanted.
        """
        with self._changed:
            self._jobs.append(job)
        try:
            with self._changed:
                while self._jobs[0] is not job:
                    job.check()
                    self._changed.wait(LOOKS)
            yield
        finally:
            with self._changed:
                self._jobs.remove(job)
                self._changed.notify_all()


class Queue:
    """The jobs that are not done, in the order they came."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def add(self, key: str, job: Job) -> None:
        """Take a job in, by a key that its sender chose; one of the same key is forgotten."""
        with self._lock:
            self._jobs.pop(key, None)
            self._jobs[key] = job

    def remove(self, key: str, job: Job) -> None:
        """Forget a job."""
        with self._lock:
            if self._jobs.get(key) is job:
                del self._jobs[key]

    def told(self, key: str) -> dict[str, float | int | None] | None:
        """Tell of a job how many are ``ahead`` of it, its ``share`` done, and the seconds ``left``, waiting included.

        Returns:
            None if there is no such job; ``left`` is None if it is not known.
        """
        with self._lock:
            keys = list(self._jobs)
            if key not in keys:
                return None
            jobs = [self._jobs[one] for one in keys[: keys.index(key) + 1]]
        left = [job.seconds_left() for job in jobs]
        known = [one for one in left if one is not None]
        return {
            "ahead": len(jobs) - 1,
            "share": round(jobs[-1].share, 4),
            "left": round(sum(known), 1) if len(known) == len(left) else None,
        }
