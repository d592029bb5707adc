"""What a long job says: lines that stay, and under them a bar that moves; in a log, a line now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from rich.console import Console as RichConsole
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from deblur_lightning.commands._heartbeat import EVERY, Heartbeat
from deblur_lightning.sentences import harmless


class Console:
    """Lines on standard output; on a terminal also a progress bar, which leaves nothing behind.

    Where there is no terminal, what takes long says so on standard error now and then, so that a log or another
    program sees that it goes on, and standard output holds results alone.

    Args:
        every: seconds from one such line to the next.
    """

    def __init__(self, every: float = EVERY) -> None:
        self.lines = RichConsole(highlight=False, markup=False, emoji=False)
        self.errors = RichConsole(stderr=True, highlight=False, markup=False, emoji=False)
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=self.lines,
            transient=True,
            disable=not self.lines.is_terminal,
        )
        self.heartbeat = Heartbeat(self.complain, every)

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.heartbeat.stop()
        self.bars.stop()

    def say(self, line: str) -> None:
        """Print a line as it is, however long; see `harmless`."""
        self.lines.print(harmless(line), soft_wrap=True)

    def complain(self, line: str) -> None:
        """Print a line on standard error."""
        self.errors.print(harmless(line), soft_wrap=True)

    def watch(self, name: str) -> Callable[[float], None]:
        """Start a bar, or lines now and then, in place of the last; the answer takes the share done, 0 to 1."""
        if not self.lines.is_terminal:
            return self.heartbeat.watch(name)
        for task in self.bars.task_ids:
            self.bars.remove_task(task)
        task = self.bars.add_task(harmless(name), total=1.0)
        return lambda share: self.bars.update(task, completed=share)
