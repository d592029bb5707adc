"""Signs of life of a long job where no bar can be drawn: a plain line now and then."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable

from deblur_lightning.commands._pace import Pace

EVERY = 15.0
"""Seconds from line to line: most photos are done before the first."""


class Heartbeat:
    """Says every few seconds what is in work, for how long, how much of it is done, and how long the rest will take.

    A thread of its own does so, since estimating a motion takes long and reports no share.

    Args:
        say: takes a line.
        every: seconds from line to line.
    """

    def __init__(self, say: Callable[[str], None], every: float = EVERY) -> None:
        self.say, self.every = say, every
        self._ended: threading.Event | None = None

    def watch(self, name: str) -> Callable[[float], None]:
        """Begin to watch a job in place of the last; the answer takes the share done, 0 to 1."""
        self.stop()
        ended, began = threading.Event(), time.monotonic()
        pace = Pace()
        self._ended = ended

        def speak() -> None:
            while not ended.wait(self.every):
                left = pace.seconds_left()
                done = f", {pace.share:.0%} done" if pace.share else ""
                done += "" if left is None else f", about {in_words(left)} left"
                with contextlib.suppress(OSError, ValueError):  # nobody listens any more; the job goes on
                    self.say(f"{name}: in progress for {time.monotonic() - began:.0f} s{done}")

        def reach(share: float) -> None:
            pace.tell(share)
            if share >= 1:
                ended.set()

        threading.Thread(target=speak, daemon=True).start()
        return reach

    def stop(self) -> None:
        """Say no more."""
        if self._ended is not None:
            self._ended.set()


def in_words(seconds: float) -> str:
    """Say how long, as exactly as it matters."""
    if seconds < 90:
        return f"{max(1, math.ceil(seconds))} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
