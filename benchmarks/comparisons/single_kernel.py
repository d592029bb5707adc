"""Blur by one kernel of 33 x 33 for the whole picture: real transforms beside those that carry kernels in pairs."""

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.comparison import Case
from benchmarks.fields import random_field
from deblur_lightning.physics.single import SingleCorrelation
from deblur_lightning.physics.tiles import TiledCorrelation

SIDE = 33
SIZES = ((8, 112, 112), (1, 720, 1280))


def cases() -> Iterator[Case]:
    """Forward and transpose at two sizes, the kernel transformed before."""
    for pictures, height, width in SIZES:
        basis, coefficients = random_field(pictures, 1, SIDE, height, width)
        large = torch.rand(pictures, 3, height + SIDE - 1, width + SIDE - 1)
        small = torch.rand(pictures, 3, height, width)
        engines = [kind(basis, coefficients) for kind in (TiledCorrelation, SingleCorrelation)]
        names = ("in pairs", "by real transforms")
        for what, argument in (("correlate", large), ("spread", small)):
            yield Case(
                f"{what}, {pictures} x {height} x {width}",
                {
                    name: partial(getattr(engine, what), argument, coefficients)
                    for name, engine in zip(names, engines, strict=True)
                },
            )
