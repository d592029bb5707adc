"""Whether this machine computes in bfloat16, or only pretends to: steps in it may then take minutes."""

from functools import cache
from timeit import timeit

import torch

from benchmarks.comparison import Case


@cache
def bfloat16_is_slow() -> bool:
    """Time a small product: without units of its own, a processor takes many times as long as in float32."""
    wide = torch.rand(256, 256)
    narrow = wide.bfloat16()
    narrow @ narrow
    return timeit(lambda: narrow @ narrow, number=3) > 3 * timeit(lambda: wide @ wide, number=3)


def affordable(case: Case) -> Case:
    """Leave out the variants called bf16 where that is emulated."""
    if not bfloat16_is_slow():
        return case
    return case._replace(variants={name: run for name, run in case.variants.items() if "bf16" not in name})
