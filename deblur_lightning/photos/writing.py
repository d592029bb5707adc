"""From a tensor to a photo's file."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from deblur_lightning.image import check_image
from deblur_lightning.photos.avif import with_codes
from deblur_lightning.photos.formats import WRITTEN
from deblur_lightning.photos.heic import enable_heic
from deblur_lightning.photos.metadata import png_with_chunks
from deblur_lightning.photos.pixels import encode_deep, rgb_to_inks
from deblur_lightning.photos.png_colour import colour_codes
from deblur_lightning.photos.record import PhotoRecord
from deblur_lightning.photos.texts import XMP, comment_bytes, png_texts
from deblur_lightning.photos.tiff_words import tiff_with_words
from deblur_lightning.whole_file import whole_file

LARGE, STRIP = 2_000_000, 64  # pixels of a picture that takes long to pack; rows of it that tell how
RUNS = {"compress_type": 3}  # zlib's Z_RLE


def write_photo(path: Path | str, image: Tensor, record: PhotoRecord | None = None) -> None:
    """Write a photo whole or not at all, with what its record keeps.

    Args:
        path: the file; its suffix must fit ``record.format`` (see `PhotoRecord.for_name`).
        image: ``[1, 3 or 1, H, W]`` in [0, 1], display values; clipped and rounded to the record's depth.
        record: what `read_photo` returned; without it, an 8-bit file as the suffix asks.

    Raises:
        ValueError: not one picture, another value range, a suffix or size that does not fit the record, a size that
            the format does not hold, or HEIC without its extra.
        OSError: a folder that may not be written, or a full disk; what was there stays as it was.
    """
    path = Path(path)
    check_image(image)
    if len(image) != 1:
        raise ValueError(f"image holds {len(image)} pictures, but a file holds one. Pass image[i : i + 1].")
    record = (record or PhotoRecord()).for_name(path)
    if record.alpha is not None and record.alpha.shape != image.shape[-2:]:
        raise ValueError(
            f"image is {list(image.shape[-2:])}, but its record's alpha {list(record.alpha.shape)}. "
            "Pass the record of the same photo."
        )
    record.check_size(path, image.shape[-1], image.shape[-2])
    try:
        encoded = _encode(image, record)
    except (RuntimeError, OverflowError, SystemError, struct.error) as error:  # what encoders raise
        reason = " ".join(str(error).split()).rstrip(".")
        if "alloc" in reason or isinstance(error, NotImplementedError):
            raise
        raise ValueError(
            f"{path}: {record.format} cannot hold its {image.shape[-1]} x {image.shape[-2]} pixels ({reason}). "
            f"Write it as {'TIFF' if record.format == 'PNG' else 'PNG'}."
        ) from error
    if record.format == "PNG":
        words = ((XMP, record.xmp.decode()),) if record.xmp else ()
        if chunks := record.png_colour + png_texts(words + record.texts):
            encoded = png_with_chunks(encoded, chunks)
    try:
        with whole_file(path) as part:
            part.write_bytes(encoded)
    except OSError as error:
        culprit = f" ({error.filename})" if error.filename in map(str, path.parents) else ""
        raise OSError(
            f"{path} was not written: {error.strerror}{culprit}. Free space, or choose another folder."
        ) from error


def _as_deep(stored: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Give 16-bit values as 8-bit ones where those are wanted."""
    return stored if stored.dtype == dtype else (stored >> 8).astype(dtype)


def _packing(picture: Image.Image) -> dict[str, int]:
    """Choose how a PNG's pixels are packed: by runs alone where looking for longer repetitions gains nothing.

    In a photo's noise there are none, and looking takes as long as all else. A strip of the picture tells.
    """
    width, height = picture.size
    if width * height < LARGE:
        return {}
    strip, sizes = picture.crop((0, height // 2, width, height // 2 + STRIP)), []
    for options in (RUNS, {}):
        strip.save(file := io.BytesIO(), "PNG", **{**WRITTEN["PNG"].options, **options})
        sizes.append(file.tell())
    return RUNS if sizes[0] <= sizes[1] else {}


def _encode(image: Tensor, record: PhotoRecord) -> bytes:
    """Encode a picture as its record says."""
    white, holds_alpha = 2**record.bits - 1, WRITTEN[record.format].alpha
    seen = (image if holds_alpha else record.over_white(image))[0].detach()
    scaled = seen.to("cpu", torch.float32).clamp(0, 1).mul_(white).round_()
    pixels = scaled.permute(1, 2, 0).numpy().astype(np.uint16 if record.bits == 16 else np.uint8)
    if record.transparency is not None and holds_alpha:
        alpha, hidden = record.transparency
        if hidden is not None and hidden.shape == pixels.shape:
            clear = alpha == 0
            pixels[clear] = _as_deep(hidden[clear], pixels.dtype)
        pixels = np.concatenate((pixels, _as_deep(alpha, pixels.dtype)[..., None]), axis=-1)
    if record.bits == 16:
        return encode_deep(pixels, record)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if record.inks:
        picture = rgb_to_inks(picture.convert("RGB"), record.icc)
    elif picture.mode == "LA" and record.format not in ("PNG", "TIFF", "JPEG2000", "TGA"):
        picture = picture.convert("RGBA")
    if record.format == "HEIF":
        enable_heic()
    options: dict[str, Any] = dict(WRITTEN[record.format].options)
    if record.format == "PNG":
        options |= _packing(picture)
    if record.quality is not None and WRITTEN[record.format].quality:
        options["quality"] = record.quality
    if record.icc:
        options["icc_profile"] = record.icc
    if record.exif and WRITTEN[record.format].metadata and record.format != "TIFF":
        options["exif"] = record.exif
    if record.xmp and record.format not in ("PNG", "TIFF"):
        options["xmp"] = record.xmp
    if record.texts and record.format == "JPEG":
        options["comment"] = comment_bytes(record.texts[0][1])
    if record.dpi:
        options["dpi"] = record.dpi
    codes = colour_codes(record.png_colour)
    if codes and record.format == "HEIF":
        options |= zip(("color_primaries", "transfer_characteristics"), codes, strict=True)
    file = io.BytesIO()
    picture.save(file, format=record.format, **options)
    encoded = file.getvalue()
    if codes and record.format == "AVIF":
        encoded = with_codes(encoded, *codes)
    # libtiff, which compresses, drops exposure and place; Pillow's own writer harms texts
    return tiff_with_words(encoded, record.exif, record.xmp) if record.format == "TIFF" else encoded
