"""Frames as uint8 arrays: read whole, measured by their headers, proved sound before training."""

import mmap
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from deblur_lightning.photos import PIXEL_LIMIT, READ_SUFFIXES, PhotoError
from deblur_lightning.photos.formats import unreadable_kind
from deblur_lightning.photos.heic import enable_heic, is_heic
from deblur_lightning.photos.metadata import loaded_exif, orientation, photo_exif, turn_upright
from deblur_lightning.photos.reading import DAMAGED as UNDECODED
from deblur_lightning.photos.tiff import is_tiff, measure_tiff, read_tiff, unmapped
from deblur_lightning.photos.transparency import filled

Frame = NDArray[np.uint8]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

DAMAGED = (*UNDECODED, MemoryError)
"""What decoders raise on damaged files, whose headers may ask for more memory than there is."""


class CorruptFrameError(ValueError):
    """A file that is no picture, or a damaged one; the message starts with its path."""


def is_frame(path: Path) -> bool:
    """Tell by its name whether an ordinary file is a picture, and not one that a file system left behind."""
    return path.suffix.lower() in READ_SUFFIXES and not path.name.startswith(".") and path.is_file()


def frames_below(folder: Path, besides: Path | None = None) -> Iterator[Path]:
    """Yield pictures in a folder, then those below; no hidden folders, nor links, which may lead in circles.

    Args:
        folder: of pictures.
        besides: a folder to leave out, as that of what is made.
    """
    inside = sorted(folder.iterdir())
    yield from filter(is_frame, inside)
    apart = besides and besides.resolve()
    for path in inside:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".") and path.resolve() != apart:
            yield from frames_below(path, apart)


def read_frame(path: Path, upright: bool = True) -> Frame:
    """Decode a picture.

    Args:
        path: a picture; gray and palette ones become RGB, transparent pixels take the colour of the nearest that
            shows, 16 bits become 8.
        upright: turn it as its EXIF orientation asks; False where a map of segments belongs to the pixels as stored.

    Returns:
        ``[H, W, 3]``, display values 0 to 255.

    Raises:
        CorruptFrameError: it cannot be decoded to its end, or its white is not known (floats, 32 bits).
    """
    with _said_as_corrupt(path):
        head = _head(path)
        if is_tiff(head) and (tiff := read_tiff(path, PIXEL_LIMIT)) is not None:
            return _rgb(turn_upright(tiff.pixels, tiff.orientation if upright else 1))
        with _opened(path, head) as picture:
            turn = orientation(photo_exif(picture)) if upright and picture.format != "TIFF" else 1  # Pillow turns TIFFs
            if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format in ("PNG", "PPM")):
                return _rgb(turn_upright(np.asarray(picture).astype(np.uint16)[..., None], turn))
            _check_mode(path, picture)
            see_through = "A" in picture.getbands() or "transparency" in picture.info
            frame = _rgb(np.array(picture.convert("RGBA"))) if see_through else np.array(picture.convert("RGB"))
            return frame if turn == 1 else np.ascontiguousarray(turn_upright(frame, turn))


def frame_size(path: Path, upright: bool = True) -> tuple[int, int]:
    """Read a picture's size from its header: (width, height) in pixels, as `read_frame` returns it.

    A PNG's chunks are followed to its end without reading them, so that a truncated one is found too.

    Raises:
        CorruptFrameError: no picture's header, pixels that `read_frame` refuses, or a PNG, TIFF or JPEG that ends
            early.
    """
    with _said_as_corrupt(path):
        head = _head(path)
        if head.startswith(PNG_SIGNATURE):
            return _png_size(path, checksums=False, upright=upright)
        if is_tiff(head):
            size, turn = measure_tiff(path)
            return _turned(size, turn if upright else 1)
        with _opened(path, head) as picture:
            _check_mode(path, picture)
            if picture.format == "JPEG" and not _jpeg_ends(path):
                raise ValueError("it breaks off before its end")
            return _turned(picture.size, orientation(photo_exif(picture)) if upright else 1)


def prove_frame(path: Path) -> tuple[int, int]:
    """Decode a picture and compare a PNG's checksums; return its size.

    Raises:
        CorruptFrameError: any of it is damaged.
    """
    height, width, _ = read_frame(path).shape
    if _head(path).startswith(PNG_SIGNATURE):
        with _said_as_corrupt(path):
            _png_size(path, checksums=True)
    return width, height


@contextmanager
def _said_as_corrupt(path: Path) -> Iterator[None]:
    """Turn whatever decoders raise into a sentence that names the file, and says how to go on without it."""
    try:
        yield
    except CorruptFrameError:
        raise
    except PhotoError as error:
        raise CorruptFrameError(f"{error} Or pass skip_corrupt=True.") from error
    except DAMAGED as error:
        raise _corrupt(path, error) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _opened(path: Path, head: bytes) -> Image.Image:
    if known := unreadable_kind(path, head):
        raise PhotoError(f"{path} {known}")
    if is_heic(head):
        enable_heic()
    return Image.open(unmapped(path))


def _check_mode(path: Path, picture: Image.Image) -> None:
    if picture.mode.startswith(("I", "F")) and not picture.mode.startswith("I;16") and picture.format != "PPM":
        raise CorruptFrameError(
            f"{path} holds pixels of mode {picture.mode}, whose white is not known. Save it as 8 or 16-bit RGB, "
            "or pass skip_corrupt=True."
        )


def _rgb(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Frame:
    """Convert ``[H, W, C]`` of 8 or 16 bits, C 1 to 4, to 8-bit RGB; what is transparent is filled from around it."""
    if pixels.shape[-1] in (2, 4):
        pixels = filled(pixels[..., :-1], pixels[..., -1])
    colours = pixels[..., :1].repeat(3, axis=-1) if pixels.shape[-1] <= 2 else pixels[..., :3]
    shallow = (colours.astype(np.uint32) * 255 + 32767) // 65535 if colours.dtype == np.uint16 else colours
    return np.ascontiguousarray(shallow, dtype=np.uint8)


def _turned(size: tuple[int, int], turn: int) -> tuple[int, int]:
    return size[::-1] if turn in (5, 6, 7, 8) else size


def _png_size(path: Path, *, checksums: bool, upright: bool = True) -> tuple[int, int]:
    """Walk a PNG's chunks from the first to ``IEND``."""
    end = path.stat().st_size
    size, turn = None, 1
    with path.open("rb") as file:
        file.seek(len(PNG_SIGNATURE))
        while True:
            length, kind = struct.unpack(">I4s", file.read(8))
            if not file.tell() + length + 4 <= end:
                raise ValueError("it breaks off before its end")
            if checksums or size is None or kind == b"eXIf":
                body = file.read(length)
                (checksum,) = struct.unpack(">I", file.read(4))
                if zlib.crc32(body, zlib.crc32(kind)) != checksum:
                    raise ValueError(f"the checksum of its {kind.decode('latin-1')} chunk is wrong")
                if size is None:
                    size = struct.unpack(">II", body[:8])
                if kind == b"eXIf" and upright:
                    turn = orientation(loaded_exif(body))
            else:
                file.seek(length + 4, 1)
            if kind == b"IEND":
                return _turned(size, turn)


def _jpeg_ends(path: Path) -> bool:
    """Tell whether a JPEG's end marker is behind its pixels' first scan; phones append whole films to it.

    Within a scan the two bytes cannot stand, and a thumbnail's lie before it.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = 2
        while content[at : at + 1] == b"\xff" and content[at + 1 : at + 2] != b"\xda":  # segments before the scan
            at += 1 if content[at + 1 : at + 2] == b"\xff" else 2 + int.from_bytes(content[at + 2 : at + 4])
        usual = content.find(b"\xff\xd9", max(at, len(content) - 4096))  # spares reading the file
        return usual >= 0 or content.find(b"\xff\xd9", at) >= 0


def _corrupt(path: Path, error: BaseException) -> CorruptFrameError:
    if isinstance(error, struct.error):
        reason = "it breaks off before its end"
    elif isinstance(error, UnidentifiedImageError):
        reason = "no picture" if path.stat().st_size else "0 bytes"
    else:
        reason = " ".join((str(error) or type(error).__name__).split())[:120].rstrip(".")
    return CorruptFrameError(f"{path} is damaged ({reason}). Copy it again from its source, or pass skip_corrupt=True.")
