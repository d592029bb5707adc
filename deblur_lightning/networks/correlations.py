"""How a picture's edges repeat: ours, a shortcut from the blurry picture to the camera's path.

Blur multiplies a picture's spectrum by its kernel's. Edges of sharp pictures hardly repeat at small distances, so
what repeats in a blurry one is the autocorrelation of its kernel.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.networks.layers import convolution
from deblur_lightning.physics.fast_length import fast_length

DIRECTIONS = 4
CHANNELS = 4 * DIRECTIONS  # second and fourth order, both near and far
EDGE = 3.0  # edges of so many mean gradients count fully, stronger ones little more
EMPTY = 1e-3  # of a picture's correlations at no displacement, in pixels: keeps a flat picture finite


def edge_correlations(light: Tensor, reach: int) -> Tensor:
    """Correlate a picture's edges with themselves, displaced.

    Edges are differences across, down and along both diagonals, limited softly so that none rules. The second order
    is symmetric: a path and the same path backwards give the same. The fourth, of the edges' cubes with the edges, is
    not, and tells them apart (edges of random sign cancel in the third).

    Args:
        light: pictures ``[N, C, H, W]`` in any unit; at least 2 x 2.
        reach: longest displacement along each axis, in pixels.

    Returns:
        ``[N, 8, 2 reach + 1, 2 reach + 1]``: of each direction the autocorrelation, 1 at no displacement in the centre;
        then of each what the fourth order adds to it.

    Source:
        Ours; autocorrelations of blurry pictures' derivatives: Yitzhaky and Kopeika 1997.
    """
    gray = light.mean(dim=1)
    across = gray[:, 1:, 1:] - gray[:, 1:, :-1]
    down = gray[:, 1:, 1:] - gray[:, :-1, 1:]
    edges = torch.stack((across, down, (across + down) / 2**0.5, (across - down) / 2**0.5), dim=1)
    return correlations(limited(edges), reach)


def limited(edges: Tensor, counted: Tensor | None = None) -> Tensor:
    """Limit edges softly to about their mean size, each direction by its own.

    Args:
        edges: ``[N, D, H, W]``.
        counted: how much each counts, of the same shape, and by how much the result is scaled; None for all alike.
    """
    counted = torch.ones_like(edges) if counted is None else counted
    tiny = torch.finfo(edges.dtype).tiny
    typical = (counted * edges.abs()).sum(dim=(2, 3), keepdim=True) / (counted.sum(dim=(2, 3), keepdim=True) + tiny)
    return counted * (edges / (EDGE * typical + tiny)).tanh()


def correlations(edges: Tensor, reach: int) -> Tensor:
    """Correlate limited edges ``[N, D, H, W]`` with themselves, displaced; see `edge_correlations`.

    Returns:
        ``[N, 2 D, 2 reach + 1, 2 reach + 1]``.
    """
    sides = [fast_length(max(side + reach, 2 * reach + 1)) for side in edges.shape[-2:]]
    spectrum, cubed = torch.fft.rfft2(edges, s=sides), torch.fft.rfft2(edges**3, s=sides)
    products = torch.cat((spectrum * spectrum.conj(), cubed * spectrum.conj()), dim=1)
    repeats = torch.fft.irfft2(products, s=sides).roll((reach, reach), dims=(2, 3))
    repeats = repeats[..., : 2 * reach + 1, : 2 * reach + 1]
    repeats = repeats / (repeats[..., reach : reach + 1, reach : reach + 1] + EMPTY)
    second, fourth = repeats.chunk(2, dim=1)
    return torch.cat((second, 3 * (fourth - second)), dim=1)


class CorrelationEncoder(nn.Module):
    """Tell the kernel decoder at each of its sizes how the picture's edges repeat.

    Args:
        kernel_size: side K of the kernels.
        channels: of the decoder at K, at K - 1, (K - 1) / 2, … down to 2, and at 1.
        groups: of the group normalisation.
    """

    def __init__(self, kernel_size: int, channels: list[int], groups: int) -> None:
        super().__init__()
        self.kernel_size, self.sides = kernel_size, [2**level for level in range(len(channels) - 2, 0, -1)]
        first, *between, last = channels
        self.stem = convolution(CHANNELS, first, groups)
        self.down = nn.ModuleList(convolution(i, o, groups) for i, o in itertools.pairwise([first, *between]))
        self.top = nn.Conv2d(between[-1], last, 2)

    def forward(self, light: Tensor) -> list[Tensor]:
        """Return features from ``[N, C, 1, 1]`` over 2, 4, … to K, in the order of the decoder's stages."""
        with torch.autocast(light.device.type, enabled=False):
            wide = edge_correlations(light.to(torch.promote_types(light.dtype, torch.float32)), self.kernel_size - 1)
        inner = slice(self.kernel_size // 2, -(self.kernel_size // 2))
        near = wide[..., inner, inner]
        far = F.avg_pool2d(F.pad(wide, (1, 0, 1, 0)), 2)
        features = self.stem(torch.cat((near, far), dim=1))
        hints = [features]
        for side, down in zip(self.sides, self.down, strict=True):
            features = down(F.adaptive_avg_pool2d(features, side))
            hints.append(features)
        return [self.top(features), *hints[::-1]]
