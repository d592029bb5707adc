"""A packed field read as the page's script reads it."""

import base64
import zlib

import numpy as np
import torch

from deblur_lightning import KernelField


def unpack_field(packed):
    """Restore a field, its coefficients at their reduced size."""
    count, size = packed["count"], packed["size"]
    basis = _decode(packed["basis"], (count, size, size)) * torch.tensor(packed["peaks"])[:, None, None]
    coefficients = _decode(packed["coefficients"], (count, packed["rows"], packed["columns"]))
    return KernelField(basis[None], coefficients[None])


def _decode(text, shape):
    levels = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(shape)
    return torch.from_numpy(levels.astype(np.float32) / 255)
