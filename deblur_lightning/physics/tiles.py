"""Correlations with basis kernels in the Fourier domain, tile by tile: memory does not grow with B.

Overlap-save: a T x T tile of the picture gives T - K + 1 exact pixels a side. Two real kernels a, b ride in one
complex transform as ``a - ib``: the picture's conjugate spectrum times it gives both correlations, as the real and
minus the imaginary part of one transform; the spectrum itself, times that of ``x_a + i x_b``, has the sum of both
convolutions as the real part of its inverse. So nothing is ever unpacked in the Fourier domain.
"""

from collections.abc import Iterable, Iterator
from math import ceil

import torch
from torch import Tensor

from deblur_lightning.physics.tiling import GLANCE, Tile, frugal_tiling

LARGEST_TILE = 160  # pixels a side; with 240 large pictures blur 7% faster, in a third more memory
LARGEST_TILE_ON_GPU = 1024
CACHED_BYTES = 2 << 20  # of tile spectra worked on at a time
GPU_SHARE = 8  # the same on a GPU: this fraction of its free memory


class TiledCorrelation:
    """Basis kernels ``[N, B, K, K]`` transformed once, ready for pictures of one size.

    ``large`` below is ``[N, C, H + K - 1, W + K - 1]``, ``small`` is ``[N, C, H, W]``, coefficients ``[N, B, H, W]``,
    those that it was prepared for: kernels that a tile has none of are left out there, see `frugal_tiling`.
    """

    def __init__(self, basis: Tensor, coefficients: Tensor) -> None:
        self.count, self.size = basis.shape[1], basis.shape[-1]
        self.margin = self.size - 1
        self.height, self.width = coefficients.shape[-2:]
        largest = max(LARGEST_TILE_ON_GPU if basis.is_cuda else LARGEST_TILE, 4 * self.size)
        self.tiles, self.transform = frugal_tiling(coefficients.flatten(0, 1), self.margin, largest)
        self.runs = [[runs_of_pairs(tile.of(one)) for tile in self.tiles] for one in coefficients]
        begun = {start for picture in self.runs for runs in picture for run in runs for start in (run.start, run.step)}
        self.spacing = 2 if all(number % 2 == 0 for number in begun) else 1  # from each pair to the next
        packed = torch.stack((basis, torch.zeros_like(basis)), -1)
        packed[:, :-1, ..., 1] = -basis[:, 1:]
        self.spectra = torch.fft.fft2(torch.view_as_complex(packed[:, :: self.spacing].contiguous()), s=self.transform)

    def correlate(self, large: Tensor, coefficients: Tensor) -> Tensor:
        """``small_c = sum_b m_b (k_b correlated with large_c)``."""
        small = large.new_empty(*large.shape[:2], self.height, self.width)
        for picture in range(len(large)):
            spectra = self.spectra[picture % len(self.spectra)]
            for tile, runs in zip(self.tiles, self.runs[picture % len(self.runs)], strict=True):
                looking = self._looking(large[picture], tile)
                total = large.new_zeros(*large.shape[1:2], tile.height, tile.width, 2)
                for pairs in self._chunks(large, runs):
                    mixture = torch.view_as_real(self._paired(tile.of(coefficients[picture]), pairs))
                    correlated = self._correlated(spectra[self._numbers(pairs)], looking, tile)
                    for values, share in zip(correlated, mixture, strict=True):
                        total.addcmul_(values, share)
                torch.sub(total[..., 0], total[..., 1], out=tile.of(small[picture]))
        return small

    def spread(self, small: Tensor, coefficients: Tensor) -> Tensor:
        """``large_c = sum_b k_b convolved with (m_b small_c)``: the transpose of `correlate`."""
        large = small.new_zeros(*small.shape[:2], self.height + self.margin, self.width + self.margin)
        for picture in range(len(small)):
            spectra = self.spectra[picture % len(self.spectra)]
            for tile, runs in zip(self.tiles, self.runs[picture % len(self.runs)], strict=True):
                light = tile.of(small[picture])
                total = spectra.new_zeros(small.shape[1], *self.transform)
                for pairs in self._chunks(small, runs):
                    mixture = self._paired(tile.of(coefficients[picture]), pairs)
                    weighted = self._weighted(light, mixture)
                    for values, spectrum in zip(weighted, spectra[self._numbers(pairs)], strict=True):
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
            spectra = self.spectra[picture % len(self.spectra)]
            gathered = torch.zeros_like(spectra[:: 2 // self.spacing])
            for tile in self.tiles:
                looking = self._looking(large[picture], tile)
                light = tile.of(small[picture])
                doubled = light.unsqueeze(-1).expand(-1, -1, -1, 2).contiguous()
                for pairs in self._chunks(large, [every_pair(self.count)]):
                    if mixtures is not None:
                        correlated = self._correlated(spectra[self._numbers(pairs)], looking, tile)
                        slope = correlated[:, 0] * doubled[0]
                        for channel in range(1, large.shape[1]):
                            slope.addcmul_(correlated[:, channel], doubled[channel])
                        own = tile.of(mixtures[picture])[pairs.start : pairs.stop + 1]
                        own[0::2], own[1::2] = slope[..., 0], -slope[: len(own) // 2, ..., 1]
                    if basis is not None:
                        weighted = self._weighted(light, self._paired(tile.of(coefficients[picture]), pairs))
                        for channel in range(large.shape[1]):
                            gathered[pairs.start // 2 : ceil(pairs.stop / 2)].addcmul_(
                                weighted[:, channel], looking[channel]
                            )
            if basis is not None:
                lags = torch.view_as_real(torch.fft.ifft2(gathered.conj()))[..., : self.size, : self.size, :]
                basis[picture, 0::2], basis[picture, 1::2] = lags[..., 0], -lags[: self.count // 2, ..., 1]
        return basis, mixtures

    def _chunks(self, image: Tensor, runs: Iterable[slice]) -> Iterator[slice]:
        """Cut runs of pairs into chunks that fit the cache."""
        plane = image.shape[1] * self.transform[0] * self.transform[1] * 2 * image.itemsize
        memory = torch.cuda.mem_get_info(image.device)[0] // GPU_SHARE if image.is_cuda else CACHED_BYTES
        most = max(1, memory // plane)
        for run in runs:
            for start in range(run.start, run.stop, most * run.step):
                yield slice(start, min(start + (most - 1) * run.step + 1, run.stop), run.step)

    def _numbers(self, pairs: slice) -> slice:
        """Tell where the spectra of pairs are, which are named by their first kernels."""
        return slice(pairs.start // self.spacing, ceil(pairs.stop / self.spacing), pairs.step // self.spacing)

    def _looking(self, large: Tensor, tile: Tile) -> Tensor:
        """Transform what a tile sees, ``[C, T, T]``, conjugate."""
        return torch.fft.fft2(tile.seen(large, self.margin), s=self.transform).conj().resolve_conj()

    def _paired(self, coefficients: Tensor, pairs: slice) -> Tensor:
        """Lay the coefficients of a tile out as the transforms hold their kernels: ``[P, h, w]``, complex."""
        even, odd = coefficients[pairs], coefficients[pairs.start + 1 : pairs.stop + 1 : pairs.step]
        if len(odd) < len(even):
            odd = torch.cat((odd, torch.zeros_like(even[:1])))
        return torch.complex(even, odd)  # interleaves twice as fast as two copies

    def _correlated(self, spectra: Tensor, looking: Tensor, tile: Tile) -> Tensor:
        """Correlate a tile with pairs of kernels, the second one of each negative: ``[P, C, h, w, 2]``."""
        product = torch.fft.fft2(spectra.unsqueeze(1) * looking, norm="forward")
        return torch.view_as_real(product)[..., : tile.height, : tile.width, :]

    def _weighted(self, light: Tensor, mixture: Tensor) -> Tensor:
        """Transform a tile times pairs of coefficients: ``[P, C, T, T]``."""
        padded = mixture.new_zeros(len(mixture), len(light), *self.transform)
        torch.mul(light, mixture.unsqueeze(1), out=padded[..., : light.shape[1], : light.shape[2]])
        return torch.fft.fft2(padded)


def every_pair(count: int) -> slice:
    """Name the pairs that hold all of some kernels, by the first kernel of each."""
    return slice(0, count, 2)


def runs_of_pairs(coefficients: Tensor) -> list[slice]:
    """Tell which kernels a tile ``[B, h, w]`` uses, as pairs of neighbours: of a turning camera's 25, two pairs.

    All of them on a GPU, which would have to wait for the answer.

    Returns:
        Evenly spaced first kernels of pairs. A pair whose second kernel is not in use, or lies beyond the last, is one
        kernel alone.
    """
    count = len(coefficients)
    if coefficients.is_cuda:
        return [every_pair(count)]
    glance = (coefficients[:, ::GLANCE, ::GLANCE] != 0).flatten(1).any(1).tolist()
    if all(glance):
        return [every_pair(count)]
    firsts: list[int] = []
    for number in range(count):
        if (not firsts or number > firsts[-1] + 1) and (glance[number] or coefficients[number].any()):
            firsts.append(number)
    runs: list[slice] = []
    for first in firsts:
        last = runs[-1] if runs else None
        if last is not None and (last.stop == last.start + 1 or first == last.stop - 1 + last.step):
            runs[-1] = slice(last.start, first + 1, last.step if last.stop > last.start + 1 else first - last.start)
        else:
            runs.append(slice(first, first + 1, 2))
    return runs
