"""SpreadNetwork: how far and which way the kernel of each part of a picture spreads, seen from that part; ours."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.networks.nafnet import NAFNet

CELL = 4  # pixels: side of the squares that it sees as one


class SpreadNetwork(nn.Module):
    """A `NAFNet` that tells in each cell of 4 x 4 pixels what `field_spread` tells of a known field.

    Where a kernel's values cannot be seen, how far it spreads and along which way can: so it tells what moved from what
    stood still, and parts that moved differently apart.

    Args:
        width: channels of the first stage, of which a pixel is a cell.
        middle_blocks: blocks of the lowest stage.
        encoder_blocks: blocks of each stage on the way down.
        decoder_blocks: blocks of each stage on the way up.
        pool: side in pixels of the squares that channel attention averages over, see `LocalMean`.
    """

    def __init__(
        self,
        width: int = 48,
        middle_blocks: int = 2,
        encoder_blocks: Sequence[int] = (1, 1, 2),
        decoder_blocks: Sequence[int] = (1, 1, 1),
        pool: int | None = 192,
    ) -> None:
        super().__init__()
        self.width, self.middle_blocks, self.pool = width, middle_blocks, pool
        self.encoder_blocks, self.decoder_blocks = tuple(encoder_blocks), tuple(decoder_blocks)
        inner_pool = None if pool is None else pool // CELL
        self.inner = NAFNet(3 * CELL**2, width, middle_blocks, encoder_blocks, decoder_blocks, inner_pool)
        self.inner.ending = nn.Conv2d(width, 3, 3, padding=1)
        self.multiple = CELL * self.inner.multiple

    def forward(self, blurry: Tensor) -> Tensor:
        """Tell the spread in pixels, ``[N, 3, ceil(H / 4), ceil(W / 4)]``.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
        """
        height, width = blurry.shape[-2:]
        colour = blurry.expand(-1, 3, -1, -1)
        padded = F.pad(colour, (0, -width % self.multiple, 0, -height % self.multiple), mode="replicate")
        spread = self.inner.change(F.pixel_unshuffle(padded - 0.5, CELL)).float()
        return spread[..., : -(-height // CELL), : -(-width // CELL)]
