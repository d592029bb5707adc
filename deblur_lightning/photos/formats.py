"""Which picture files are read, which are written, and what each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from deblur_lightning.photos import heic


class Format(NamedTuple):
    """What a file format can hold, as Pillow (and, for 16-bit colour, OpenCV and tifffile) writes it."""

    suffixes: tuple[str, ...]
    alpha: bool = False
    bits: int = 8
    cmyk: bool = False
    quality: bool = False  # whether it has one, 1 to 100
    metadata: bool = False  # whether colour profile, EXIF and XMP have a place in it
    longest: int = 2**31 - 1  # pixels of a side
    options: Mapping[str, object] = MappingProxyType({})  # of Pillow's save


WRITTEN = {
    "JPEG": Format(
        (".jpg", ".jpeg", ".jpe", ".jfif"),
        cmyk=True,
        quality=True,
        metadata=True,
        longest=65_500,
        options={"quality": 95, "subsampling": 0},
    ),
    "PNG": Format((".png",), alpha=True, bits=16, metadata=True, options={"compress_level": 4}),
    "TIFF": Format(
        (".tif", ".tiff"), alpha=True, bits=16, cmyk=True, metadata=True, options={"compression": "tiff_adobe_deflate"}
    ),
    "WEBP": Format(
        (".webp",), alpha=True, quality=True, metadata=True, longest=16_383, options={"quality": 95, "exact": True}
    ),
    "JPEG2000": Format((".jp2", ".j2k"), alpha=True),
    "AVIF": Format((".avif",), alpha=True, quality=True, metadata=True, longest=32_768, options={"quality": 90}),
    "HEIF": Format(heic.SUFFIXES, alpha=True, quality=True, metadata=True, longest=16_384, options={"quality": 90}),
    "BMP": Format((".bmp",)),
    "PPM": Format((".ppm", ".pgm", ".pnm")),
    "TGA": Format((".tga",), alpha=True, longest=65_535),
}
"""Pillow's names of the formats that a restored photo can be written in; HEIF, that is HEIC, where it is installed."""

WRITTEN_AS = {"MPO": "JPEG", "GIF": "PNG"}
"""Formats that are read only, and the one that a restored photo comes back in."""

READ = tuple(name for name in (*WRITTEN, "GIF") if name != "HEIF" or heic.heic_installed())
"""What `read_photo` opens (MPO as JPEG): pictures of pixels, no format that runs a program or draws vectors."""

READ_SUFFIXES = frozenset(suffix for name in READ if name in WRITTEN for suffix in WRITTEN[name].suffixes) | {
    ".mpo",
    ".gif",
}
"""The files that a folder is searched for."""

RAW_SUFFIXES = frozenset(
    (".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mrw", ".nef", ".nrw", ".orf")
) | {".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
"""Sensor data: several of these open as TIFF, but only as their thumbnail."""

VIDEO_SUFFIXES = frozenset((".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mts", ".m2ts", ".3gp", ".wmv", ".mpg"))
"""Videos that people have beside their photos."""

UNREAD_SUFFIXES = (RAW_SUFFIXES | {*heic.SUFFIXES, ".jxl", ".psd", ".exr", ".hdr"}) - READ_SUFFIXES
"""Pictures that people have in their folders and that are not read: said, never silently passed over."""


def suffix_for(format_name: str) -> str:
    """Give the usual suffix of a format."""
    return WRITTEN[format_name].suffixes[0]


def format_of_name(path: Path) -> str | None:
    """Tell the format that a file's name asks for; None if its suffix is none that is written."""
    suffix = path.suffix.lower()
    return next((name for name, format_ in WRITTEN.items() if suffix in format_.suffixes), None)


def unreadable_kind(path: Path, head: bytes) -> str | None:
    """Name a kind of picture that is known but not read, with its remedy.

    Args:
        path: the file.
        head: its first bytes, 32 or more.

    Returns:
        The end of an error sentence, or None.
    """
    suffix = path.suffix.lower()
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if heic.is_heic(head) and not heic.heic_installed():
        return f"is {heic.NEEDED}, or export it as JPEG."
    raw = brand == b"crx " or head[8:10] == b"CR" or head.startswith((b"FUJIFILMCCD-RAW", b"IIRO", b"IIU\0"))
    if suffix in RAW_SUFFIXES or raw:
        return "is a camera's raw file, which is not read. Develop it to a 16-bit TIFF first."
    if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "is JPEG XL, which is not read. Convert it to PNG first."
    if head.startswith(b"8BPS"):
        return "is a Photoshop document, which is not read. Save it as TIFF or PNG first."
    if head.lstrip().startswith((b"<svg", b"<?xml", b"<!DOCTYPE", b"<html", b"%PDF", b"%!PS")):
        return "holds text or drawings, not a photo. Export the picture as PNG or JPEG first."
    return None
