"""CandidateScores: which of several motion fields is right, and where; ours."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.networks.nafnet import NAFNet

CELL = 4  # pixels: side of the squares that have a score
RESTORED, AGAIN, EVIDENCE = 4.0, 8.0, 0.1  # scales, so that the network sees values of about 1


class Looks(NamedTuple):
    """What C candidates make of a picture.

    Attributes:
        restored: the picture, its motion undone by each candidate, ``[N, C, 3, H, W]``, display values.
        again: that, blurred again, likewise: the blurry picture where the candidate is right.
        evidence: how much likelier the candidate is than no blur in each cell, in nats, ``[N, C, H / 4, W / 4]``.
    """

    restored: Tensor
    again: Tensor
    evidence: Tensor


class CandidateScores(nn.Module):
    """Score candidates for a picture's motion, no motion among them, in cells of 4 x 4 pixels.

    A network sees one candidate at a time: the blurry picture, what undoing the candidate changes in it, where the
    result blurred again misses it, and the evidence of its spectrum. Candidates are thus of any number and in any
    order; untrained, all score alike.

    Args:
        width: channels of the `NAFNet`'s first level.
        middle_blocks: blocks of its lowest level.
        encoder_blocks: blocks of each level on the way down.
        decoder_blocks: blocks of each level on the way up.
        pool: side in pixels of the squares that its channel attention averages over, see `LocalMean`.
    """

    def __init__(
        self,
        width: int = 32,
        middle_blocks: int = 2,
        encoder_blocks: Sequence[int] = (1, 1),
        decoder_blocks: Sequence[int] = (1, 1),
        pool: int | None = 128,
    ) -> None:
        super().__init__()
        self.width, self.middle_blocks, self.pool = width, middle_blocks, pool
        self.encoder_blocks, self.decoder_blocks = tuple(encoder_blocks), tuple(decoder_blocks)
        channels, inner = 9 * CELL**2 + 1, None if pool is None else pool // CELL
        self.network = NAFNet(channels, width, middle_blocks, encoder_blocks, decoder_blocks, inner)
        self.network.ending = nn.Conv2d(width, 1, 3, padding=1)
        for weights in self.network.ending.parameters():
            nn.init.zeros_(weights)

    def forward(self, blurry: Tensor, looks: Looks) -> Tensor:
        """Score candidates.

        Args:
            blurry: ``[N, 3, H, W]``, display values, sides that 4 divides.
            looks: of C candidates.

        Returns:
            Scores ``[N, C, H / 4, W / 4]``; a softmax over C makes shares of them.
        """
        count = looks.restored.shape[1]
        before = blurry.unsqueeze(1)
        shown = (
            before.expand_as(looks.restored) - 0.5,
            RESTORED * (looks.restored - before),
            AGAIN * (looks.again - before),
        )
        seen = F.pixel_unshuffle(torch.cat(shown, dim=2).flatten(0, 1), CELL)
        seen = torch.cat((seen, torch.tanh(EVIDENCE * looks.evidence).flatten(0, 1).unsqueeze(1)), dim=1)
        height, width = seen.shape[-2:]
        multiple = self.network.multiple
        seen = F.pad(seen, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        return self.network.change(seen)[..., :height, :width].float().unflatten(0, (-1, count)).squeeze(2)
