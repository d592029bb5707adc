"""EXIF and XMP in a finished TIFF: what Pillow and tifffile cannot write, or not beside compressed or 16-bit pixels."""

from __future__ import annotations

import struct

from deblur_lightning.photos.metadata import UNREADABLE, kept_directory, loaded_exif

LITTLE_ENDIAN = b"II*\0"
LARGEST = 2**32
"""Bytes that a TIFF's offsets reach."""

XMP, BYTES = 700, 1
"""Its tag; the type of what it holds."""


def tiff_with_words(tiff: bytes, exif: bytes | None, xmp: bytes | None = None) -> bytes:
    """Add EXIF and XMP to a TIFF of one picture: a new main directory at its end, behind it what does not fit in it.

    Pixels and all else stay where they are; the former main directory is left unused. What is in it wins over EXIF.

    Args:
        tiff: a finished file.
        exif: EXIF data as JPEG holds it; damaged data is left out.
        xmp: a packet.

    Returns:
        The file with them; the same file where there is neither, and for big-endian and BigTIFFs.
    """
    if not tiff.startswith(LITTLE_ENDIAN):
        return tiff
    place = len(tiff) + len(tiff) % 2  # directories begin at even places
    former = _rows(tiff, *struct.unpack_from("<I", tiff, 4))
    others = former | dict.fromkeys([XMP] if xmp else [], b"")
    draft = _kept(exif, 0)
    behind = place + 2 + 12 * len(_rows(draft, 0) | others) + 4
    kept = _kept(exif, behind)
    packet = behind + len(kept)
    if not (kept or xmp) or not packet + len(xmp or b"") < LARGEST:
        return tiff
    if xmp:
        others[XMP] = struct.pack("<HHII", XMP, BYTES, len(xmp), packet)
    rows = sorted((_rows(kept, 0) | others).items())
    directory = struct.pack("<H", len(rows)) + b"".join(row for _, row in rows) + bytes(4)
    new = (bytes(place - len(tiff)), directory, kept, xmp or b"")
    return b"".join((LITTLE_ENDIAN, struct.pack("<I", place), tiff[8:], *new))


def _kept(exif: bytes | None, place: int) -> bytes:
    """Write the directories of EXIF as they will lie at a place; empty where there is nothing to keep."""
    if not exif:
        return b""
    try:
        return kept_directory(loaded_exif(exif.removeprefix(b"Exif\0\0")), place)
    except UNREADABLE:
        return b""


def _rows(content: bytes, place: int) -> dict[int, bytes]:
    """Cut a little-endian directory into its rows of twelve bytes, by tag."""
    if not content:
        return {}
    (count,) = struct.unpack_from("<H", content, place)
    rows = (content[at : at + 12] for at in range(place + 2, place + 2 + 12 * count, 12))
    return {int.from_bytes(row[:2], "little"): row for row in rows}
