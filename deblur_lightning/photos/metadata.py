"""What a photo's file knows beside its pixels: orientation, exposure, place, colour profile, print size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, TiffTags

UNREADABLE = (ValueError, TypeError, LookupError, OSError, SyntaxError, ArithmeticError, AttributeError, struct.error)
"""What Pillow's parsers raise at damaged metadata."""

KEPT_TAGS = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.Rating,
    ExifTags.Base.HostComputer,
    ExifTags.Base.XPTitle,  # these five are Windows'
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
)
"""Of the main directory: what describes the photo. What describes its storage is written anew."""

STALE_TAGS = (
    ExifTags.Base.ExifImageWidth,  # of the picture before it was turned
    ExifTags.Base.ExifImageHeight,
    ExifTags.Base.MakerNote,  # these two hold offsets into the old file
    ExifTags.Base.ExifInteroperabilityOffset,
)

KEPT_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)

EXIF_HEADER = b"II*\0\x08\0\0\0"
"""What EXIF begins with: little-endian, its first directory right behind."""


def photo_exif(picture: Image.Image) -> Image.Exif:
    """Return what EXIF an opened picture has; none if it is damaged."""
    try:
        return picture.getexif()
    except UNREADABLE:
        return Image.Exif()


def loaded_exif(content: bytes) -> Image.Exif:
    """Parse EXIF as a PNG holds it; none if it is damaged."""
    exif = Image.Exif()
    try:
        exif.load(b"Exif\0\0" + content)
    except UNREADABLE:
        return Image.Exif()
    return exif


def kept_exif(found: Image.Exif) -> bytes | None:
    """Collect the EXIF that a restored photo keeps: exposure, place, date and authors.

    The orientation goes (it is applied to the pixels), so does the thumbnail, which shows the blurry photo,
    and so do the maker's notes, which cannot be moved.

    Args:
        found: the photo's, before its pixels are turned.

    Returns:
        EXIF data as JPEG holds it, or None where there is none. Damaged EXIF is dropped.
    """
    try:
        directory = kept_directory(found, len(EXIF_HEADER))
    except UNREADABLE:
        return None
    return b"Exif\0\0" + EXIF_HEADER + directory if directory else None


def kept_directory(found: Image.Exif, place: int) -> bytes:
    """Write what `kept_exif` keeps as a little-endian TIFF directory, behind it those of exposure and place.

    Args:
        found: the photo's.
        place: where it will lie, in bytes from the beginning of the file; even.

    Returns:
        The directories; empty where there is nothing to keep.

    Raises:
        Exception: of `UNREADABLE`, at damaged EXIF.
    """
    main: dict[int, Any] = {tag: found[tag] for tag in KEPT_TAGS if tag in found}
    others = {}
    for directory in KEPT_DIRECTORIES:
        entries = {tag: value for tag, value in found.get_ifd(directory).items() if tag not in STALE_TAGS}
        if entries:
            others[directory] = entries
    if not main and not others:
        return b""
    behind, end = b"", place + len(_directory(main | dict.fromkeys(others, 0), place))
    for directory, entries in others.items():
        main[directory] = end + len(behind)
        behind += _directory(entries, main[directory], directory)
    return _directory(main, place) + behind


def _directory(entries: Mapping[int, Any], place: int, group: int | None = None) -> bytes:
    """Write one TIFF directory, its texts byte by byte as read: Pillow takes them for Latin-1, most are UTF-8."""
    directory = TiffImagePlugin.ImageFileDirectory_v2(EXIF_HEADER, group=group)
    for tag, value in entries.items():
        if isinstance(value, str):
            directory.tagtype[tag] = TiffTags.ASCII
            directory[tag] = value.encode("latin-1")
        else:
            directory[tag] = value
    return directory.tobytes(place)


def kept_resolution(picture: Image.Image) -> tuple[float, float] | None:
    """Read the print resolution in dots an inch, horizontal and vertical; None if unknown or absurd."""
    try:
        horizontal, vertical = (float(dots) for dots in picture.info["dpi"])
    except UNREADABLE:
        return None
    return (horizontal, vertical) if 1 <= horizontal <= 65535 and 1 <= vertical <= 65535 else None


def orientation(found: Image.Exif) -> int:
    """Read the EXIF orientation, 1 (upright) to 8; 1 where there is none or nonsense."""
    try:
        turn = found.get(ExifTags.Base.Orientation, 1)
    except UNREADABLE:
        return 1
    return turn if turn in range(1, 9) else 1


def turned_resolution(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    """Give the print resolution of a picture once it is turned as its orientation asks."""
    return (dpi[1], dpi[0]) if dpi and orientation in (5, 6, 7, 8) else dpi


def turn_upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror pixels ``[H, W, ...]`` as their EXIF orientation asks."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def png_with_metadata(png: bytes, icc: bytes | None, exif: bytes | None, dpi: tuple[float, float] | None) -> bytes:
    """Insert colour profile, EXIF and resolution into an encoded PNG, behind its header as the format asks."""
    chunks = []
    if icc:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if dpi:
        chunks.append((b"pHYs", struct.pack(">IIB", *(round(dots / 0.0254) for dots in dpi), 1)))
    if exif:
        chunks.append((b"eXIf", exif.removeprefix(b"Exif\0\0")))
    return png_with_chunks(png, chunks)


def png_with_chunks(png: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Insert chunks, by kind and what they hold, into an encoded PNG right behind its header."""
    header = 8 + 25  # signature and IHDR
    return png[:header] + b"".join(_png_chunk(kind, content) for kind, content in chunks) + png[header:]


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
