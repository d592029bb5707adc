"""What both commands need of the terminal, pipe or file that they print to."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator


def print_any_name() -> None:
    """Let every file's name be printed: what an encoding lacks is written as an escape.

    A log in cp1252, as Windows has, knows no 李.png; a name that is not UTF-8 has no character at all.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Send what is still to be printed nowhere, after its reader (``| head``) went away."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


@contextlib.contextmanager
def naming_output() -> Iterator[None]:
    """Let the system's errors name standard output where that cannot be written, as a file on a full disk (``> FILE``).

    They have no name of their own, and what was printed is not tried again at the end. A reader that went away
    (`BrokenPipeError`) is no fault.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno and error.filename is None and _output_fails():
            drop_output()
            error.filename = "standard output"
        raise


def _output_fails() -> bool:
    """Try to print a blank line."""
    try:
        print(flush=True)  # noqa: T201 - the one way that needs no stream to be there
    except OSError:
        return True
    return False
