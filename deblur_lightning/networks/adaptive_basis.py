"""The two-headed U-Net that sees a photo's motion field (Carbajal et al. 2021, arXiv 2102.01026, section 4).

One encoder; one decoder mixes (coefficients at each pixel), one draws (basis kernels of the whole picture).
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.field import KernelField
from deblur_lightning.networks.correlations import CorrelationEncoder
from deblur_lightning.networks.layers import convolution, keep_variance

SMALLEST_SIDE = 32  # five halvings leave one pixel


class Down(nn.Module):
    """Two convolutions, kept as the skip, then half the size."""

    def __init__(self, inputs: int, outputs: int, groups: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(convolution(inputs, outputs, groups), convolution(outputs, outputs, groups))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the skip ``[N, outputs, H, W]`` and its halved maximum."""
        skip = self.convolutions(features)
        return skip, F.max_pool2d(skip, 2)


class Up(nn.Module):
    """Twice the size, two convolutions, then one that merges the skip (the skip's channels come first)."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(inputs, inputs, 2, stride=2)
        self.convolutions = nn.Sequential(convolution(inputs, outputs, 0), convolution(outputs, outputs, 0))
        self.merge = convolution(skip + outputs, outputs, 0)

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

    The defaults are the published network, 79.8 M parameters. The arguments after ``width`` are ours, for small
    configurations that must learn quickly from nothing; the published weights need their defaults.

    Args:
        num_basis: number B of basis kernels.
        kernel_size: side K of the kernels, in pixels: 9, 17, 33 or 65 (published: 33 and 65).
        width: channels of the first stage, which the deeper ones double; published 64.
        normalize: group normalisation in the encoder, and weights that start so as to keep the signals' variance.
        relative: see light relative to the picture's mean, so that a dim photo looks like a bright one.
        correlations: hand the kernel decoder the picture's edge correlations, see `CorrelationEncoder`.
        fold: side of the squares of pixels that enter as channels of one; coefficients are interpolated back.
        deepest: limit of the stages' channels, as a multiple of ``width``; published 16.
        gray_stem: whether gray pictures have a first convolution of their own; without one they enter as RGB.

    Raises:
        ValueError: a kernel size or width that the decoders cannot reach, or no fold or depth.
    """

    def __init__(
        self,
        num_basis: int = 25,
        kernel_size: int = 33,
        width: int = 64,
        normalize: bool = False,
        relative: bool = False,
        correlations: bool = False,
        fold: int = 1,
        deepest: int = 16,
        gray_stem: bool = True,
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
        if fold < 1 or deepest < 1:
            raise ValueError(f"fold is {fold} and deepest {deepest}, but both count from 1. Pass 1 and 16.")
        self.relative, self.fold = relative, fold
        groups = 8 if normalize else 0
        sizes = [width, *(width * min(multiple, deepest) for multiple in (1, 2, 4, 8, 16))]
        self.stem_rgb = convolution(3 * fold**2, width, 0)
        self.stem_gray = convolution(fold**2, width, 0) if gray_stem else None
        self.down = nn.ModuleList(Down(i, o, groups) for i, o in itertools.pairwise(sizes))
        self.bottleneck = convolution(sizes[-1], sizes[-1], groups)

        skips = sizes[:0:-1]  # 16 w, 8 w, 4 w, 2 w, w
        self.mixing_up = nn.ModuleList(Up(i, s, o) for i, s, o in zip(skips, skips, [*skips[1:], width], strict=True))
        self.mixing_head = nn.Sequential(
            convolution(width, width, 0), convolution(width, width, 0), nn.Conv2d(width, num_basis, 3, padding=1)
        )
        doublings = (kernel_size - 1).bit_length() - 1
        kernel_sizes = [width * min(multiple, deepest) for multiple in (16, 8, 4, 4, 2, 1, 1)][: doublings + 1]
        kernel_skips = [*skips, 0][:doublings]
        self.kernel_up = nn.ModuleList(
            Up(i, s, o) for i, s, o in zip(kernel_sizes[:-1], kernel_skips, kernel_sizes[1:], strict=True)
        )
        self.kernel_head = nn.Sequential(
            convolution(kernel_sizes[-1], width, 0, kernel_size=2),
            convolution(width, width, 0),
            nn.Conv2d(width, num_basis, 3, padding=1),
        )
        self.correlation_encoder = None
        if correlations:
            sizes_down = [width, *skips[:doublings][::-1], kernel_sizes[0]]
            self.correlation_encoder = CorrelationEncoder(kernel_size, sizes_down, groups)
        if normalize:
            keep_variance(self)

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
        if light.shape[1] == 1 and self.stem_gray is None:
            light = light.expand(-1, 3, -1, -1)
        hints = None if self.correlation_encoder is None else self.correlation_encoder(light)
        if self.relative:
            mean = light.mean(dim=(1, 2, 3), keepdim=True)
            light = (light - mean) / (mean + 0.52)  # 0.5 brings the mean back to light; 0.02 keeps night finite
        height, width = light.shape[-2:]
        stem = self.stem_gray if self.stem_gray is not None and light.shape[1] == 1 else self.stem_rgb
        features = stem(light if self.fold == 1 else F.pixel_unshuffle(_extended(light, self.fold), self.fold))
        skips: list[Tensor] = []
        for down in self.down:
            skip, features = down(features)
            skips.insert(0, skip)
        features = self.bottleneck(features)
        coefficients = self._mix(features, skips)[..., :height, :width].softmax(dim=1)
        return KernelField(self._draw(features, skips, hints), coefficients)

    def _mix(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        for up, skip in zip(self.mixing_up, skips, strict=True):
            features = up(features, skip)
        mixture: Tensor = self.mixing_head(features).float()
        return mixture if self.fold == 1 else F.interpolate(mixture, scale_factor=float(self.fold), mode="bilinear")

    def _draw(self, features: Tensor, skips: list[Tensor], hints: list[Tensor] | None) -> Tensor:
        features = _mean(features)
        if hints is not None:
            features = features + hints[0]
        for level, up in enumerate(self.kernel_up):
            skip = None
            if level < len(skips):
                side = 2 ** (level + 1)
                skip = _mean(skips[level]).expand(-1, -1, side, side)
                skip = skip if hints is None else skip + hints[level + 1]
            features = up(features, skip)
        features = self.kernel_head[0](features)
        if hints is not None:
            features = features + hints[-1]
        logits = self.kernel_head[1:](features).float()
        return logits.flatten(2).softmax(dim=-1).view_as(logits)


def _mean(features: Tensor) -> Tensor:
    """Average over the picture; unlike that of ``mean``, the gradient is not written out for every pixel."""
    return features.sum(dim=(2, 3), keepdim=True) / features[0, 0].numel()


def _extended(light: Tensor, fold: int) -> Tensor:
    """Repeat the last row and column until squares fold and five halvings leave a pixel."""
    rows, columns = (max(-side % fold, fold * SMALLEST_SIDE - side) for side in light.shape[-2:])
    return F.pad(light, (0, columns, 0, rows), mode="replicate")
