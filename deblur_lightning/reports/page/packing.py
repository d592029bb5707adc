"""A motion field in a few kilobytes: bytes instead of floats, coefficients no finer than a pointer can tell."""

import base64
import zlib
from typing import TypedDict

import torch

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.reports.figures.motion import averaged_to, is_one_motion

MAP_SIDE = 128
"""Cells along the longer side of the coefficients kept; larger fields are averaged down to it."""


class PackedField(TypedDict):
    """What the page's script unpacks: arrays of bytes, deflated (zlib) and in base64.

    ``basis`` is ``[count, size, size]``, oriented for correlation, each kernel relative to its peak in ``peaks``;
    ``coefficients`` is ``[count, rows, columns]``, 255 being 1. Mixed kernels are to be divided by their sum.
    ``uniform`` tells that the whole photo moved as one, to the eye.
    """

    count: int
    size: int
    rows: int
    columns: int
    peaks: list[float]
    basis: str
    coefficients: str
    uniform: bool


def pack_field(field: KernelField, side: int = MAP_SIDE) -> PackedField:
    """Quantise a field to bytes.

    Args:
        field: a motion field, N = 1.
        side: longest side of the coefficients to keep, in cells.

    Raises:
        ValueError: more than one picture, or shapes that do not fit.
    """
    check_field_shape(field)
    if len(field.basis) != 1:
        raise ValueError(f"field has {len(field.basis)} pictures, but one is packed at a time. Index both by [i:i+1].")
    basis = field.basis[0].detach().float().cpu()
    coefficients = averaged_to(side, field.coefficients.detach().float().cpu())
    peaks = basis.amax(dim=(1, 2)).clamp(min=torch.finfo(torch.float32).tiny)
    count, rows, columns = coefficients.shape[1:]
    return PackedField(
        count=count,
        size=field.kernel_size,
        rows=rows,
        columns=columns,
        peaks=[float(f"{peak:.6g}") for peak in peaks.tolist()],
        basis=_encode(basis / peaks[:, None, None]),
        coefficients=_encode(coefficients[0]),
        uniform=is_one_motion(field),
    )


def _encode(shares: torch.Tensor) -> str:
    levels = (shares.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return base64.b64encode(zlib.compress(levels.tobytes(), 9)).decode("ascii")
