"""What people call an evaluation, as a file's name."""

import re

LONGEST = 180
"""Bytes; with a date, a number and a suffix behind them a name stays within the 255 that file systems take."""


def file_stem(name: str) -> str:
    """Keep of a name what any file's may have, cut to `LONGEST`: letters, digits and dots; the rest becomes hyphens."""
    safe = re.sub(r"[^\w.]+", "-", name).strip("-")
    return safe.encode()[:LONGEST].decode(errors="ignore")
