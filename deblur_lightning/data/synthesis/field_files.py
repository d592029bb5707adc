"""Motion fields as files: ``.npz`` of half precision, a few kB where objects moved."""

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch

from deblur_lightning.field import KernelField, check_field
from deblur_lightning.whole_file import whole_file

UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises on damaged files."""


def save_field(path: Path, field: KernelField) -> None:
    """Write a picture's field: ``basis`` ``[B, K, K]`` and ``coefficients`` ``[B, H, W]``, float16, compressed.

    Args:
        path: ends in ``.npz``; written whole or not at all.
        field: of one picture, N = 1. What is blurred by its float16 form, `normalised` to float32, is blurred by the
            stored field exactly.
    """
    file = io.BytesIO()
    np.savez_compressed(file, **{name: part[0].half().numpy() for name, part in field._asdict().items()})
    with whole_file(path) as part:
        part.write_bytes(file.getvalue())


def load_field(path: Path) -> KernelField:
    """Read a field that `save_field` wrote.

    Returns:
        ``[1, B, K, K]`` and ``[1, B, H, W]``, float32, each of unit sum.

    Raises:
        ValueError: a damaged file, or one that holds no field.
    """
    try:
        with path.open("rb") as file, np.load(file) as parts:
            field = KernelField(*(torch.from_numpy(parts[name]).float()[None] for name in KernelField._fields))
        check_field(field)
    except UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} holds no motion field ({reason}). Make it again: `deblur synthesize`.") from error
    return field.normalised(torch.float32)
