"""How a command ends where something else than Ctrl-C ends it."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn

LEFT = (signal.SIG_IGN, None)
"""What stays: signals that are ignored on purpose, as by nohup, or that another program's code heeds."""


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Have a closed terminal (SIGHUP) and SIGTERM end the process as an exit does: nothing half done stays on disk."""
    if threading.current_thread() is not threading.main_thread():  # which alone is told of signals
        yield
        return

    def leave(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    def end(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)  # which the demo's server waits for

    handlers = {signal.SIGTERM: leave} | ({signal.SIGHUP: end} if hasattr(signal, "SIGHUP") else {})
    heeded = {number: handler for number, handler in handlers.items() if signal.getsignal(number) not in LEFT}
    before = {number: signal.signal(number, handler) for number, handler in heeded.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
