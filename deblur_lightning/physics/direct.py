"""Correlations with small basis kernels tap by tap: each pixel's own kernel, for a strip of rows at a time.

While K² is small, mixing the kernels of a strip is one matrix product that all channels share, and a tap is then one
multiplication a pixel. Memory is one strip's kernels, whatever B is.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

STRIP_BYTES = 4 << 20  # of mixed kernels worked on at a time
STRIP_BYTES_ON_GPU = 256 << 20


class Strip(NamedTuple):
    """Some rows of coefficients, ``[B, rows * W]``, and the kernels ``[B, K²]`` they mix."""

    picture: int
    rows: slice
    kernels: Tensor
    mixture: Tensor


class DirectCorrelation:
    """The same three operations as `TiledCorrelation`, for kernels too small to be worth a transform."""

    def __init__(self, basis: Tensor, coefficients: Tensor) -> None:
        self.basis = basis.flatten(2)
        self.height, self.width = coefficients.shape[-2:]
        self.size, self.margin = basis.shape[-1], basis.shape[-1] - 1

    def correlate(self, large: Tensor, coefficients: Tensor) -> Tensor:
        """``small_c = sum_b m_b (k_b correlated with large_c)``."""
        small = large.new_zeros(*large.shape[:2], self.height, self.width)
        for strip in self._strips(coefficients):
            total = small[strip.picture, :, strip.rows]
            for tap, seen in self._taps(strip.kernels.T @ strip.mixture, large, strip):
                total.addcmul_(tap, seen)
        return small

    def spread(self, small: Tensor, coefficients: Tensor) -> Tensor:
        """``large_c = sum_b k_b convolved with (m_b small_c)``: the transpose of `correlate`."""
        large = small.new_zeros(*small.shape[:2], self.height + self.margin, self.width + self.margin)
        for strip in self._strips(coefficients):
            light = small[strip.picture, :, strip.rows]
            for tap, seen in self._taps(strip.kernels.T @ strip.mixture, large, strip):
                seen.addcmul_(tap, light)
        return large

    def field_gradient(
        self, large: Tensor, small: Tensor, coefficients: Tensor, *, by_basis: bool, by_coefficients: bool
    ) -> tuple[Tensor | None, Tensor | None]:
        """Differentiate ``<small, correlate(large)>`` by the basis kernels and by the coefficients."""
        basis = large.new_zeros(*coefficients.shape[:2], self.size**2) if by_basis else None
        mixtures = torch.empty_like(coefficients, memory_format=torch.contiguous_format) if by_coefficients else None
        for strip in self._strips(coefficients):
            light = small[strip.picture, :, strip.rows]
            slopes = large.new_zeros(self.size**2, strip.mixture.shape[1])
            for slope, seen in self._taps(slopes, large, strip):
                for channel, view in zip(light, seen, strict=True):
                    slope.addcmul_(channel, view)
            if mixtures is not None:
                mixtures[strip.picture, :, strip.rows] = (strip.kernels @ slopes).view(
                    len(strip.kernels), -1, self.width
                )
            if basis is not None:
                basis[strip.picture] += strip.mixture @ slopes.T
        return basis if basis is None else basis.unflatten(-1, (self.size, self.size)), mixtures

    def _strips(self, coefficients: Tensor) -> Iterator[Strip]:
        memory = STRIP_BYTES_ON_GPU if coefficients.is_cuda else STRIP_BYTES
        step = max(1, memory // (self.size**2 * self.width * coefficients.itemsize))
        for picture in range(len(coefficients)):
            kernels = self.basis[picture % len(self.basis)]
            for top in range(0, self.height, step):
                rows = slice(top, min(top + step, self.height))
                yield Strip(picture, rows, kernels, coefficients[picture, :, rows].flatten(1))

    def _taps(self, mixed: Tensor, large: Tensor, strip: Strip) -> Iterator[tuple[Tensor, Tensor]]:
        """Pair each cell of the strip's kernels, ``[rows, W]``, with the pixels ``[C, rows, W]`` under it."""
        top, bottom = strip.rows.start, strip.rows.stop
        taps = mixed.view(self.size, self.size, bottom - top, self.width)
        for row, column in product(range(self.size), repeat=2):
            yield taps[row, column], large[strip.picture, :, top + row : bottom + row, column : column + self.width]
