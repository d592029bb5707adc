"""Correlations with basis kernels in the Fourier domain, tile by tile: memory does not grow with B.

Overlap-save: a T x T tile of the picture gives T - K + 1 exact pixels a side. Two real kernels a, b ride in one
complex transform as ``a - ib``: its conjugate spectrum times the picture's gives both correlations, as the real and
the imaginary part of one inverse transform; the spectrum itself, times that of ``x_a + i x_b``, has the sum of both
convolutions as the real part of its inverse. So nothing is ever unpacked in the Fourier domain.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import torch
from torch import Tensor

from deblur_lightning.physics.fast_length import fast_length

LARGEST_TILE = 160  # pixels a side; with 240 large pictures blur 7% faster, in a third more memory
LARGEST_TILE_ON_GPU = 1024
CACHED_BYTES = 2 << 20  # of tile spectra worked on at a time
GLANCE = 16  # pixels between those that are looked at first for kernels in use, before all are
GPU_SHARE = 8  # the same on a GPU: this fraction of its free memory


Run = tuple[int, int]  # of pairs: the first, and the one after the last


class Tile(NamedTuple):
    """A rectangle of coefficients, and the larger rectangle of the picture that its kernels see."""

    top: int
    left: int
    height: int
    width: int

    def seen(self, image: Tensor, margin: int) -> Tensor:
        """View the part of the surrounded picture that blurs into this tile."""
        bottom, right = self.top + self.height + margin, self.left + self.width + margin
        return image[..., self.top : bottom, self.left : right]

    def of(self, image: Tensor) -> Tensor:
        """View this tile of a tensor of the coefficients' size."""
        return image[..., self.top : self.top + self.height, self.left : self.left + self.width]


class TiledCorrelation:
    """Basis kernels ``[N, B, K, K]`` transformed once, ready for pictures of one size.

    ``large`` below is ``[N, C, H + K - 1, W + K - 1]``, ``small`` is ``[N, C, H, W]``, coefficients ``[N, B, H, W]``,
    those that it was prepared for: kernels that a tile has none of are left out there.
    """

    def __init__(self, basis: Tensor, coefficients: Tensor) -> None:
        pictures, self.count, size, _ = basis.shape
        height, width = coefficients.shape[-2:]
        self.size, self.margin = size, size - 1
        largest = LARGEST_TILE_ON_GPU if basis.is_cuda else LARGEST_TILE
        self.steps, self.transform = zip(
            *(tile_sizes(length, self.margin, max(largest, 4 * size)) for length in (height, width)), strict=True
        )
        self.height, self.width = height, width
        self.pairs = ceil(self.count / 2)
        packed = basis.new_zeros(pictures, self.pairs, size, size, 2)
        packed[..., 0], packed[:, : self.count // 2, ..., 1] = basis[:, 0::2], -basis[:, 1::2]
        self.spectra = torch.fft.fft2(torch.view_as_complex(packed), s=self.transform)
        self.runs = [[runs_of_pairs(tile.of(one)) for tile in self._tiles()] for one in coefficients]

    def correlate(self, large: Tensor, coefficients: Tensor) -> Tensor:
        """``small_c = sum_b m_b (k_b correlated with large_c)``."""
        small = large.new_empty(*large.shape[:2], self.height, self.width)
        for picture in range(len(large)):
            towards = self.spectra[picture % len(self.spectra)].conj().resolve_conj()
            for tile, runs in zip(self._tiles(), self.runs[picture % len(self.runs)], strict=True):
                seen = torch.fft.fft2(tile.seen(large[picture], self.margin), s=self.transform)
                total = large.new_zeros(*large.shape[1:2], tile.height, tile.width, 2)
                for pairs in self._chunks(large, runs):
                    mixture = self._paired(tile.of(coefficients[picture]), pairs)
                    correlated = self._correlated(towards[pairs], seen, tile)
                    for values, share in zip(correlated, mixture, strict=True):
                        total.addcmul_(values, share)
                torch.add(total[..., 0], total[..., 1], out=tile.of(small[picture]))
        return small

    def spread(self, small: Tensor, coefficients: Tensor) -> Tensor:
        """``large_c = sum_b k_b convolved with (m_b small_c)``: the transpose of `correlate`."""
        large = small.new_zeros(*small.shape[:2], self.height + self.margin, self.width + self.margin)
        for picture in range(len(small)):
            spectra = self.spectra[picture % len(self.spectra)]
            for tile, runs in zip(self._tiles(), self.runs[picture % len(self.runs)], strict=True):
                light = tile.of(small[picture]).unsqueeze(-1).expand(-1, -1, -1, 2).contiguous()
                total = spectra.new_zeros(small.shape[1], *self.transform)
                for pairs in self._chunks(small, runs):
                    mixture = self._paired(tile.of(coefficients[picture]), pairs)
                    for values, spectrum in zip(self._weighted(light, mixture), spectra[pairs], strict=True):
                        total.addcmul_(values, spectrum)
                seen = tile.seen(large[picture], self.margin)
                seen += torch.fft.ifft2(total).real[..., : seen.shape[-2], : seen.shape[-1]]
        return large

    def field_gradient(
        self, large: Tensor, small: Tensor, coefficients: Tensor, *, by_basis: bool, by_coefficients: bool
    ) -> tuple[Tensor | None, Tensor | None]:
        """Differentiate ``<small, correlate(large)>`` by the basis kernels and by the coefficients."""
        basis = large.new_empty(*coefficients.shape[:2], self.size, self.size) if by_basis else None
        mixtures = torch.empty_like(coefficients, memory_format=torch.contiguous_format) if by_coefficients else None
        for picture in range(len(large)):
            towards = self.spectra[picture % len(self.spectra)].conj().resolve_conj()
            gathered = torch.zeros_like(towards)
            for tile in self._tiles():
                seen = torch.fft.fft2(tile.seen(large[picture], self.margin), s=self.transform)
                looking = seen.conj().resolve_conj()
                light = tile.of(small[picture]).unsqueeze(-1).expand(-1, -1, -1, 2).contiguous()
                for pairs in self._chunks(large, [(0, self.pairs)]):
                    if mixtures is not None:
                        correlated = self._correlated(towards[pairs], seen, tile)
                        slope = correlated[:, 0] * light[0]
                        for channel in range(1, large.shape[1]):
                            slope.addcmul_(correlated[:, channel], light[channel])
                        self._unpair(slope, tile.of(mixtures[picture]), pairs)
                    if basis is not None:
                        weighted = self._weighted(light, self._paired(tile.of(coefficients[picture]), pairs))
                        for channel in range(large.shape[1]):
                            gathered[pairs].addcmul_(weighted[:, channel], looking[channel])
            if basis is not None:
                lags = torch.view_as_real(torch.fft.ifft2(gathered.conj()))[..., : self.size, : self.size, :]
                basis[picture, 0::2], basis[picture, 1::2] = lags[..., 0], -lags[: self.count // 2, ..., 1]
        return basis, mixtures

    def _tiles(self) -> Iterator[Tile]:
        return tiles_of(self.height, self.width, *self.steps)

    def _chunks(self, image: Tensor, runs: Iterable[Run]) -> Iterator[slice]:
        """Cut runs of pairs into chunks that fit the cache."""
        plane = image.shape[1] * self.transform[0] * self.transform[1] * 2 * image.itemsize
        memory = torch.cuda.mem_get_info(image.device)[0] // GPU_SHARE if image.is_cuda else CACHED_BYTES
        step = max(1, memory // plane)
        for first, end in runs:
            for start in range(first, end, step):
                yield slice(start, min(start + step, end))

    def _paired(self, coefficients: Tensor, pairs: slice) -> Tensor:
        """Lay the coefficients of a tile out as the transforms hold their kernels: ``[P, h, w, 2]``."""
        chosen = coefficients[2 * pairs.start : 2 * pairs.stop]
        even, odd = chosen[0::2], chosen[1::2]
        if len(odd) < len(even):
            odd = torch.cat((odd, torch.zeros_like(even[:1])))
        return torch.view_as_real(torch.complex(even, odd))  # interleaves twice as fast as two copies

    def _unpair(self, paired: Tensor, coefficients: Tensor, pairs: slice) -> None:
        chosen = coefficients[2 * pairs.start : 2 * pairs.stop]
        chosen[0::2] = paired[..., 0]
        chosen[1::2] = paired[: chosen.shape[0] // 2, ..., 1]

    def _correlated(self, towards: Tensor, seen: Tensor, tile: Tile) -> Tensor:
        """Correlate a tile with pairs of kernels: ``[P, C, h, w, 2]``."""
        product = torch.fft.ifft2(towards.unsqueeze(1) * seen)
        return torch.view_as_real(product)[..., : tile.height, : tile.width, :]

    def _weighted(self, light: Tensor, mixture: Tensor) -> Tensor:
        """Transform a tile times pairs of coefficients: ``[P, C, T, T]``."""
        padded = light.new_zeros(len(mixture), len(light), *self.transform, 2)
        torch.mul(light, mixture.unsqueeze(1), out=padded[..., : light.shape[1], : light.shape[2], :])
        return torch.fft.fft2(torch.view_as_complex(padded))


def tiles_of(height: int, width: int, down: int, right: int) -> Iterator[Tile]:
    """Cut a picture into tiles of at most ``down`` x ``right`` pixels."""
    for top in range(0, height, down):
        for left in range(0, width, right):
            yield Tile(top, left, min(down, height - top), min(right, width - left))


def runs_of_pairs(coefficients: Tensor) -> list[Run]:
    """Tell which pairs of kernels a tile ``[B, h, w]`` uses: of a turning camera's 25, those of the nearest nodes.

    All of them on a GPU, which would have to wait for the answer.
    """
    count = len(coefficients)
    if coefficients.is_cuda:
        return [(0, ceil(count / 2))]
    glance = (coefficients[:, ::GLANCE, ::GLANCE] != 0).flatten(1).any(1).tolist()
    used = (number // 2 for number in range(count) if glance[number] or coefficients[number].any())
    runs: list[Run] = []
    for pair in sorted(set(used)):
        first, end = runs.pop() if runs and runs[-1][1] == pair else (pair, pair)
        runs.append((first, end + 1))
    return runs


@lru_cache(maxsize=256)
def tile_sizes(length: int, margin: int, largest: int) -> tuple[int, int]:
    """Choose how to cut one axis: pixels a tile yields, and the size of its transform.

    Of the cuts whose transforms are at most ``largest``, the one that transforms fewest samples, see `fast_length`.
    """
    cuts = []
    for tiles in range(1, length + 1):
        step = ceil(length / tiles)
        size = fast_length(step + margin)
        if size <= largest:
            cuts.append((tiles * size, step, size))
        if step <= margin // 2 and cuts:
            break
    _, step, size = min(cuts)
    return step, size
