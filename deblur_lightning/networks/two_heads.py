"""The two-headed U-Net that sees a photo's motion field (Carbajal et al. 2021, arXiv 2102.01026, section 4).

One encoder; one decoder mixes (coefficients at each pixel), one draws (basis kernels of the whole picture).
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.networks.layers import convolution

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


class TwoHeads(nn.Module):
    """What lies between a stem and the two softmaxes: encoder, mixing decoder, kernel decoder.

    Args:
        num_basis: number B of basis kernels.
        kernel_size: side K of the kernels, in pixels: 9, 17, 33 or 65.
        width: channels of the stem and the first stage, which the deeper ones double.
        deepest: limit of the stages' channels, as a multiple of ``width``; published 16.
        groups: of the encoder's normalisation; published 0, none.

    Raises:
        ValueError: a kernel size or width that the decoders cannot reach, no kernel, or no depth.
    """

    def __init__(self, num_basis: int, kernel_size: int, width: int, deepest: int = 16, groups: int = 0) -> None:
        super().__init__()
        if kernel_size not in (9, 17, 33, 65):
            raise ValueError(
                f"kernel_size is {kernel_size}, but the decoder doubles one pixel until 9, 17, 33 or 65. "
                f"Pass {min((9, 17, 33, 65), key=lambda size: abs(size - kernel_size))}."
            )
        if width < 8 or width % 8:
            raise ValueError(f"width is {width}, but channels come in groups of 8. Pass {max(8, width // 8 * 8)}.")
        if num_basis < 1 or deepest < 1:
            raise ValueError(f"num_basis is {num_basis} and deepest {deepest}, but both count. Pass at least 1.")
        self.num_basis, self.kernel_size, self.width = num_basis, kernel_size, width
        sizes = [width, *(width * min(multiple, deepest) for multiple in (1, 2, 4, 8, 16))]
        self.down = nn.ModuleList(Down(i, o, groups) for i, o in itertools.pairwise(sizes))
        self.bottleneck = convolution(sizes[-1], sizes[-1], groups)

        skips = sizes[:0:-1]  # 16 w, 8 w, 4 w, 2 w, w
        self.mixing_up = nn.ModuleList(Up(i, s, o) for i, s, o in zip(skips, skips, [*skips[1:], width], strict=True))
        self.mixing_head = nn.Sequential(
            convolution(width, width, 0), convolution(width, width, 0), nn.Conv2d(width, num_basis, 3, padding=1)
        )
        self.doublings = (kernel_size - 1).bit_length() - 1
        kernel_sizes = [width * min(multiple, deepest) for multiple in (16, 8, 4, 4, 2, 1, 1)][: self.doublings + 1]
        kernel_skips = [*skips, 0][: self.doublings]
        self.kernel_up = nn.ModuleList(
            Up(i, s, o) for i, s, o in zip(kernel_sizes[:-1], kernel_skips, kernel_sizes[1:], strict=True)
        )
        self.kernel_head = nn.Sequential(
            convolution(kernel_sizes[-1], width, 0, kernel_size=2),
            convolution(width, width, 0),
            nn.Conv2d(width, num_basis, 3, padding=1),
        )

    def encode(self, features: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the bottleneck's features of a stem's ``[N, width, H, W]``, and the skips, deepest first."""
        skips: list[Tensor] = []
        for down in self.down:
            skip, features = down(features)
            skips.insert(0, skip)
        return self.bottleneck(features), skips

    def mix(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """Return logarithms of the mixing coefficients, up to a constant: ``[N, B, H, W]``, float32."""
        for up, skip in zip(self.mixing_up, skips, strict=True):
            features = up(features, skip)
        mixture: Tensor = self.mixing_head(features)
        return mixture.float()

    def draw(self, features: Tensor, skips: list[Tensor], hints: list[Tensor] | None = None) -> Tensor:
        """Return basis kernels ``[N, B, K, K]``, float32, each with unit sum.

        Args:
            features: the bottleneck's.
            skips: as `encode` returns them.
            hints: added to the features of each resolution from one pixel to K, and to the head's; ours.
        """
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


def check_light(light: Tensor) -> None:
    """Raise unless pictures are what the networks take: ``[N, 3 or 1, H, W]``, H and W at least 32.

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


def _mean(features: Tensor) -> Tensor:
    """Average over the picture; unlike that of ``mean``, the gradient is not written out for every pixel."""
    wide = torch.promote_types(features.dtype, torch.float32)  # a photo's sum is beyond float16
    total = features.sum(dim=(2, 3), keepdim=True, dtype=wide)
    return (total / features[0, 0].numel()).to(features.dtype)
