"""What this machine can do: matrix products, transforms in cache, a copy; the last column is the limit."""

from collections.abc import Iterator
from functools import partial
from math import log2

import torch

from benchmarks.comparison import Case

SIDE, TILE, PLANES = 1000, 160, 4


def cases() -> Iterator[Case]:
    """Matrix products in three precisions, a batch of complex transforms, memory to memory."""
    left, right = torch.rand(2, SIDE, SIDE)
    yield Case(
        f"product of {SIDE} x {SIDE} matrices, 10^9 operations",
        {
            "float32": partial(torch.mm, left, right),
            "float64": partial(torch.mm, left.double(), right.double()),
            "bfloat16": partial(torch.mm, left.bfloat16(), right.bfloat16()),
        },
        dict.fromkeys(("float32", "float64", "bfloat16"), 2 * SIDE**3 / 1e9),
    )
    tiles = torch.rand(PLANES, TILE, TILE, dtype=torch.complex64)
    yield Case(
        f"inverse transforms of {PLANES} x {TILE} x {TILE} complex numbers, 10^9 operations",
        {"ifft2": partial(torch.fft.ifft2, tiles)},
        {"ifft2": PLANES * transform(TILE, TILE)},
    )
    source = torch.rand(64_000_000)
    target = torch.empty_like(source)
    yield Case(
        "copy of 256 MB, 10^9 bytes read and written",
        {"copy_": partial(target.copy_, source)},
        {"copy_": 2 * source.nbytes / 1e9},
    )


def transform(height: int, width: int) -> float:
    """Count 10^9 operations of a complex transform, as FFTs are compared: ``5 n log2 n``."""
    return 5 * height * width * log2(height * width) / 1e9
