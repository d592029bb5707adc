"""Fusion: several restorations of a photo, each trusted at each place as far as it looks right there; ours."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.deblurring.restorers import SURELY, Restored, Restorer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.restoration import CUES, restoration_cues
from deblur_lightning.restoration.cues import CELL

DROPPED = 0.3  # of the network's units, in each step of its training
FURTHEST = 4.0  # standard deviations: rarer cues than in training count no more than that


class Fusion(Restorer):
    """Mix what several restorers make of a photo with the photo itself.

    A field can be wrong, for a part of the photo or for all of it, and then every restorer spoils what it touches, each
    in its own way: ringing, misfit, crushed blacks. `restoration_cues` measures these for each restoration, and a
    small network that has seen many restorations beside their sharp pictures turns the measures of a place into
    shares: of each restoration and, where none convinces, of the photo as it is. It has seen more wrong fields than
    right ones, so as far as the motion is sure (`Exposure.sure`), half of all goes to the boldest restoration.

    Args:
        restorers: undo the motion, the most cautious first, the boldest last.
        hidden: units of the network.

    Attributes:
        centre: of each cue, as training saw it.
        spread: likewise, the standard deviation.

    Raises:
        ValueError: no restorer.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, restorers: Sequence[Restorer], hidden: int = 24) -> None:
        super().__init__()
        if not restorers:
            raise ValueError("restorers is empty, but a fusion needs one. Pass RichardsonLucy.")
        self.restorers, self.hidden = nn.ModuleList(restorers), hidden
        count = 2 * len(CUES) * len(restorers)
        self.register_buffer("centre", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.network = nn.Sequential(
            nn.Linear(count, hidden), nn.Tanh(), nn.Dropout(DROPPED), nn.Linear(hidden, len(restorers))
        )

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return self.judged(blurry, field, exposure).picture

    def judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        made = [restorer(blurry, field, exposure) for restorer in self.restorers]
        cues = [restoration_cues(blurry, one, field, exposure.gamma) for one in made]
        shares = self.shares(torch.cat(cues, dim=1), blurry.shape[-2:]) * (1 - SURELY * exposure.sure)
        shares[:, -1] += SURELY * exposure.sure
        picture = blurry + sum(share * (one - blurry) for share, one in zip(shares.split(1, dim=1), made, strict=True))
        return Restored(picture.clamp(0, 1), shares.sum(dim=1, keepdim=True))

    def shares(self, cues: Tensor, size: Sequence[int]) -> Tensor:
        """Turn cues into each restoration's share at each pixel.

        Args:
            cues: of all restorations, ``[N, R * 2 * len(CUES), h, w]``, see `restoration_cues`.
            size: height and width of the pictures, in pixels.

        Returns:
            ``[N, R, H, W]``, not negative; what is missing to 1 is the blurry picture's share.
        """
        votes = self.votes(cues.movedim(1, -1)).movedim(-1, 1)
        height, width = (side * CELL for side in votes.shape[-2:])
        wide = F.interpolate(votes, (height, width), mode="bilinear", align_corners=False)
        return wide[..., : size[0], : size[1]]

    def votes(self, cues: Tensor) -> Tensor:
        """Map the cues of places ``[..., R * 2 * len(CUES)]`` to shares ``[..., R]``."""
        told = ((cues - self.centre) / self.spread).clamp(-FURTHEST, FURTHEST)
        scores: Tensor = self.network(told)
        return torch.cat((torch.zeros_like(scores[..., :1]), scores), dim=-1).softmax(dim=-1)[..., 1:]
