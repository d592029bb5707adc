"""How long a job will still take, by the shares of it that it tells of."""

from __future__ import annotations

import time


class Pace:
    """Takes the share done of a job now and then; may be asked from another thread.

    Attributes:
        share: done, 0 to 1, as last told.
    """

    def __init__(self) -> None:
        self.share = 0.0
        self._began = self._told = time.monotonic()  # when the share last was 0, and when it was last told

    def tell(self, share: float) -> None:
        """Take the share done, 0 to 1; what came before it was last 0 is not counted in it."""
        now = time.monotonic()
        self.share, self._began, self._told = share, self._began if share else now, now

    def seconds_left(self) -> float | None:
        """Tell how long the rest will take, if it takes as long as the share done did.

        Shares come in steps, as tiles do: between two the time counts down.

        Returns:
            None before a share is told, and once that time has passed: how long it takes is then not known.
        """
        if not self.share:
            return None
        left = (self._told - self._began) * (1 / self.share - 1) - (time.monotonic() - self._told)
        return left if left > 0 else None
