"""Pixels of gray and RGB TIFFs: planes apart or together, strips or tiles, either byte order, white as 0 or not."""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from deblur_lightning.photos.metadata import UNREADABLE, kept_exif
from deblur_lightning.photos.record import PhotoError, too_large
from deblur_lightning.sentences import count_of

if TYPE_CHECKING:
    import tifffile

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""What TIFFs begin with; the last two are BigTIFFs."""

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # photometric interpretations
PREMULTIPLIED, TRANSPARENCY = 1, 2  # kinds of extra channels; 0 says nothing
UNSIGNED, SIGNED, FLOAT, UNSAID = 1, 2, 3, 4  # sample formats
LZW = 5
LOSSLESS = (1, LZW, 8, 32773, 32946, 34925, 50000)
"""Compressions that are read here: none, LZW, ZIP (two numbers), PackBits; LZMA and Zstandard where tifffile can."""

MOST_CHANNELS = 16
DNG_VERSION, ICC_PROFILE = 50706, 34675
PER_INCH = {2: 1.0, 3: 2.54}
"""Dots an inch over dots a unit, by the number of the unit."""


class StoredTiff(NamedTuple):
    """The first picture of a TIFF as it is stored, not turned yet.

    Attributes:
        pixels: ``[H, W, C]``, uint8 or uint16, C of 1, 2 (gray, alpha), 3 or 4; white is the largest number.
        orientation: of its EXIF, 1 to 8.
        icc: colour profile.
        exif: what a restored photo keeps.
        dpi: print resolution, horizontal and vertical.
        notes: what was left out, for people.
    """

    pixels: np.ndarray
    orientation: int
    icc: bytes | None
    exif: bytes | None
    dpi: tuple[float, float] | None
    notes: tuple[str, ...]


def is_tiff(head: bytes) -> bool:
    """Tell by a file's first bytes."""
    return head.startswith(SIGNATURES)


def unmapped(path: Path) -> Path | io.BytesIO:
    """Give Pillow a TIFF such that it reads it: one that it may map into memory it turns by its orientation wrongly."""
    with path.open("rb") as file:
        return io.BytesIO(head + file.read()) if is_tiff(head := file.read(len(SIGNATURES[0]))) else path


def read_tiff(path: Path, pixel_limit: int) -> StoredTiff | None:
    """Read a gray or RGB TIFF of 8 or 16 bits a channel as tifffile does.

    Pillow reads 16-bit colour as 8 bits, and planes apart, short strips or white as 0 wrong or not at all at 16 bits.

    Args:
        path: a TIFF.
        pixel_limit: pixels of the largest picture to read.

    Returns:
        The picture; None for kinds that are left to Pillow: inks, palettes, YCbCr, fewer than 8 bits, JPEG in TIFF.

    Raises:
        PhotoError: float, signed or 32-bit pixels, a raw file, too many pixels, 16 bits in a compression that is not
            read, or a file that breaks off.
        Exception: whatever tifffile raises at damaged files.
    """
    with _opened(path) as file:
        page = file.pages.first
        if DNG_VERSION in page.tags:
            raise PhotoError(f"{path} is a camera's raw file, which is not read. Develop it to a 16-bit TIFF first.")
        if not page.imagewidth * page.imagelength <= pixel_limit:
            raise too_large(path, f"{page.imagewidth} x {page.imagelength} pixels", pixel_limit)
        bits = _channel_bits(path, page)
        if page.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) or bits not in (8, 16):
            return None
        if not _can_unpack(page):
            if bits == 8:
                return None
            raise PhotoError(
                f"{path} holds 16 bits compressed as {_compression(page)}, which is not read. "
                "Save it with ZIP or LZW, or without compression."
            )
        pixels, notes = _interpreted(path, _stored(path, page), page)
        count = len(file.pages)
        notes = (f"the first of its {count} pictures", *notes) if count > 1 else notes
        return StoredTiff(pixels, _orientation(page), _profile(page), _exif(path, file, page), _resolution(page), notes)


def measure_tiff(path: Path) -> tuple[tuple[int, int], int]:
    """Read a TIFF's size off its header, (width, height) in pixels, and its orientation, 1 to 8.

    Raises:
        PhotoError: float, signed or 32-bit pixels, or a file that breaks off.
        Exception: whatever tifffile raises at damaged files.
    """
    with _opened(path) as file:
        page = file.pages.first
        _channel_bits(path, page)
        _check_ends(path, page)
        return (page.imagewidth, page.imagelength), _orientation(page)


@contextmanager
def _opened(path: Path) -> Iterator[tifffile.TiffFile]:
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # it logs what it guesses about damaged tags
    with tifffile.TiffFile(path) as file:
        yield file


def _channel_bits(path: Path, page: tifffile.TiffPage) -> int:
    """Give the bits of each channel; refuse numbers whose white is not known."""
    bits, kind = page.bitspersample, page.sampleformat
    if isinstance(bits, tuple) or isinstance(kind, tuple):
        raise PhotoError(f"{path} holds channels of unequal depth ({bits} bits). Save it as 8 or 16-bit RGB.")
    if kind not in (UNSIGNED, UNSAID) or bits > 16:
        names = {SIGNED: "signed ", FLOAT: "floating-point "}
        raise PhotoError(
            f"{path} holds {bits}-bit {names.get(kind, '')}pixels, whose white is not known. "
            "Save it as 8 or 16-bit RGB."
        )
    return int(bits)


def _compression(page: tifffile.TiffPage) -> str:
    return str(getattr(page.compression, "name", page.compression))


def _can_unpack(page: tifffile.TiffPage) -> bool:
    import tifffile

    if page.compression not in LOSSLESS or page.fillorder != 1:
        return False
    return page.compression in (1, LZW) or page.compression in tifffile.TIFF.DECOMPRESSORS


def _stored(path: Path, page: tifffile.TiffPage) -> np.ndarray:
    """Decode all channels, ``[H, W, S]``."""
    _check_ends(path, page)
    if not 1 <= page.samplesperpixel <= MOST_CHANNELS:
        raise PhotoError(f"{path} has {page.samplesperpixel} channels, but photos have 1 to 4. Save it as RGB.")
    stored = _unpack_lzw(page) if page.compression == LZW else page.asarray(squeeze=False)
    planes, _, height, width, together = stored.shape
    return stored[:, 0].transpose(1, 2, 0, 3).reshape(height, width, planes * together)


def _check_ends(path: Path, page: tifffile.TiffPage) -> None:
    """Refuse a file that ends before its pixels do: what is missing would be black."""
    size, offsets, lengths = path.stat().st_size, page.dataoffsets, page.databytecounts
    needed = int(np.prod(page.chunked))
    if page.is_contiguous:
        broken = not offsets or not 0 < offsets[0] <= size - page.nbytes
    else:
        ends = [offset + length for offset, length in zip(offsets, lengths, strict=False) if offset and length]
        broken = len(ends) < needed or max(ends) > size
    if broken:
        raise PhotoError(f"{path} is damaged (it breaks off before its end). Copy it again from its source.")


def _unpack_lzw(page: tifffile.TiffPage) -> np.ndarray:
    """Decode LZW strips or tiles by Pillow, and place them by tifffile, which has no LZW of its own."""
    page.compression = 1  # what tifffile gets is unpacked already
    canvas = np.zeros(page.shaped, page.dtype)
    _, _, height, width, _ = page.shaped
    for number, (offset, length) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        _, _, shape = page.decode(None, number)
        page.parent.filehandle.seek(offset)
        unpacked = lzw_decoded(page.parent.filehandle.read(length), int(np.prod(shape)) * canvas.itemsize)
        part, (plane, _, top, left, _), _ = page.decode(unpacked, number)
        inside = np.asarray(part)[0, : height - top, : width - left]
        canvas[plane, 0, top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return canvas


def lzw_decoded(packed: bytes, size: int) -> bytes:
    """Unpack what TIFF's LZW packed, by Pillow.

    Args:
        packed: one strip or tile.
        size: of what it holds, in bytes.

    Raises:
        OSError: damaged, or less in it than ``size``.
    """
    numbers = {256: size, 257: 1, 258: 8, 259: LZW, 262: BLACK_IS_ZERO, 273: 8, 278: 1, 279: len(packed)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, number) for tag, number in numbers.items())
    directory = struct.pack("<H", len(numbers)) + entries + bytes(4)
    content = b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + directory
    with Image.open(io.BytesIO(content), formats=("TIFF",)) as strip:
        return strip.tobytes()


def _interpreted(path: Path, stored: np.ndarray, page: tifffile.TiffPage) -> tuple[np.ndarray, tuple[str, ...]]:
    """Take colours and transparency out of all channels: white is the largest number, colours are not premultiplied."""
    white = np.iinfo(stored.dtype).max
    colours = 3 if page.photometric == RGB else 1
    if stored.shape[-1] < colours:
        raise PhotoError(f"{path} has {stored.shape[-1]} channels for RGB. Save it again as RGB.")
    kinds = [int(kind) for kind in page.extrasamples] if 338 in page.tags else [TRANSPARENCY]
    extra = stored.shape[-1] - colours
    alpha = next((at for at, kind in enumerate(kinds[:extra]) if kind in (PREMULTIPLIED, TRANSPARENCY)), None)
    pixels = stored[..., :colours]
    if page.photometric == WHITE_IS_ZERO:
        pixels = white - pixels
    left_out = extra - (alpha is not None)
    notes = (f"{count_of(left_out, 'more channel')} left out",) if left_out else ()
    if alpha is None:
        return pixels, notes
    opacity = stored[..., colours + alpha, None]
    if kinds[alpha] == PREMULTIPLIED:
        pixels = np.minimum(white, (pixels.astype(np.uint64) * white + opacity // 2) // np.maximum(opacity, 1))
        pixels = pixels.astype(stored.dtype)
    return np.concatenate((pixels, opacity), axis=-1), notes


def _orientation(page: tifffile.TiffPage) -> int:
    found = page.tags.get(274)
    return int(found.value) if found is not None and found.value in range(1, 9) else 1


def _profile(page: tifffile.TiffPage) -> bytes | None:
    found = page.tags.get(ICC_PROFILE)
    return found.value if found is not None and isinstance(found.value, bytes) and found.value else None


def _resolution(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """Read dots an inch, as `kept_resolution` does."""
    try:
        factor = PER_INCH[int(page.tags[296].value)] if 296 in page.tags else PER_INCH[2]
        (across, per_across), (down, per_down) = page.tags[282].value, page.tags[283].value
        dots = across / per_across * factor, down / per_down * factor
    except UNREADABLE:
        return None
    return dots if all(1 <= one <= 65535 for one in dots) else None


def _exif(path: Path, file: tifffile.TiffFile, page: tifffile.TiffPage) -> bytes | None:
    exif = Image.Exif()
    exif.endian, exif.bigtiff = file.byteorder, file.is_bigtiff
    try:
        with path.open("rb") as content:
            exif.load_from_fp(content, page.offset)
            return kept_exif(exif)
    except UNREADABLE:
        return None
