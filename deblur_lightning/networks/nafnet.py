"""NAFNet: blurry to sharp without activation functions (Chen et al. 2022, arXiv 2204.04676), and folded for one CPU."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-6  # under the layer norm's root, as published
AS_PRODUCT = 2  # squares' sides: a shorter picture, as in training, is averaged in a quarter of the time by a matrix


class ChannelNorm(nn.Module):
    """Normalise each pixel over its channels, then scale and shift each channel (the paper's LayerNorm2d).

    Args:
        channels: number C of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Normalise ``[N, C, H, W]``."""
        return F.layer_norm(features.movedim(1, 3), self.weight.shape, self.weight, self.bias, EPSILON).movedim(3, 1)


class SimpleGate(nn.Module):
    """Multiply one half of the channels by the other: all that bends in the network (section 3.3)."""

    def forward(self, features: Tensor) -> Tensor:
        """Halve the channels of ``[N, C, H, W]``."""
        one, other = features.chunk(2, dim=1)
        return one * other


class LocalMean(nn.Module):
    """Average over a square around each pixel; over the whole picture where the square covers it, or without one.

    A network trained on crops has never seen the average of a large picture. Averages of squares as large as the
    crops are what it knows. At the borders the nearest whole square counts.

    Args:
        side: of the square, in pixels; None averages over all.

    Source:
        Chu et al. 2022, the test-time local converter (arXiv 2112.04491).
    """

    def __init__(self, side: int | None = None) -> None:
        super().__init__()
        self.side = side

    def forward(self, features: Tensor) -> Tensor:
        """Average ``[N, C, H, W]``: to ``[N, C, 1, 1]``, or 1 along those axes that the square covers."""
        for axis in (2, 3):
            features = self._along(features, axis)
        return features

    def _along(self, features: Tensor, axis: int) -> Tensor:
        length = features.shape[axis]
        if self.side is None or self.side >= length:
            return features.mean(axis, keepdim=True)
        if length <= AS_PRODUCT * self.side:
            return _product(_averages(length, self.side, features), features, axis)
        means = _sums(features.to(torch.promote_types(features.dtype, torch.float32)), self.side, axis) / self.side
        lead = self.side // 2
        around = (lead, self.side - 1 - lead)
        means = F.pad(means, (*around, 0, 0) if axis == 3 else (0, 0, *around), mode="replicate")
        return means.to(features.dtype)


def _averages(length: int, side: int, like: Tensor) -> Tensor:
    """Give the matrix ``[length, length]`` that averages over the nearest ``side`` values in a row to each."""
    places = torch.arange(length, device=like.device)
    first = (places - side // 2).clamp(0, length - side)[:, None]
    return ((places >= first) & (places < first + side)).to(like.dtype) / side


def _product(matrix: Tensor, features: Tensor, axis: int) -> Tensor:
    """Apply a square matrix along rows (2) or columns (3) of ``[N, C, H, W]``, fast for channels that lie together."""
    inner = features.movedim(1, 3)
    if axis == 2:
        return (matrix @ inner.flatten(2)).view(inner.shape).movedim(3, 1)
    return (matrix @ inner).movedim(3, 1)


def _sums(values: Tensor, side: int, axis: int) -> Tensor:
    """Sum each ``side`` values in a row along an axis, from sums of twice as many each time."""
    total, taken = values.new_zeros(()), 0
    for width in (1 << bit for bit in range(side.bit_length())):
        if width > 1:
            half, left = width // 2, values.shape[axis] - width // 2
            values = values.narrow(axis, 0, left) + values.narrow(axis, half, left)
        if side & width:
            total = total + values.narrow(axis, taken, values.shape[axis] - (side - width))
            taken += width
    return total


class Pointwise(nn.Conv2d):
    """A convolution of 1 x 1 as a product of matrices, which a CPU does faster, above all on one thread.

    Args:
        channels: into it.
        filters: out of it.
        bias: whether each has a summand.
    """

    def __init__(self, channels: int, filters: int, *, bias: bool = True) -> None:
        super().__init__(channels, filters, 1, bias=bias)

    def forward(self, features: Tensor, gains: Tensor | None = None) -> Tensor:
        """Map ``[N, channels, H, W]`` to ``[N, filters, H, W]``, each times its gain of ``[1, filters, 1, 1]``."""
        weight, bias = self.weight.flatten(1), self.bias
        if gains is not None:
            gains = gains.flatten()
            weight, bias = weight * gains[:, None], None if bias is None else bias * gains
        return F.linear(features.movedim(1, 3), weight, bias).movedim(3, 1)


class NAFBlock(nn.Module):
    """One block: gated depth-wise convolution with channel attention, then a gated layer of 1 x 1, each added.

    Args:
        channels: number C of channels, in and out.
        pool: see `LocalMean`, in pixels of the block's own stage.

    Source:
        Chen et al. 2022, figure 3d; both expansions are 2, as published.
    """

    def __init__(self, channels: int, pool: int | None = None) -> None:
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(channels), ChannelNorm(channels)
        self.conv1 = Pointwise(channels, 2 * channels)
        self.conv2 = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.sca = nn.Sequential(LocalMean(pool), Pointwise(channels, channels))
        self.conv3 = Pointwise(channels, channels)
        self.conv4 = Pointwise(channels, 2 * channels)
        self.conv5 = Pointwise(channels, channels)
        self.gate = SimpleGate()
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Map ``[N, C, H, W]`` to the same shape."""
        near = self.gate(self.conv2(self.conv1(self.norm1(features))))
        features = features + self.conv3(near * self.sca(near), self.beta)
        return features + self.conv5(self.gate(self.conv4(self.norm2(features))), self.gamma)


class NAFNet(nn.Module):
    """A U-Net of `NAFBlock` whose output is added to the picture; the names of its weights are the authors'.

    Published for GoPro: ``encoder_blocks=(1, 1, 1, 28)``, one middle block, ``decoder_blocks=(1, 1, 1, 1)``, ``width``
    32 (17.1 M parameters) or 64 (67.9 M).

    Args:
        channels: of the pictures (``img_channel`` there).
        width: channels of the first stage; each stage below doubles them.
        middle_blocks: blocks of the lowest stage (``middle_blk_num``).
        encoder_blocks: blocks of each stage on the way down, from the top (``enc_blk_nums``).
        decoder_blocks: blocks of each stage on the way up, from the lowest (``dec_blk_nums``).
        pool: side in pixels of the squares that channel attention averages over; None for whole pictures, as published
            without the test-time local converter. With it, for GoPro: 384.

    Raises:
        ValueError: as many stages down as up are needed, and channels of at least one.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 32,
        middle_blocks: int = 1,
        encoder_blocks: Sequence[int] = (1, 1, 1, 28),
        decoder_blocks: Sequence[int] = (1, 1, 1, 1),
        pool: int | None = None,
    ) -> None:
        super().__init__()
        if len(encoder_blocks) != len(decoder_blocks):
            raise ValueError(
                f"encoder_blocks has {len(encoder_blocks)} stages, but decoder_blocks {len(decoder_blocks)}. "
                "Pass as many of both."
            )
        lowest = 2 ** len(encoder_blocks)
        if pool is not None and not pool >= lowest:
            raise ValueError(f"pool is {pool}, but a pixel of the lowest stage is {lowest} wide. Pass that or more.")
        if not (channels >= 1 and width >= 1):
            raise ValueError(f"channels is {channels} and width {width}, but both count channels. Pass at least 1.")
        self.channels, self.width, self.middle_blocks = channels, width, middle_blocks
        self.encoder_blocks, self.decoder_blocks, self.pool = tuple(encoder_blocks), tuple(decoder_blocks), pool
        self.intro = nn.Conv2d(channels, width, 3, padding=1)
        self.ending = nn.Conv2d(width, channels, 3, padding=1)
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        pools = [None if pool is None else pool >> stage for stage in range(len(encoder_blocks) + 1)]
        for blocks, side in zip(encoder_blocks, pools, strict=False):
            self.encoders.append(_stage(width, blocks, side))
            self.downs.append(nn.Conv2d(width, 2 * width, 2, 2))
            width *= 2
        self.middle_blks = _stage(width, middle_blocks, pools[-1])
        for blocks, side in zip(decoder_blocks, reversed(pools[:-1]), strict=True):
            self.ups.append(nn.Sequential(Pointwise(width, 2 * width, bias=False), nn.PixelShuffle(2)))
            width //= 2
            self.decoders.append(_stage(width, blocks, side))
        self.multiple = 2 ** len(encoder_blocks)

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures ``[N, C, H, W]`` of any size; display values in, display values out, not clipped."""
        height, width = blurry.shape[-2:]
        padded = F.pad(blurry, (0, -width % self.multiple, 0, -height % self.multiple))
        return (padded + self.change(padded))[..., :height, :width]

    def change(self, pictures: Tensor) -> Tensor:
        """Return what is added to pictures whose sides the stages divide."""
        features = self.intro(pictures)
        skips = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            features = encoder(features)
            skips.append(features)
            features = down(features)
        features = self.middle_blks(features)
        for decoder, up, skip in zip(self.decoders, self.ups, reversed(skips), strict=True):
            features = decoder(up(features) + skip)
        return self.ending(features)


class FoldedNAFNet(nn.Module):
    """A `NAFNet` that sees squares of pixels as one, for a CPU; it starts as the identity (ours).

    With the defaults it has 2.2 M parameters and takes a second for 1280 x 720 pixels on one core.

    Args:
        channels: of the pictures.
        width: channels of the first stage.
        middle_blocks: blocks of the lowest stage.
        encoder_blocks: blocks of each stage on the way down.
        decoder_blocks: blocks of each stage on the way up.
        fold: side of the squares, in pixels.
        pool: see `NAFNet`; in pixels of the picture.

    Raises:
        ValueError: as of `NAFNet`, or no fold.
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 32,
        middle_blocks: int = 3,
        encoder_blocks: Sequence[int] = (1, 1, 2),
        decoder_blocks: Sequence[int] = (1, 1, 1),
        fold: int = 2,
        pool: int | None = None,
    ) -> None:
        super().__init__()
        if not fold >= 1:
            raise ValueError(f"fold is {fold}, but it is a side in pixels. Pass 2.")
        lowest = fold * 2 ** len(encoder_blocks)
        if pool is not None and not pool >= lowest:
            raise ValueError(f"pool is {pool}, but a pixel of the lowest stage is {lowest} wide. Pass that or more.")
        self.channels, self.width, self.middle_blocks, self.fold = channels, width, middle_blocks, fold
        self.encoder_blocks, self.decoder_blocks, self.pool = tuple(encoder_blocks), tuple(decoder_blocks), pool
        inner_pool = None if pool is None else pool // fold
        self.inner = NAFNet(channels * fold**2, width, middle_blocks, encoder_blocks, decoder_blocks, inner_pool)
        for weights in self.inner.ending.parameters():
            nn.init.zeros_(weights)

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures ``[N, C, H, W]`` of any size; display values in, display values out, not clipped.

        Sizes that the folding and the stages do not divide are continued by their last row and column.
        """
        return blurry + folded_change(self.inner, blurry, self.fold)


def folded_change(network: NAFNet, pictures: Tensor, fold: int) -> Tensor:
    """Let a network that sees squares of ``fold`` pixels as one answer pictures ``[N, C, H, W]`` of any size."""
    height, width = pictures.shape[-2:]
    multiple = fold * network.multiple
    padded = F.pad(pictures, (0, -width % multiple, 0, -height % multiple), mode="replicate")
    padded = padded.to(network.intro.weight.dtype)
    change: Tensor = F.pixel_shuffle(network.change(F.pixel_unshuffle(padded, fold)), fold)
    return change[..., :height, :width]


def _stage(channels: int, blocks: int, pool: int | None) -> nn.Sequential:
    return nn.Sequential(*(NAFBlock(channels, pool) for _ in range(blocks)))
