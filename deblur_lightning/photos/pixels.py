"""Pixels that Pillow alone would change: 16-bit colour, which it reads as 8 bits, and CMYK inks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from deblur_lightning.photos.metadata import png_with_metadata, turn_upright
from deblur_lightning.photos.record import PhotoRecord
from deblur_lightning.photos.tiff_words import tiff_with_words


def has_deep_colour(picture: Image.Image, head: bytes) -> bool:
    """Tell whether a PNG holds 16 bits a channel in more than one channel.

    Args:
        picture: as opened.
        head: the file's first bytes, 32 or more.
    """
    return picture.format == "PNG" and head[24] == 16 and head[25] in (2, 4, 6)  # depth and colour type of IHDR


def decode_deep_colour(encoded: bytes, shallow: np.ndarray, orientation: int) -> np.ndarray | None:
    """Decode a PNG's 16-bit colour by OpenCV, turned upright.

    Args:
        encoded: the file's content.
        shallow: the same picture as Pillow decodes it, upright, ``[H, W, C]`` uint8, which must be its high byte.
        orientation: of its EXIF, 1 to 8.

    Returns:
        ``[H, W, C]`` uint16, or None where OpenCV sees another picture than Pillow (a layout that it lacks).
    """
    import cv2

    try:
        decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if decoded is None or decoded.dtype != np.uint16:
        return None
    channels = {2: (0, 3), 3: (2, 1, 0), 4: (2, 1, 0, 3)}[shallow.shape[-1]]
    if decoded.ndim != 3 or decoded.shape[-1] <= max(channels):
        return None
    deep = decoded[..., channels]
    for upright in (deep, turn_upright(deep, orientation)):  # OpenCV may have turned it already
        if upright.shape == shallow.shape and np.array_equal(upright // 256, shallow):
            return upright
    return None


def ppm_colour(picture: Image.Image, path: Path) -> np.ndarray | None:
    """Decode a PPM's colour of more than 8 bits, which Pillow reads as 8.

    Args:
        picture: as opened, not loaded yet.
        path: its file.

    Returns:
        ``[H, W, 3]`` uint16; None for gray, for 8 bits, and for PPMs written in digits.

    Raises:
        ValueError: a file that breaks off.
    """
    tile = picture.tile[0] if getattr(picture, "tile", None) else None  # type: ignore[attr-defined]
    if tile is None or tile.codec_name != "ppm" or tile.args[0] != "RGB":
        return None
    (width, height), white = picture.size, tile.args[1]
    values = np.frombuffer(path.read_bytes(), ">u2", count=3 * width * height, offset=tile.offset)
    return np.round(np.minimum(values, white).reshape(height, width, 3) * (65535 / white)).astype(np.uint16)


def encode_deep(pixels: np.ndarray, record: PhotoRecord) -> bytes:
    """Encode 16-bit pixels ``[H, W, C]``, C of 1, 2 (gray, alpha), 3 or 4, as the PNG or TIFF of a record."""
    if record.format == "TIFF":
        return tiff_with_words(_deep_tiff(pixels, record.icc, record.dpi), record.exif, record.xmp)
    import cv2

    order = {1: (0,), 2: (0, 0, 0, 1), 3: (2, 1, 0), 4: (2, 1, 0, 3)}[pixels.shape[-1]]
    fine, png = cv2.imencode(".png", np.ascontiguousarray(pixels[..., order]))
    if not fine:
        raise ValueError(f"a picture of {list(pixels.shape)} pixels cannot be a 16-bit PNG. Write a TIFF.")
    return png_with_metadata(png.tobytes(), record.icc, record.exif, record.dpi)


def _deep_tiff(pixels: np.ndarray, icc: bytes | None, dpi: tuple[float, float] | None) -> bytes:
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels,
        photometric="rgb" if pixels.shape[-1] >= 3 else "minisblack",
        planarconfig="contig" if pixels.shape[-1] > 1 else None,
        extrasamples=["unassalpha"] if pixels.shape[-1] in (2, 4) else None,
        compression="zlib",
        iccprofile=icc,
        resolution=dpi,
        resolutionunit="INCH" if dpi else None,
        byteorder="<",
        metadata=None,
        software=False,
    )
    return file.getvalue()


def inks_to_rgb(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert CMYK to sRGB by its colour profile, or by plain subtraction without one."""
    transform = _transform(icc, to_inks=False)
    converted = ImageCms.applyTransform(picture, transform) if transform else None
    return converted or picture.convert("RGB")


def rgb_to_inks(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert sRGB back to the CMYK of a colour profile, or by plain subtraction without one."""
    transform = _transform(icc, to_inks=True)
    converted = ImageCms.applyTransform(picture, transform) if transform else None
    return converted or picture.convert("CMYK")


def _transform(icc: bytes | None, *, to_inks: bool) -> ImageCms.ImageCmsTransform | None:
    if not icc:
        return None
    try:
        inks, screen = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
        if to_inks:
            return ImageCms.buildTransform(screen, inks, "RGB", "CMYK", ImageCms.Intent.RELATIVE_COLORIMETRIC)
        return ImageCms.buildTransform(inks, screen, "CMYK", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    except (ImageCms.PyCMSError, OSError):
        return None  # damaged, or a profile of another colour space
