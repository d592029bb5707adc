"""Camera-shake kernels of 33 x 33, 2,000 steps each: 512 at once, beside a loop over paths, steps and samples."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from benchmarks.comparison import Case
from benchmarks.plain_shake import plain_kernel
from deblur_lightning.physics import shake_kernels

COUNT = 512


def cases() -> Iterator[Case]:
    """The same number of kernels by both."""
    generator = torch.Generator().manual_seed(0)
    yield Case(
        f"{COUNT} kernels",
        {
            "step by step": partial(loop, np.random.default_rng(0)),
            "shake_kernels": partial(shake_kernels, COUNT, 33, generator=generator),
        },
    )


def loop(random: np.random.Generator) -> None:
    """Make one kernel after the other."""
    for _ in range(COUNT):
        plain_kernel(random, 33)
