"""DeblurGAN's two networks (Kupyn et al. 2018, arXiv 1711.07064, section 3; sizes as in the authors' released weights).

Layers keep the places they have in the authors' files, so that weights move between both by name.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST_SIDE = 8  # two pixels after both halvings: what a block mirrors at its border


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation whose gradient is right in every order of memory.

    torch 2.13's is wrong on CPUs for a batch of one where it arrives in channels_last order, as from convolutions
    with such weights.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape, each channel of each picture with mean 0 and variance 1."""
        normal: Tensor = super().forward(features)
        if normal.requires_grad:
            normal.register_hook(Tensor.contiguous)
        return normal


class ResidualBlock(nn.Module):
    """Add to features what one or two convolutions make of them.

    With one convolution the block ends in its ReLU and dropout: so the authors' later code builds it, by an accident
    of operator precedence (DeblurGAN issues 145 and 168).
    """

    def __init__(self, channels: int, convolutions: Literal[1, 2], dropout: float) -> None:
        super().__init__()
        layers = [*_same(channels), nn.ReLU(inplace=True), nn.Dropout(dropout)]
        self.conv_block = nn.Sequential(*layers, *(_same(channels) if convolutions == 2 else ()))

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        changed: Tensor = self.conv_block(features)
        return features + changed


class DeblurGANGenerator(nn.Module):
    """Map blurry pictures to sharp ones.

    Instance normalisation takes the statistics of the picture at hand, in training as in evaluation: the authors'
    evaluation never left training mode, so the running statistics in their files were never used. Ours turns dropout
    off in evaluation.

    Args:
        width: channels after the first convolution; published 64.
        blocks: residual blocks at a quarter of the size; published 9.
        convolutions: in each block: 2 as released (11.38 M parameters), 1 as in the authors' later code (6.07 M).
        dropout: share of a block's features dropped in training.
        residual: whether the network draws the difference to the blurry picture (the authors' ``learn_residual``).

    Raises:
        ValueError: a count that no network can have.
    """

    def __init__(
        self,
        width: int = 64,
        blocks: int = 9,
        convolutions: Literal[1, 2] = 2,
        dropout: float = 0.5,
        residual: bool = True,
    ) -> None:
        super().__init__()
        if width < 1 or blocks < 1 or convolutions not in (1, 2) or not 0 <= dropout < 1:
            raise ValueError(
                f"width is {width}, blocks {blocks}, convolutions {convolutions} and dropout {dropout}, but there is "
                "no such network. Published: 64, 9, 2 and 0.5."
            )
        self.width, self.blocks, self.convolutions = width, blocks, convolutions
        self.dropout, self.residual = dropout, residual
        self.model = nn.Sequential(
            nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), *_activated(width),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), *_activated(2 * width),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1), *_activated(4 * width),
            *(ResidualBlock(4 * width, convolutions, dropout) for _ in range(blocks)),
            nn.ConvTranspose2d(4 * width, 2 * width, 3, stride=2, padding=1, output_padding=1), *_activated(2 * width),
            nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1), *_activated(width),
            nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh(),
        )  # fmt: skip
        start_small(self)

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures of any size from 8 x 8 on: mirrored to a multiple of 4, and cut back.

        Args:
            blurry: ``[N, 3, H, W]`` in [-1, 1].

        Returns:
            Sharp pictures, of the same shape and range.

        Raises:
            ValueError: another number of axes or channels, or a smaller picture.
        """
        _check(blurry, SMALLEST_SIDE)
        height, width = blurry.shape[-2:]
        padded = F.pad(blurry, (0, -width % 4, 0, -height % 4), mode="reflect")
        restored: Tensor = self.model(padded)
        if self.residual:
            restored = (padded + restored).clamp(-1, 1)
        return restored[..., :height, :width]


class PatchCritic(nn.Module):
    """Score patches of 70 x 70 pixels: how sharp, that is how much like a sharp photo, each looks.

    Args:
        width: channels after the first convolution; published 64, 2.76 M parameters.
        layers: convolutions that halve the picture; published 3.

    Raises:
        ValueError: no layer, or no channel.
    """

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        if width < 1 or layers < 1:
            raise ValueError(f"width is {width} and layers {layers}, but a critic needs both. Pass 64 and 3.")
        self.width, self.layers = width, layers
        sizes = [width * min(2**level, 8) for level in range(layers + 1)]
        between: list[nn.Module] = []
        for level in range(1, layers + 1):
            stride = 2 if level < layers else 1
            between += [
                nn.Conv2d(sizes[level - 1], sizes[level], 4, stride, padding=2),
                InstanceNorm(sizes[level]),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.model = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=2), nn.LeakyReLU(0.2, inplace=True),
            *between, nn.Conv2d(sizes[-1], 1, 4, padding=2),
        )  # fmt: skip
        start_small(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the scores ``[N, 1, h, w]`` of patches of ``pictures``, ``[N, 3, H, W]`` in [-1, 1].

        Raises:
            ValueError: another number of axes or channels, or a smaller picture.
        """
        _check(pictures, SMALLEST_SIDE)
        scores: Tensor = self.model(pictures)
        return scores

    def slope(self, pictures: Tensor) -> Tensor:
        """Differentiate the sum of all scores by pictures.

        Written out layer by layer, from convolutions on, so that its own gradient by the weights takes plain first
        derivatives, which bf16 has fast convolutions for; autograd's second derivatives have none.

        Args:
            pictures: ``[N, 3, H, W]`` in [-1, 1].

        Returns:
            The slope, of the pictures' shape.

        Raises:
            ValueError: another number of axes or channels, or a smaller picture.
        """
        _check(pictures, SMALLEST_SIDE)
        passed = [pictures]
        for layer in self.model:
            features = passed[-1]
            if isinstance(layer, nn.LeakyReLU):  # the layer itself works in place, but what enters it is needed below
                passed.append(F.leaky_relu(features, layer.negative_slope))
            else:
                passed.append(layer(features))
        slope = torch.ones_like(passed[-1])
        for layer, entered, left in zip(reversed(list(self.model)), passed[-2::-1], passed[:0:-1], strict=True):
            if isinstance(layer, nn.Conv2d):
                slope = _convolution_slope(layer, slope, entered)
            elif isinstance(layer, nn.LeakyReLU):
                slope = torch.where(entered > 0, slope, layer.negative_slope * slope)
            elif isinstance(layer, InstanceNorm):
                slope = _normalisation_slope(slope, entered, left, layer.eps)
        return slope


def start_small(network: nn.Module) -> None:
    """Start convolutions as the authors do: weights normal(0, 0.02), biases zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def start_gently(generator: DeblurGANGenerator) -> None:
    """Start a generator's last convolution at zero: a residual one then begins by returning its input."""
    for parameter in generator.model[-2].parameters():
        nn.init.zeros_(parameter)


def _same(channels: int) -> tuple[nn.Module, ...]:
    return nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), InstanceNorm(channels)


def _activated(channels: int) -> tuple[nn.Module, ...]:
    return InstanceNorm(channels), nn.ReLU(inplace=True)


def _convolution_slope(layer: nn.Conv2d, slope: Tensor, entered: Tensor) -> Tensor:
    sides, kernel = entered.shape[-2:], layer.kernel_size
    stride, padding = (layer.stride[0], layer.stride[1]), (int(layer.padding[0]), int(layer.padding[1]))
    left_over = [(sides[axis] + 2 * padding[axis] - kernel[axis]) % stride[axis] for axis in (0, 1)]
    return F.conv_transpose2d(slope, layer.weight, None, stride, padding, left_over)


def _normalisation_slope(slope: Tensor, entered: Tensor, left: Tensor, eps: float) -> Tensor:
    kind, pixels = entered.dtype, (2, 3)
    slope, entered, left = (part.to(torch.promote_types(kind, torch.float32)) for part in (slope, entered, left))
    spread = (entered.var(dim=pixels, correction=0, keepdim=True) + eps).sqrt()
    along = (slope * left).mean(dim=pixels, keepdim=True)
    return ((slope - slope.mean(dim=pixels, keepdim=True) - left * along) / spread).to(kind)


def _check(pictures: Tensor, smallest: int) -> None:
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(f"pictures have shape {list(pictures.shape)}, but [N, 3, H, W] is needed. Pass RGB ones.")
    if min(pictures.shape[-2:]) < smallest:
        raise ValueError(
            f"pictures are {pictures.shape[-2]} x {pictures.shape[-1]} pixels, but the network halves them. "
            f"Pad them to at least {smallest} x {smallest}."
        )
