"""What both commands need of the terminal, pipe or file that they print to."""

import io
import os
import sys


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
