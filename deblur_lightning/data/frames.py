"""Frames as uint8 arrays: read whole, measured by their headers, proved sound before training."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

Frame = NDArray[np.uint8]

FRAME_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"))
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

DAMAGED = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
"""What Pillow's parsers raise at damaged files."""


class CorruptFrameError(ValueError):
    """A file that is no picture, or a damaged one; the message starts with its path."""


def read_frame(path: Path) -> Frame:
    """Decode a picture.

    Args:
        path: an 8-bit picture; gray, palette and transparent ones become RGB.

    Returns:
        ``[H, W, 3]``, display values 0 to 255.

    Raises:
        CorruptFrameError: it cannot be decoded to its end, or has 16 bits.
    """
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise CorruptFrameError(
                    f"{path} holds pixels of mode {picture.mode}, but frames have 8 bits. Convert it."
                )
            return np.array(picture.convert("RGB"))
    except CorruptFrameError:
        raise
    except (*DAMAGED, UnidentifiedImageError) as error:
        raise _corrupt(path, error) from error


def frame_size(path: Path) -> tuple[int, int]:
    """Read a picture's size off its header: (width, height) in pixels.

    A PNG's chunks are followed to its end without reading them, so that a truncated one is found too.

    Raises:
        CorruptFrameError: no picture's header, or a PNG or JPEG that breaks off.
    """
    try:
        with path.open("rb") as file:
            if file.read(8) == PNG_SIGNATURE:
                return _png_size(path, checksums=False)
        with Image.open(path) as picture:
            if picture.format == "JPEG" and not _jpeg_ends(path):
                raise ValueError("it breaks off before its end")
            return picture.size
    except (*DAMAGED, UnidentifiedImageError) as error:
        raise _corrupt(path, error) from error


def prove_frame(path: Path) -> tuple[int, int]:
    """Decode a picture and compare a PNG's checksums; return its size.

    Raises:
        CorruptFrameError: any of it is damaged.
    """
    height, width, _ = read_frame(path).shape
    with path.open("rb") as file:
        is_png = file.read(8) == PNG_SIGNATURE
    if is_png:
        try:
            _png_size(path, checksums=True)
        except DAMAGED as error:
            raise _corrupt(path, error) from error
    return width, height


def _png_size(path: Path, *, checksums: bool) -> tuple[int, int]:
    """Walk a PNG's chunks from the first to ``IEND``."""
    end = path.stat().st_size
    size = None
    with path.open("rb") as file:
        file.seek(len(PNG_SIGNATURE))
        while True:
            length, kind = struct.unpack(">I4s", file.read(8))
            if not file.tell() + length + 4 <= end:
                raise ValueError("it breaks off before its end")
            if checksums or size is None:
                body = file.read(length)
                (checksum,) = struct.unpack(">I", file.read(4))
                if zlib.crc32(body, zlib.crc32(kind)) != checksum:
                    raise ValueError(f"the checksum of its {kind.decode('latin-1')} chunk is wrong")
                if size is None:
                    size = struct.unpack(">II", body[:8])
            else:
                file.seek(length + 4, 1)
            if kind == b"IEND":
                return size


def _jpeg_ends(path: Path) -> bool:
    """Tell whether a JPEG's end marker is there; cameras append a few bytes to it."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 4096))
        return b"\xff\xd9" in file.read()


def _corrupt(path: Path, error: BaseException) -> CorruptFrameError:
    if isinstance(error, struct.error):
        reason = "it breaks off before its end"
    elif isinstance(error, UnidentifiedImageError):
        reason = "no picture" if path.stat().st_size else "0 bytes"
    else:
        reason = " ".join((str(error) or type(error).__name__).split())[:120].rstrip(".")
    return CorruptFrameError(f"{path} is damaged ({reason}). Copy it again from its source, or pass skip_corrupt=True.")
