"""One kernel for a whole picture: the engine of `TiledCorrelation` with real transforms, in half the time."""

import torch
from torch import Tensor

from deblur_lightning.physics.tiles import LARGEST_TILE_ON_GPU
from deblur_lightning.physics.tiling import Tile, even_tiling

LARGEST_TILE = 288  # pixels a side: one kernel alone leaves the cache to larger tiles


class SingleCorrelation:
    """Kernels ``[N, 1, K, K]`` transformed once; the coefficients ``[N, 1, H, W]`` still weigh each pixel.

    All pictures go through one transform where they share a size of tiles, as they do.
    """

    def __init__(self, basis: Tensor, coefficients: Tensor) -> None:
        self.size, self.margin = basis.shape[-1], basis.shape[-1] - 1
        self.height, self.width = coefficients.shape[-2:]
        largest = max(LARGEST_TILE_ON_GPU if basis.is_cuda else LARGEST_TILE, 4 * self.size)
        self.tiles, self.transform = even_tiling((self.height, self.width), self.margin, largest)
        self.spectra = torch.fft.rfft2(basis, s=self.transform)
        self.towards = self.spectra.conj().resolve_conj()

    def correlate(self, large: Tensor, coefficients: Tensor) -> Tensor:
        """``small_c = m (k correlated with large_c)``."""
        small = large.new_empty(*large.shape[:2], self.height, self.width)
        for tile in self.tiles:
            tile.of(small).copy_(
                self._correlated(torch.fft.rfft2(tile.seen(large, self.margin), s=self.transform), tile)
            )
        return small.mul_(coefficients)

    def spread(self, small: Tensor, coefficients: Tensor) -> Tensor:
        """``large_c = k convolved with (m small_c)``: the transpose of `correlate`."""
        large = small.new_zeros(*small.shape[:2], self.height + self.margin, self.width + self.margin)
        weighted = small * coefficients
        for tile in self.tiles:
            spectrum = torch.fft.rfft2(tile.of(weighted), s=self.transform).mul_(self.spectra)
            seen = tile.seen(large, self.margin)
            seen += torch.fft.irfft2(spectrum, s=self.transform)[..., : seen.shape[-2], : seen.shape[-1]]
        return large

    def field_gradient(
        self, large: Tensor, small: Tensor, coefficients: Tensor, *, by_basis: bool, by_coefficients: bool
    ) -> tuple[Tensor | None, Tensor | None]:
        """Differentiate ``<small, correlate(large)>`` by the kernels and by the coefficients."""
        mixtures = torch.empty_like(coefficients, memory_format=torch.contiguous_format) if by_coefficients else None
        gathered = torch.zeros_like(self.spectra.expand(len(large), -1, -1, -1))
        weighted = small * coefficients
        for tile in self.tiles:
            seen = torch.fft.rfft2(tile.seen(large, self.margin), s=self.transform)
            if mixtures is not None:
                correlated = self._correlated(seen, tile)
                tile.of(mixtures).copy_((correlated * tile.of(small)).sum(1, keepdim=True))
            if by_basis:
                light = torch.fft.rfft2(tile.of(weighted), s=self.transform).conj()
                gathered += (seen * light).sum(1, keepdim=True)
        basis = None
        if by_basis:
            basis = torch.fft.irfft2(gathered, s=self.transform)[..., : self.size, : self.size].contiguous()
        return basis, mixtures

    def _correlated(self, seen: Tensor, tile: Tile) -> Tensor:
        product = torch.fft.irfft2(seen * self.towards, s=self.transform)
        return product[..., : tile.height, : tile.width]
