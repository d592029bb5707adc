"""From an error to the one line that tells a user what to fix."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that a terminal obeys; not the tab and the line's end."""


def count_of(number: int, noun: str) -> str:
    """Count things in words that fit: ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def printable(name: str) -> str:
    """Write what of a file's name is not UTF-8 as an escape, as `print_any_name` prints it: texts cannot hold it."""
    return name.encode(errors="backslashreplace").decode()


def harmless(said: str) -> str:
    """Write control characters as escapes: a file's name may hold them, and a terminal would obey."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", said)


def sentence(error: Exception) -> str:
    """Say in one line what is wrong and what to do.

    Our own errors do. Those of the system get the file's name first and a remedy; one out of a loading process loses
    its traceback.
    """
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}. Check the path, its permissions and the space left."
    said = str(error)
    if said.startswith("Caught ") and "Original Traceback" in said:
        return said.rstrip().splitlines()[-1].partition(": ")[2]
    return said
