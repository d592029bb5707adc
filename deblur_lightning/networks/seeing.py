"""One network that restores a photo and tells where the light of each of its places went; ours, on a small NAFNet."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.field import KernelField
from deblur_lightning.networks.cell_field import cell_field
from deblur_lightning.networks.cells import CELL, FOLD, SHIFTS, local_correlations
from deblur_lightning.networks.nafnet import ChannelNorm, NAFBlock, NAFNet, Pointwise

ATTENTION = 128  # pixels: side of the squares that channel attention averages over


class SeeingNAFNet(nn.Module):
    """Restore a photo, and tell for each cell of 8 x 8 pixels where its light went.

    A `FoldedNAFNet` that is told how the edges around each cell repeat, and has a second ending at the level where a
    pixel is a cell: a distribution over a kernel's pixels. What moved, and how, must be known to be undone; so both
    endings share all that lies before them.

    Args:
        kernel_size: side K of the kernels, in pixels, odd.
        width: channels of the first level.
        middle_blocks: blocks of the lowest level.
        encoder_blocks: blocks of each level on the way down; three levels, so that a cell is one pixel of the last.
        decoder_blocks: blocks of each level on the way up.
        finer: blocks before the ending that tells of cells.

    Raises:
        ValueError: an even kernel size, or another number of levels.
    """

    def __init__(
        self,
        kernel_size: int = 33,
        width: int = 32,
        middle_blocks: int = 10,
        encoder_blocks: Sequence[int] = (1, 2, 4),
        decoder_blocks: Sequence[int] = (4, 2, 2),
        finer: int = 3,
    ) -> None:
        super().__init__()
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}, but a kernel has a central pixel. Pass {max(1, kernel_size | 1)}."
            )
        if len(encoder_blocks) != 3:
            raise ValueError(f"encoder_blocks has {len(encoder_blocks)} levels, but cells of 8 need 3. Pass three.")
        self.kernel_size, self.width, self.middle_blocks, self.finer = kernel_size, width, middle_blocks, finer
        self.encoder_blocks, self.decoder_blocks = tuple(encoder_blocks), tuple(decoder_blocks)
        self.inner = NAFNet(3 * FOLD**2, width, middle_blocks, encoder_blocks, decoder_blocks, ATTENTION // FOLD)
        channels = 4 * width
        self.hint = Pointwise(4 * (len(SHIFTS) + 1), channels)
        self.fine = nn.Sequential(*(NAFBlock(channels, ATTENTION // CELL) for _ in range(finer)))
        self.norm = ChannelNorm(channels)
        self.head = Pointwise(channels, kernel_size**2)
        nn.init.normal_(self.hint.weight, std=0.02)
        for weights in (*self.head.parameters(), *self.inner.ending.parameters()):
            nn.init.zeros_(weights)

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore pictures ``[N, 3, H, W]`` of any size; display values in, display values out, not clipped."""
        features, skips = self.deep(blurry)
        return self.restored(blurry, features, skips)

    def both(self, blurry: Tensor) -> tuple[Tensor, Tensor]:
        """Restore pictures, and tell the logarithm of each cell's kernel.

        Returns:
            ``[N, 3, H, W]``, and ``[N, K * K, ceil(H / 8), ceil(W / 8)]``, float32.
        """
        features, skips = self.deep(blurry)
        return self.restored(blurry, features, skips), self.told(features, blurry.shape[-2:])

    def field(self, blurry: Tensor, num_basis: int = 8) -> KernelField:
        """Tell the motion field of pictures of any size, restoring nothing.

        Args:
            blurry: ``[N, 3, H, W]``, display values.
            num_basis: basis kernels of each picture.

        Returns:
            As of `cell_field`.

        Raises:
            ValueError: no basis kernel.
        """
        return cell_field(self.tell, blurry, num_basis)

    def mean_kernel(self, blurry: Tensor) -> Tensor:
        """Tell the mean of all cells' kernels, ``[K, K]``, of a picture ``[1, 3, H, W]``, restoring nothing."""
        mean = self.tell(blurry)[0].exp().mean((1, 2))
        return (mean / mean.sum()).view(self.kernel_size, self.kernel_size)

    def tell(self, blurry: Tensor) -> Tensor:
        """Tell the logarithm of each cell's kernel, as `both` does, restoring nothing."""
        return self.told(self.deep(blurry)[0], blurry.shape[-2:])

    def deep(self, blurry: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Give the features of cells, and those of the finer levels, the finest first."""
        height, width = blurry.shape[-2:]
        padded = F.pad(blurry, (0, -width % (2 * CELL), 0, -height % (2 * CELL)), mode="replicate")
        with torch.autocast(blurry.device.type, enabled=False):
            repeats = local_correlations(padded.float())
        inner, skips = self.inner, list[Tensor]()
        kind = inner.intro.weight.dtype
        features = inner.intro(F.pixel_unshuffle(padded.to(kind), FOLD))
        for encoder, down in zip(inner.encoders[:-1], inner.downs[:-1], strict=True):
            features = encoder(features)
            skips.append(features)
            features = down(features)
        features = inner.encoders[-1](features) + self.hint(repeats.to(kind))
        deepest = inner.middle_blks(inner.downs[-1](features))
        return inner.decoders[0](inner.ups[0](deepest) + features), skips

    def restored(self, blurry: Tensor, features: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """Finish the restoration from what `deep` gives."""
        height, width = blurry.shape[-2:]
        for decoder, up, skip in zip(self.inner.decoders[1:], self.inner.ups[1:], reversed(skips), strict=True):
            features = decoder(up(features) + skip)
        change: Tensor = F.pixel_shuffle(self.inner.ending(features), FOLD)
        return blurry + change[..., :height, :width]

    def told(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """Tell the logarithms of cells' kernels from what `deep` gives of pictures of a size."""
        told: Tensor = self.head(self.norm(self.fine(features)))
        inside = told.float()[..., : -(-size[0] // CELL), : -(-size[1] // CELL)]
        return inside.movedim(1, 3).log_softmax(3).movedim(3, 1)  # over what lies together in memory, so not copied

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights of a shallower `FoldedNAFNet` of the same width; further blocks begin as nothing.

        Args:
            weights: by their names in its ``inner``.

        Raises:
            RuntimeError: weights that this network lacks, or of other shapes.
        """
        self.inner.load_state_dict({**self.inner.state_dict(), **weights})
