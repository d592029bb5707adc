"""KernelRefiner: what a blur kernel is likely to be, by what estimates from small, noisy pictures get wrong; ours."""

from itertools import pairwise
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.physics.noise import LEAST_NOISE

SCALES = (30.0, 30.0, 100.0, 4.0, 4.0, 4.0, 4.0, 2.0, 2.0)  # bring the planes, see `kernel_hints`, to about 1
SHARES = (1.0, 0.5, 0.5)  # of the first three, which are kernels, in what the answer begins with
FAINT = 1e-4  # light that any pixel of a kernel may have
WIDTHS = (6, 12, 20, 24)  # channels at each level, in units of a quarter of the first's
USUAL_NOISE = 6e-3  # of light of a standard deviation of about 0.17


class ResidualPair(nn.Module):
    """Add to features what two convolutions make of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        changed: Tensor = self.second(F.gelu(self.first(F.gelu(features))))
        return features + changed


class KernelRefiner(nn.Module):
    """Tell the likely kernel from estimates of it and from what correlations show: a small U-Net over kernel pixels.

    Estimates from small, noisy pictures come out too short, for a shorter kernel leaves less to be explained. The
    network has seen many such estimates beside the true kernels. What it is unsure about it tells softly.

    Args:
        kernel_size: side K of the kernels, in pixels, odd and at least 9.
        width: channels at the first of four levels, a multiple of 6.

    Raises:
        ValueError: a size or a width that cannot be.
    """

    def __init__(self, kernel_size: int = 33, width: int = 24) -> None:
        super().__init__()
        if kernel_size < 9 or kernel_size % 2 == 0:
            raise ValueError(f"kernel_size is {kernel_size}, but it is odd and at least 9. Pass 33.")
        if width < 6 or width % 6:
            raise ValueError(f"width is {width}, but it is a multiple of 6. Pass 24.")
        self.kernel_size, self.width = kernel_size, width
        channels = [width * share // 6 for share in WIDTHS]
        steps = list(pairwise(channels))
        self.intro = nn.Conv2d(len(SCALES) + 3, width, 3, padding=1)
        self.encoders = nn.ModuleList(ResidualPair(count) for count in channels)
        self.downs = nn.ModuleList(nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in steps)
        self.ups = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in steps)
        self.decoders = nn.ModuleList(ResidualPair(count) for count in channels[:-1])
        self.dropout = nn.Dropout(0.1)
        self.ending = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, hints: Tensor, noise: Tensor) -> Tensor:
        """Tell kernels.

        Args:
            hints: ``[N, 9, K, K]`` of N pictures, see `kernel_hints`.
            noise: standard deviation of each one's light, ``[N]``; less than `LEAST_NOISE` counts as that.

        Returns:
            ``[N, K, K]``, not negative, unit sum.
        """
        features = self.intro(torch.cat((hints * hints.new_tensor(SCALES).view(-1, 1, 1), _about(hints, noise)), 1))
        skips = list[Tensor]()
        for encoder, down in zip(self.encoders[:-1], self.downs, strict=True):
            skips.append(encoder(features))
            features = down(skips[-1])
        features = self.dropout(self.encoders[-1](features))
        for decoder, up, skip in zip(reversed(self.decoders), reversed(self.ups), reversed(skips), strict=True):
            wide = F.interpolate(up(features), size=skip.shape[-2:], mode="bilinear", align_corners=True)
            features = decoder(skip + wide)
        start = (hints[:, :3] * hints.new_tensor(SHARES).view(-1, 1, 1)).sum(1) + FAINT
        scores = self.ending(F.gelu(features))[:, 0] + start.log()
        return scores.flatten(1).softmax(1).view_as(scores)


def _about(hints: Tensor, noise: Tensor) -> Tensor:
    """Tell each pixel the noise, and its squared distance from the centre down and to the right: ``[N, 3, K, K]``."""
    away = torch.linspace(-1, 1, hints.shape[-1], device=hints.device, dtype=hints.dtype).square()
    level = (noise.to(hints).clamp(min=LEAST_NOISE).log() - log(USUAL_NOISE)).view(-1, 1, 1).expand_as(hints[:, 0])
    return torch.stack((level, away[:, None].expand_as(level), away.expand_as(level)), dim=1)
