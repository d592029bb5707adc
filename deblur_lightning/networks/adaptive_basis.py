"""The two-headed U-Net that sees a photo's motion field (Carbajal et al. 2021, arXiv 2102.01026, section 4).

One encoder; one decoder mixes (coefficients at each pixel), one draws (basis kernels of the whole picture).
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.field import KernelField

SMALLEST_SIDE = 32  # five halvings leave one pixel


def _convolution(inputs: int, outputs: int, groups: int, kernel_size: int = 3) -> nn.Sequential:
    norm = [nn.GroupNorm(groups, outputs)] if groups else []
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel_size, padding=1), *norm, nn.LeakyReLU(inplace=True))


class Down(nn.Module):
    """Two convolutions, kept as the skip, then half the size."""

    def __init__(self, inputs: int, outputs: int, groups: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(_convolution(inputs, outputs, groups), _convolution(outputs, outputs, groups))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the skip ``[N, outputs, H, W]`` and its halved maximum."""
        skip = self.convolutions(features)
        return skip, F.max_pool2d(skip, 2)


class Up(nn.Module):
    """Twice the size, two convolutions, then one that merges the skip (the skip's channels come first)."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(inputs, inputs, 2, stride=2)
        self.convolutions = nn.Sequential(_convolution(inputs, outputs, 0), _convolution(outputs, outputs, 0))
        self.merge = _convolution(skip + outputs, outputs, 0)

    def forward(self, features: Tensor, skip: Tensor | None) -> Tensor:
        """Return ``[N, outputs, H, W]`` of the skip's size: an odd row or column more is filled with zeros."""
        features = self.convolutions(self.upsample(features))
        if skip is None:
            return self.merge(features)
        rows, columns = skip.shape[2] - features.shape[2], skip.shape[3] - features.shape[3]
        features = F.pad(features, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return self.merge(torch.cat((skip, features), dim=1))


class AdaptiveBasisNetwork(nn.Module):
    """Estimate the motion field of a blurry photo.

    The defaults are the published network, 79.8 M parameters. Its last two arguments are ours, for small
    configurations that must learn quickly from nothing; the published weights need both off.

    Args:
        num_basis: number B of basis kernels.
        kernel_size: side K of the kernels, in pixels: 9, 17, 33 or 65 (published: 33 and 65).
        width: channels of the first stage, which the deeper ones double; published 64.
        normalize: group normalisation in the encoder.
        relative: see light relative to the picture's mean, so that a dim photo looks like a bright one.

    Raises:
        ValueError: a kernel size or width that the decoders cannot reach.
    """

    def __init__(
        self,
        num_basis: int = 25,
        kernel_size: int = 33,
        width: int = 64,
        normalize: bool = False,
        relative: bool = False,
    ) -> None:
        super().__init__()
        if kernel_size not in (9, 17, 33, 65):
            raise ValueError(
                f"kernel_size is {kernel_size}, but the decoder doubles one pixel until 9, 17, 33 or 65. "
                f"Pass {min((9, 17, 33, 65), key=lambda size: abs(size - kernel_size))}."
            )
        if width < 8 or width % 8:
            raise ValueError(f"width is {width}, but channels come in groups of 8. Pass {max(8, width // 8 * 8)}.")
        if num_basis < 1:
            raise ValueError(f"num_basis is {num_basis}, but a field needs a kernel. Pass at least 1.")
        self.kernel_size, self.relative = kernel_size, relative
        groups = 8 if normalize else 0
        sizes = [width, width, 2 * width, 4 * width, 8 * width, 16 * width]
        self.stem_rgb, self.stem_gray = _convolution(3, width, 0), _convolution(1, width, 0)
        self.down = nn.ModuleList(Down(i, o, groups) for i, o in itertools.pairwise(sizes))
        self.bottleneck = _convolution(sizes[-1], sizes[-1], groups)

        skips = sizes[:0:-1]  # 16 w, 8 w, 4 w, 2 w, w
        self.mixing_up = nn.ModuleList(Up(i, s, o) for i, s, o in zip(skips, skips, [*skips[1:], width], strict=True))
        self.mixing_head = nn.Sequential(
            _convolution(width, width, 0), _convolution(width, width, 0), nn.Conv2d(width, num_basis, 3, padding=1)
        )
        doublings = (kernel_size - 1).bit_length() - 1
        kernel_sizes = [16 * width, 8 * width, 4 * width, 4 * width, 2 * width, width, width][: doublings + 1]
        kernel_skips = [*skips, 0][:doublings]
        self.kernel_up = nn.ModuleList(
            Up(i, s, o) for i, s, o in zip(kernel_sizes[:-1], kernel_skips, kernel_sizes[1:], strict=True)
        )
        self.kernel_head = nn.Sequential(
            _convolution(kernel_sizes[-1], width, 0, kernel_size=2),
            _convolution(width, width, 0),
            nn.Conv2d(width, num_basis, 3, padding=1),
        )

    def forward(self, light: Tensor) -> KernelField:
        """Estimate the field of pictures.

        Args:
            light: ``[N, 3, H, W]``, or ``[N, 1, H, W]`` for gray ones, linear light minus 0.5; H and W at least 32.

        Returns:
            The field, B basis kernels a picture and their coefficients at each of its pixels, float32.

        Raises:
            ValueError: another number of axes or channels, or a smaller picture.
        """
        if light.ndim != 4 or light.shape[1] not in (1, 3):
            raise ValueError(f"light has shape {list(light.shape)}, but [N, 3 or 1, H, W] is needed. Add the axes.")
        if min(light.shape[-2:]) < SMALLEST_SIDE:
            raise ValueError(
                f"the picture is {light.shape[-2]} x {light.shape[-1]} pixels, but the network halves it five times. "
                f"Pad it to at least {SMALLEST_SIDE} x {SMALLEST_SIDE}."
            )
        if self.relative:
            mean = light.mean(dim=(1, 2, 3), keepdim=True)
            light = (light - mean) / (mean + 0.52)  # 0.5 brings the mean back to light; 0.02 keeps night finite
        features = self.stem_rgb(light) if light.shape[1] == 3 else self.stem_gray(light)
        skips: list[Tensor | None] = []
        for down in self.down:
            skip, features = down(features)
            skips.insert(0, skip)
        features = self.bottleneck(features)
        return KernelField(self._draw(features, skips), self._mix(features, skips))

    def _mix(self, features: Tensor, skips: list[Tensor | None]) -> Tensor:
        for up, skip in zip(self.mixing_up, skips, strict=True):
            features = up(features, skip)
        return self.mixing_head(features).float().softmax(dim=1)

    def _draw(self, features: Tensor, skips: list[Tensor | None]) -> Tensor:
        features = features.mean(dim=(2, 3), keepdim=True)
        for level, (up, skip) in enumerate(zip(self.kernel_up, [*skips, None], strict=False), start=1):
            side = 2**level
            pooled = None if skip is None else skip.mean(dim=(2, 3), keepdim=True).expand(-1, -1, side, side)
            features = up(features, pooled)
        logits = self.kernel_head(features).float()
        return logits.flatten(2).softmax(dim=-1).view_as(logits)
