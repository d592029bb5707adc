"""What a JPEG 2000 holds that Pillow does not tell: more than 8 bits of colour, and a colour profile."""

from __future__ import annotations

from pathlib import Path

HEAD = 2**16  # bytes: headers come before the pixels
SIZES = b"\xff\x4f\xff\x51"  # start of the code stream, and of its sizes
DEPTH = 42  # bytes from there to the first component's depth
PROFILE = b"colr\x02"  # a box that holds a restricted ICC profile; 3 is any other
OTHER_PROFILE = b"colr\x03"


def jpeg2000_notes(path: Path, mode: str) -> list[str]:
    """Say what reading by Pillow loses.

    Args:
        path: the photo.
        mode: Pillow's, of its pixels.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    notes, start = [], head.find(SIZES)
    depth = (head[start + DEPTH] & 0x7F) + 1 if 0 <= start < len(head) - DEPTH else 8
    if depth > 8 and not mode.startswith("I"):
        notes.append(f"its {depth} bits become 8")
    if PROFILE in head[: max(start, 0)] or OTHER_PROFILE in head[: max(start, 0)]:
        notes.append("its colour profile is not read, so colours may be others; a TIFF or PNG would keep it")
    return notes
