"""EXIF's directories in TIFFs, which `tifffile` does not write."""

import io
import struct
from collections.abc import Mapping
from typing import BinaryIO

from PIL.TiffImagePlugin import ImageFileDirectory_v2

CLASSIC = b"II*\0"  # begins a little-endian TIFF of up to 4 GB


def add_directories(tiff: BinaryIO, directories: Mapping[int, Mapping[int, object]]) -> None:
    """Add directories to a TIFF: at its end, where the main one, which names them, then stands too.

    Args:
        tiff: open for reading and writing, little-endian. A BigTIFF is left as it is.
        directories: what each holds, by the tag that names it.

    Source:
        TIFF 6.0, section 2: a header names the place of a directory, which has entries of 12 bytes in the tags' order.
    """
    tiff.seek(0)
    magic, first = struct.unpack("<4sI", tiff.read(8))
    if magic != CLASSIC or not any(directories.values()):
        return
    tiff.seek(first)
    (count,) = struct.unpack("<H", tiff.read(2))
    entries = [struct.unpack("<H10s", tiff.read(12)) for _ in range(count)]
    for tag, values in directories.items():
        if values:
            directory = ImageFileDirectory_v2(CLASSIC + bytes(4), group=tag)
            for number, value in values.items():
                directory[number] = value
            at = _even_end(tiff)
            tiff.write(directory.tobytes(at))
            entries.append((tag, struct.pack("<HII", 4, 1, at)))  # one number of 32 bits
    at = _even_end(tiff)
    tiff.write(
        struct.pack("<H", len(entries)) + b"".join(struct.pack("<H10s", *one) for one in sorted(entries)) + bytes(4)
    )
    tiff.seek(4)
    tiff.write(struct.pack("<I", at))


def _even_end(file: BinaryIO) -> int:
    """Go to a file's end, at an even place, as TIFF's directories stand."""
    end = file.seek(0, io.SEEK_END)
    return end + file.write(bytes(end % 2))
