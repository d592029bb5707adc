"""HEIC, which phones write: Pillow reads and writes it by pillow-heif, an extra."""

from __future__ import annotations

import functools
from importlib.util import find_spec

SUFFIXES = (".heic", ".heif", ".hif")

BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
"""What these files begin with, behind ``ftyp``; AVIF may begin with the last two, and names itself later."""

NEEDED = "HEIC, which needs an extra. Run: pip install 'deblur-lightning[heic]'"


def heic_installed() -> bool:
    """Tell whether HEIC can be read and written."""
    return find_spec("pillow_heif") is not None


@functools.cache
def enable_heic() -> None:
    """Teach Pillow HEIC, once.

    Raises:
        ValueError: the extra is not installed.
    """
    try:
        from pillow_heif import register_heif_opener
    except ImportError as error:
        raise ValueError(f"the format is {NEEDED}") from error
    register_heif_opener()


def is_heic(head: bytes) -> bool:
    """Tell HEIC by a file's first bytes, 32 or more; not AVIF, which is the same kind of box."""
    return head[4:8] == b"ftyp" and head[8:12] in BRANDS and b"avif" not in head[8:]
