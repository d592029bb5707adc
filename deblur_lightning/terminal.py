"""What both commands need of the terminal, pipe or file that they print to."""

import contextlib
import errno
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

    They have no name of their own. To tell one of them a blank line is printed, which may stay. What could not be
    printed is not tried again at the end. A reader that went away (`BrokenPipeError`) is no fault.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except OSError as error:
        if error.filename is None and error.errno not in (None, errno.EPIPE) and _output_error() == error.errno:
            drop_output()
            error.filename = "standard output"
        raise


def _output_error() -> int | None:
    """Try to print a blank line; give the number of the system's error, if any."""
    try:
        print(flush=True)  # noqa: T201 - the one way that needs no stream to be there
    except OSError as error:
        return error.errno
    return None
