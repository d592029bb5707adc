"""EXIF in a finished TIFF: what Pillow and tifffile cannot write, or not beside compressed or 16-bit pixels."""

from __future__ import annotations

import struct

from deblur_lightning.photos.metadata import UNREADABLE, kept_directory, loaded_exif

LITTLE_ENDIAN = b"II*\0"
LARGEST = 2**32
"""Bytes that a TIFF's offsets reach."""


def tiff_with_exif(tiff: bytes, exif: bytes | None) -> bytes:
    """Add EXIF to a TIFF of one picture: a new main directory at its end, behind it those of exposure and place.

    Pixels and all else stay where they are; the former main directory is left unused. What is in it wins over EXIF.

    Args:
        tiff: a finished file.
        exif: EXIF data as JPEG holds it.

    Returns:
        The file with it; the same file where there is no EXIF, or a damaged one, and for big-endian and BigTIFFs.
    """
    if not exif or not tiff.startswith(LITTLE_ENDIAN):
        return tiff
    place = len(tiff) + len(tiff) % 2  # directories begin at even places
    former = _rows(tiff, *struct.unpack_from("<I", tiff, 4))
    try:
        found = loaded_exif(exif.removeprefix(b"Exif\0\0"))
        if not (draft := kept_directory(found, 0)):
            return tiff
        behind = place + 2 + 12 * len(_rows(draft, 0) | former) + 4
        kept = kept_directory(found, behind)
    except UNREADABLE:
        return tiff
    if not behind + len(kept) < LARGEST:
        return tiff
    rows = sorted((_rows(kept, 0) | former).items())
    directory = struct.pack("<H", len(rows)) + b"".join(row for _, row in rows) + bytes(4)
    return b"".join((LITTLE_ENDIAN, struct.pack("<I", place), tiff[8:], bytes(place - len(tiff)), directory, kept))


def _rows(content: bytes, place: int) -> dict[int, bytes]:
    """Cut a little-endian directory into its rows of twelve bytes, by tag."""
    (count,) = struct.unpack_from("<H", content, place)
    rows = (content[at : at + 12] for at in range(place + 2, place + 2 + 12 * count, 12))
    return {int.from_bytes(row[:2], "little"): row for row in rows}
