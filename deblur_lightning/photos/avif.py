"""What an AVIF holds that Pillow neither tells nor takes: its depth, and the codes that describe its colours."""

from __future__ import annotations

import struct
from pathlib import Path

HEAD = 2**16  # bytes: boxes come before the pixels
BRANDS = (b"avif", b"avis")
CODES = b"colrnclx"  # a box of primaries and transfer, two bytes each, and more
DEPTH = b"av1C"  # a box whose third byte tells the depth
HIGH, TWELVE = 0x40, 0x20


def is_avif(head: bytes) -> bool:
    """Tell AVIF by a file's first bytes, 32 or more."""
    return head[4:8] == b"ftyp" and any(brand in head[8:] for brand in BRANDS)


def avif_depth(path: Path) -> int:
    """Read the bits of a channel: 8, 10 or 12."""
    flags = _behind(DEPTH, "xxB", path)
    if flags is None or not flags[0] & HIGH:
        return 8
    return 12 if flags[0] & TWELVE else 10


def avif_codes(path: Path) -> tuple[int, ...] | None:
    """Read the codes of primaries and transfer (ITU-T H.273, below 256); None where there are none."""
    return _behind(CODES, "xBxB", path)


def with_codes(avif: bytes, primaries: int, transfer: int) -> bytes:
    """Put other codes into an encoded AVIF, whose pixels they describe; Pillow writes those of sRGB."""
    start = avif.index(CODES) + len(CODES)
    codes = struct.pack(">HH", primaries, transfer)
    return avif[:start] + codes + avif[start + len(codes) :]


def _behind(kind: bytes, layout: str, path: Path) -> tuple[int, ...] | None:
    """Unpack what lies behind the first box of a kind; None where there is none."""
    with path.open("rb") as file:
        _, found, content = file.read(HEAD).partition(kind)
    return struct.unpack_from(layout, content) if found else None
