"""Guess the path of the camera, or that path backwards: ours.

A path and its reverse have one autocorrelation, so how a picture's edges repeat names them both and hardly tells which
is right. Asked for the kernel, a network answers with the mean of both, a round spot; asked for either, with a path.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.networks.correlations import DIRECTIONS, correlations, limited

ORDERS = 2  # of correlations: second and fourth
CHANNELS = 2 * (ORDERS * DIRECTIONS + 1)  # with the cepstrum; near and far
GROUPS = 8  # of the normalisation
LEAST_POWER = 1e-3  # of the edges' spectrum, below which its logarithm tells of noise
CEPSTRUM = 10.0  # brings the cepstrum to the correlations' size
SLOPE = 0.1  # of LeakyReLU below zero
NARROW = 32  # channels of the coarsest maps that all see all of each other
ACROSS, DOWN = 0, 1
FALLING, RISING = 2, 3
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))  # down and to the right, of each direction's differences


def path_features(light: Tensor, kernel_size: int, share: Tensor | None = None) -> Tensor:
    """Show how a picture's edges repeat: their correlations and the cepstrum of these, near and far.

    Args:
        light: pictures ``[N, C, H, W]`` in any unit; at least 2 x 2.
        kernel_size: side K of the kernels, in pixels.
        share: how much each pixel counts, ``[N, H, W]``; None for all alike.

    Returns:
        ``[N, 18, K, K]``, at least float32: eight correlations (as `edge_correlations`, but of differences that mirror
        into each other) and the cepstrum for displacements of up to ``K // 2`` pixels, then the same for up to K - 1,
        every other one.

    Source:
        Ours; the cepstrum, the transform of the spectrum's logarithm, turns the blur's product into a sum.
    """
    with torch.autocast(light.device.type, enabled=False):
        gray = light.to(torch.promote_types(light.dtype, torch.float32)).mean(dim=1)
        edges, counted = _differences(gray, share)
        wide = correlations(limited(edges, counted), kernel_size - 1)
        wide = torch.cat((wide, _cepstrum(wide[:, :DIRECTIONS])), dim=1)
    inner = slice(kernel_size // 2, -(kernel_size // 2))
    far = F.avg_pool2d(wide, 3, stride=2, padding=1, count_include_pad=False)
    return torch.cat((wide[..., inner, inner], far), dim=1)


def mirrored(features: Tensor) -> Tensor:
    """Give the `path_features` of the picture mirrored left to right: its diagonals change places."""
    return _reordered(features, (ACROSS, DOWN, RISING, FALLING)).flip(-1)


def transposed(features: Tensor) -> Tensor:
    """Give the `path_features` of the picture with rows for columns: across and down change places."""
    return _reordered(features, (DOWN, ACROSS, FALLING, RISING)).transpose(-1, -2)


def reflections(features: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
    """Add what pictures transposed, mirrored and both would give.

    The other four of a square's symmetries reverse kernels, which counts as the same.

    Args:
        features: `path_features` of pictures, ``[N, 18, K, K]``.
        kernels: ``[N, K, K]``.

    Returns:
        Both for ``4 N`` pictures.
    """
    features, kernels = torch.cat((features, transposed(features))), torch.cat((kernels, kernels.mT))
    return torch.cat((features, mirrored(features))), torch.cat((kernels, kernels.flip(-1)))


class PathNetwork(nn.Module):
    """Draw the kernel of pictures that one kernel blurred, or the same kernel turned by half a turn.

    A small U-Net over `path_features`; at its coarsest every place sees all others.

    Args:
        kernel_size: side K of the kernels, in pixels, odd.
        width: channels at half the kernels' resolution; a multiple of 8.

    Raises:
        ValueError: a width or kernel size of another kind.
    """

    def __init__(self, kernel_size: int = 33, width: int = 48) -> None:
        super().__init__()
        if width < GROUPS or width % GROUPS:
            raise ValueError(f"width is {width}, but channels come in groups of {GROUPS}. Pass 48.")
        if kernel_size < 9 or kernel_size % 2 == 0:
            raise ValueError(f"kernel_size is {kernel_size}, but paths are drawn on an odd side from 9 on. Pass 33.")
        self.kernel_size, self.width = kernel_size, width
        self.fine = nn.Sequential(_stage(4 * CHANNELS, width), _stage(width, width))
        self.middle = nn.Sequential(_stage(width, 2 * width, 2), _stage(2 * width, 2 * width))
        self.coarse = _stage(2 * width, 2 * width, 2)
        self.everywhere = _everywhere(2 * width, -(-(kernel_size + 1) // 8))
        self.middle_up = _stage(4 * width, 2 * width)
        self.fine_up = _stage(3 * width, width)
        self.head = nn.Sequential(_stage(width, width), nn.Conv2d(width, 4, 3, padding=1))

    def forward(self, features: Tensor) -> Tensor:
        """Draw kernels from `path_features`.

        Args:
            features: ``[N, 18, K, K]``.

        Returns:
            Logarithms of the kernels ``[N, K, K]``, each up to a constant.

        Raises:
            ValueError: features of another size.
        """
        size = self.kernel_size
        if list(features.shape[1:]) != [CHANNELS, size, size]:
            raise ValueError(
                f"features are {list(features.shape)}, but [N, {CHANNELS}, {size}, {size}] is needed. "
                "Take those of path_features for this kernel_size."
            )
        features = features.to(next(self.parameters()).dtype)
        fine = self.fine(F.pixel_unshuffle(F.pad(features, (0, 1, 0, 1)), 2))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        coarse = coarse + self.everywhere(coarse)
        middle = self.middle_up(torch.cat((_enlarged(coarse, middle), middle), dim=1))
        fine = self.fine_up(torch.cat((_enlarged(middle, fine), fine), dim=1))
        drawn: Tensor = F.pixel_shuffle(self.head(fine), 2)[:, 0, :size, :size].float()
        return drawn

    @torch.no_grad()
    def guess(self, light: Tensor, share: Tensor | None = None) -> Tensor:
        """Guess the kernel of one picture, or of a part of it, or the reverse of that kernel.

        Args:
            light: ``[H, W]``, linear light in any unit.
            share: how much each pixel counts, ``[H, W]``; None for all alike.

        Returns:
            ``[K, K]``, unit sum, correlation.
        """
        features = path_features(light[None, None], self.kernel_size, None if share is None else share[None])
        drawn: Tensor = self(features)[0]
        return drawn.flatten().softmax(0).view_as(drawn)


def _differences(gray: Tensor, share: Tensor | None) -> tuple[Tensor, Tensor]:
    """Take differences in four directions, each of all pairs that there are, zeros beyond; and how much each counts."""
    height, width = gray.shape[-2:]
    share = torch.ones_like(gray) if share is None else share
    edges, counted = (gray.new_zeros(len(gray), DIRECTIONS, height, width) for _ in range(2))
    for number, (down, right) in enumerate(STEPS):
        rows, columns = height - down, width - abs(right)
        left, behind = max(right, 0), max(-right, 0)
        ahead = (..., slice(down, None), slice(left, left + columns))
        back = (..., slice(0, rows), slice(behind, behind + columns))
        edges[:, number, :rows, :columns] = gray[ahead] - gray[back]
        counted[:, number, :rows, :columns] = torch.minimum(share[ahead], share[back])
    return edges, counted


def _stage(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.GroupNorm(GROUPS, outputs), nn.LeakyReLU(SLOPE)
    )


def _everywhere(channels: int, side: int) -> nn.Sequential:
    """Let every place of ``[N, channels, side, side]`` see all others."""
    cells = NARROW * side**2
    return nn.Sequential(
        nn.Conv2d(channels, NARROW, 1),
        nn.Flatten(),
        nn.Linear(cells, cells // 2),
        nn.LeakyReLU(SLOPE),
        nn.Linear(cells // 2, cells // 2),
        nn.LeakyReLU(SLOPE),
        nn.Linear(cells // 2, cells),
        nn.Unflatten(1, (NARROW, side, side)),
        nn.Conv2d(NARROW, channels, 1),
    )


def _enlarged(coarse: Tensor, fine: Tensor) -> Tensor:
    return F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=True)


def _reordered(features: Tensor, directions: tuple[int, ...]) -> Tensor:
    """Reorder the directions of both orders of correlations, near and far."""
    count = CHANNELS // 2
    one = [DIRECTIONS * order + direction for order in range(ORDERS) for direction in directions] + [count - 1]
    return features[:, [*one, *(count + channel for channel in one)]]


def _cepstrum(second: Tensor) -> Tensor:
    """Transform the logarithm of the spectrum of all directions' edges: ``[N, 4, S, S]`` to ``[N, 1, S, S]``."""
    side = second.shape[-1]
    taper = torch.hann_window(side + 2, periodic=False, dtype=second.dtype, device=second.device)[1:-1]
    faded = second.sum(dim=1, keepdim=True) * taper.unsqueeze(1) * taper
    spectrum = torch.fft.fft2(torch.fft.ifftshift(faded, dim=(-2, -1))).real
    cepstrum = torch.fft.fftshift(torch.fft.ifft2(spectrum.clamp(min=LEAST_POWER).log()).real, dim=(-2, -1))
    cepstrum[..., side // 2, side // 2] = 0
    return CEPSTRUM * cepstrum
