"""From coarse to fine: on which scales, and how often on each, sharp edges and what blurred them are found in turn."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

COARSEST = 5  # pixels: side of the kernel on the first scale
SCALE = math.sqrt(0.5)  # from one scale of the pyramid to the next coarser one


class Scale(NamedTuple):
    """One scale of a climb.

    Attributes:
        number: of scales that are finer; 0 on the last one, which is the picture's own.
        size: side of its kernels, in pixels.
        sparsities: what an edge costs in each turn, in squared light.
    """

    number: int
    size: int
    sparsities: tuple[float, ...]

    @property
    def factor(self) -> float:
        """By which the picture is smaller there."""
        return SCALE**self.number


class Climb(NamedTuple):
    """A schedule: many turns on small pictures, in which only strong edges are worth their price; then finer ones.

    Attributes:
        turns: on each scale but the finest.
        last: turns on the finest.
        sparsity: what an edge costs at first, in squared light.
        decay: by which edges are cheaper in each turn than in that before.
        faintest: the least that an edge costs.

    Source:
        Cho and Lee 2009 (alternation from coarse to fine); Xu, Zheng and Jia 2013 (a sparsity that falls).
    """

    turns: int
    last: int
    sparsity: float
    decay: float
    faintest: float = 1e-4

    def of(self, kernel_size: int) -> Iterator[Scale]:
        """List the scales for kernels of a side, from coarse to fine."""
        sizes, sparsity = scales(kernel_size), self.sparsity
        for number in reversed(range(len(sizes))):
            sparsities = []
            for _ in range(self.turns if number else self.last):
                sparsities.append(sparsity)
                sparsity = max(sparsity / self.decay, self.faintest)
            yield Scale(number, sizes[number], tuple(sparsities))


def scales(kernel_size: int) -> list[int]:
    """List the kernel's side on each scale, from fine to coarse, odd and at least 5."""
    count = 1 + math.floor(math.log(COARSEST / kernel_size) / math.log(SCALE) + 1e-9)
    return [math.ceil(kernel_size * SCALE**scale - 1e-9) | 1 for scale in range(count)]


def short_line(size: int) -> Tensor:
    """Draw two neighbouring pixels of light: a first guess that is neither no blur nor much."""
    kernel = torch.zeros(size, size)
    kernel[size // 2, size // 2 - 1 : size // 2 + 1] = 0.5
    return kernel
