"""From a photo's file to a tensor."""

from __future__ import annotations

import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from deblur_lightning.photos.avif import avif_codes, avif_depth, is_avif
from deblur_lightning.photos.formats import READ, WRITTEN_AS, unreadable_kind
from deblur_lightning.photos.heic import enable_heic, is_heic
from deblur_lightning.photos.jpeg2000 import jpeg2000_notes
from deblur_lightning.photos.metadata import (
    kept_exif,
    kept_resolution,
    orientation,
    photo_exif,
    turn_upright,
    turned_resolution,
)
from deblur_lightning.photos.pixels import decode_deep_colour, has_deep_colour, inks_to_rgb, ppm_colour
from deblur_lightning.photos.png_colour import PngColour, colour_of_codes, odd_transfer, png_colour
from deblur_lightning.photos.record import PhotoError, PhotoRecord, too_large
from deblur_lightning.photos.texts import photo_texts
from deblur_lightning.photos.tiff import is_tiff, measure_tiff, read_tiff, unmapped
from deblur_lightning.photos.transparency import Transparency, filled
from deblur_lightning.photos.xmp import kept_xmp

PIXEL_LIMIT = 160_000_000
"""Pixels of the largest photo read: beyond today's largest sensors, within what 16 GB of memory restores."""

DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, ArithmeticError, AttributeError, RuntimeError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow's decoders raise at damaged files."""


def read_photo(path: Path | str, pixel_limit: int = PIXEL_LIMIT) -> tuple[Tensor, PhotoRecord]:
    """Read a photo upright, and what its file holds beside the pixels.

    Palette and CMYK pictures become RGB, 1-bit ones gray. 16-bit gray, and 16-bit colour in PNG and TIFF, keep
    their depth. Of an animation, the first picture is read. Wholly transparent pixels take the colour of the nearest
    one that shows, so that nothing looks at what they hide; `write_photo` puts that back.

    Args:
        path: JPEG, PNG, TIFF, WebP, JPEG 2000, AVIF, BMP, PPM, TGA or GIF, told by its content, not its name; HEIC with
            the extra ``heic``.
        pixel_limit: pixels of the largest photo to read.

    Returns:
        The picture ``[1, 3 or 1, H, W]``, float32 in [0, 1], display values; and the record for `write_photo`.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: no picture, a damaged one, one of a kind that is not read, or one beyond ``pixel_limit``.
        OSError: a file that may not be read.
    """
    path = Path(path)
    head = _head(path)
    with _said_in_a_sentence(path, head, pixel_limit):
        pixels, record = _decode(path, head, pixel_limit)
    colours = pixels[..., : 1 if pixels.shape[-1] <= 2 else 3]
    alpha = np.ascontiguousarray(pixels[..., -1]) if pixels.shape[-1] in (2, 4) else None
    transparency = None
    if alpha is not None:
        transparency = Transparency(alpha, None if alpha.all() else np.ascontiguousarray(colours))
        colours = filled(colours, alpha)
    white = np.float32(np.iinfo(pixels.dtype).max)
    image = torch.from_numpy(np.ascontiguousarray(colours.transpose(2, 0, 1))[None].astype(np.float32))
    image /= float(white)
    xmp, lost = kept_xmp(path)
    return image, replace(record, transparency=transparency, xmp=xmp, notes=(*record.notes, *lost))


def photo_size(path: Path | str, pixel_limit: int = PIXEL_LIMIT) -> tuple[int, int]:
    """Read a photo's size off its header, (width, height) as `read_photo` turns it, without decoding it.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: as for `read_photo`, as far as a header tells.
        OSError: a file that may not be read.
    """
    path = Path(path)
    head = _head(path)
    with _said_in_a_sentence(path, head, pixel_limit):
        if is_tiff(head):
            size, turn = measure_tiff(path)
        else:
            with Image.open(path, formats=_formats(head)) as picture:
                size, turn = picture.size, orientation(photo_exif(picture))
        if not size[0] * size[1] <= pixel_limit:
            raise too_large(path, f"{size[0]} x {size[1]} pixels", pixel_limit)
        return size[::-1] if turn in (5, 6, 7, 8) else size


def photo_format(path: Path | str) -> str:
    """Tell from a photo's header which format its result comes back in, as `read_photo`'s record does.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: as for `read_photo`, as far as a header tells.
        OSError: a file that may not be read.
    """
    path = Path(path)
    head = _head(path)
    if is_tiff(head):
        return "TIFF"
    with _said_in_a_sentence(path, head, PIXEL_LIMIT), Image.open(path, formats=_formats(head)) as picture:
        return _written_as(picture)


def _written_as(picture: Image.Image) -> str:
    found = picture.format or "PNG"
    return WRITTEN_AS.get(found, found)


@contextmanager
def _said_in_a_sentence(path: Path, head: bytes, pixel_limit: int) -> Iterator[None]:
    """Turn whatever decoders raise into sentences that name the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of sizes, checked below, and of damaged metadata, dropped
        try:
            yield
        except Image.DecompressionBombError as error:
            raise too_large(path, "far more pixels", pixel_limit) from error
        except PhotoError:
            raise
        except MemoryError as error:
            raise ValueError(f"{path} needs more memory than there is. Make it smaller first.") from error
        except UnidentifiedImageError as error:
            if kind := "HEIC" if is_heic(head) else "AVIF" if is_avif(head) else None:
                reason = f"it begins as {kind}, but holds no whole picture"
                raise PhotoError(f"{path} is damaged ({reason}). Copy it again from its source.") from error
            raise PhotoError(
                f"{path} is not a picture that can be read ({', '.join(READ)}). Check the file, or convert it to PNG."
            ) from error
        except DAMAGED as error:
            raise PhotoError(f"{path} is damaged ({_brief(error)}). Copy it again from its source.") from error


def _head(path: Path) -> bytes:
    """Read a file's first bytes, or say why that is in vain."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise PhotoError(f"{path} is a folder, but a photo is needed. Name a file in it.")
        if not stat.S_ISREG(kind):
            raise PhotoError(f"{path} is no ordinary file. Name a photo.")
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path} does not exist. Check the path; this folder is {Path.cwd()}.") from error
    except OSError as error:
        raise OSError(f"{path} cannot be read: {error.strerror}. Check its link, name and permissions.") from error
    except ValueError as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError(f"{str(path)!r} is no file name ({error}). Check the path.") from error
    if not head:
        raise PhotoError(f"{path} is empty (0 bytes). Copy it again from its source.")
    known = unreadable_kind(path, head)
    if known:
        raise PhotoError(f"{path} {known}")
    return head


def _formats(head: bytes) -> tuple[str, ...]:
    """Choose what Pillow may take a file for; HEIC only where it is one, since that loads another library."""
    if is_heic(head):
        enable_heic()
        return ("HEIF",)
    return tuple(name for name in READ if name != "HEIF")


def _brief(error: BaseException) -> str:
    """Quote a decoder's message on one line."""
    return " ".join((str(error) or type(error).__name__).split())[:120].rstrip(".")


def _decode(path: Path, head: bytes, pixel_limit: int) -> tuple[np.ndarray, PhotoRecord]:
    """Decode to ``[H, W, C]`` uint8 or uint16, upright."""
    if is_tiff(head) and (tiff := read_tiff(path, pixel_limit)) is not None:
        pixels = turn_upright(tiff.pixels, tiff.orientation)
        bits = 8 * pixels.dtype.itemsize
        dpi = turned_resolution(tiff.dpi, tiff.orientation)
        return pixels, PhotoRecord("TIFF", bits=bits, icc=tiff.icc, exif=tiff.exif, dpi=dpi, notes=tiff.notes)
    with Image.open(unmapped(path), formats=_formats(head)) as picture:
        width, height = picture.size
        if not width * height <= pixel_limit:
            raise too_large(path, f"{width} x {height} pixels", pixel_limit)
        return _decode_by_pillow(picture, path, head)


def _decode_by_pillow(picture: Image.Image, path: Path, head: bytes) -> tuple[np.ndarray, PhotoRecord]:
    known, icc, inks = photo_exif(picture), picture.info.get("icc_profile") or None, picture.mode == "CMYK"
    turn, notes = orientation(known), _notes(picture, path)
    dpi = turned_resolution(kept_resolution(picture), turn)
    pixels = _pixels_by_pillow(picture, path, head, turn, icc)
    colour = _colour(picture, path, icc)
    if odd := odd_transfer(colour, icc):
        notes.append(f"its {odd} is not looked at")
    return pixels, PhotoRecord(
        _written_as(picture),
        inks,
        bits=8 * pixels.dtype.itemsize,
        icc=icc,
        exif=kept_exif(known),
        texts=photo_texts(picture),
        dpi=dpi,
        png_colour=colour,
        notes=tuple(notes),
    )


def _notes(picture: Image.Image, path: Path) -> list[str]:
    """Say in short phrases what of a picture, not decoded yet, becomes other or is left out."""
    notes = []
    if (frames := getattr(picture, "n_frames", 1)) > 1:
        notes.append(f"the first of its {frames} pictures")
    if picture.format in ("HEIF", "AVIF"):
        depth = picture.info["bit_depth"] if picture.format == "HEIF" else avif_depth(path)
        notes += [f"its {depth} bits become 8"] if depth > 8 else []
    if picture.format == "JPEG2000":
        notes += jpeg2000_notes(path, picture.mode)
    if picture.mode in ("1", "P", "PA"):
        notes.append("its few colours become full ones")
    return notes


def _colour(picture: Image.Image, path: Path, icc: bytes | None) -> PngColour:
    """Read what a file says of its colours beside its profile, which in HEIC and AVIF stands above the codes."""
    match picture.format:
        case "PNG":
            return png_colour(path)
        case "HEIF" if not icc and (nclx := picture.info.get("nclx_profile")):
            return colour_of_codes(nclx["color_primaries"], nclx["transfer_characteristics"])
        case "AVIF" if not icc and (codes := avif_codes(path)):
            return colour_of_codes(*codes)
        case _:
            return ()


def _pixels_by_pillow(picture: Image.Image, path: Path, head: bytes, turn: int, icc: bytes | None) -> np.ndarray:
    """Decode to ``[H, W, C]``, upright; 16 bits where the file has more than 8, HEIC's and AVIF's excepted."""
    found, mode = picture.format or "PNG", picture.mode
    deep_colour = has_deep_colour(picture, head)
    twelve = found == "TIFF" and picture.tag_v2.get(258) == (12,)  # type: ignore[attr-defined]
    deep_ppm = ppm_colour(picture, path) if found == "PPM" else None
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if mode in ("I;16", "I;16L", "I;16B", "I;16N") or (mode == "I" and found in ("PNG", "PPM")):
        pixels = np.asarray(upright).astype(np.uint16)[..., None]
        if isinstance(clear := picture.info.get("transparency"), int):  # one level of a PNG's gray shows nothing
            pixels = np.concatenate((pixels, np.where(pixels == clear, 0, 65535).astype(np.uint16)), axis=-1)
        if twelve:
            pixels = (pixels * np.float32(65535 / 4095)).round().astype(np.uint16)
    else:
        pixels = np.asarray(_eight_bits(upright, path, icc))
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if deep_ppm is not None:
        pixels = deep_ppm
    if deep_colour:
        deep = decode_deep_colour(path.read_bytes(), pixels, turn)
        if deep is None:
            raise PhotoError(f"{path} holds 16 bits in a way that is not read. Save it as a 16-bit TIFF.")
        pixels = deep
    return pixels


def _eight_bits(picture: Image.Image, path: Path, icc: bytes | None) -> Image.Image:
    """Convert any mode to L, LA, RGB or RGBA."""
    transparent = "transparency" in picture.info or picture.mode in ("PA", "La", "RGBa")
    match picture.mode:
        case "L" | "LA" | "RGB" | "RGBA" if not transparent:
            return picture
        case "1":
            return picture.convert("L")
        case "L" | "La":
            return picture.convert("LA")
        case "RGB" | "P" | "PA" | "RGBa" if transparent:
            return picture.convert("RGBA")
        case "P" | "YCbCr" | "HSV" | "RGBX":
            return picture.convert("RGB")
        case "CMYK":
            return inks_to_rgb(picture, icc)
        case _:
            raise PhotoError(
                f"{path} holds pixels of mode {picture.mode}, whose white is not known. Save it as 8 or 16-bit RGB."
            )
