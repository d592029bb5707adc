"""Signs of life of a long job where no bar can be drawn: a plain line now and then."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

EVERY = 15.0
"""Seconds from line to line: most photos are done before the first."""


class Heartbeat:
    """Says every few seconds what is in work, for how long, and how much of it is done.

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
        ended, began, reached = threading.Event(), time.monotonic(), [0.0]
        self._ended = ended

        def speak() -> None:
            while not ended.wait(self.every):
                share = f", {reached[0]:.0%} done" if reached[0] else ""
                with contextlib.suppress(OSError, ValueError):  # nobody listens any more; the job goes on
                    self.say(f"{name}: in work for {time.monotonic() - began:.0f} s{share}")

        def reach(share: float) -> None:
            reached[0] = share
            if share >= 1:
                ended.set()

        threading.Thread(target=speak, daemon=True).start()
        return reach

    def stop(self) -> None:
        """Say no more."""
        if self._ended is not None:
            self._ended.set()
