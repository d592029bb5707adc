"""Fusion: several restorations of a photo, each trusted at each place as far as it looks right there; ours."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.agreement import SEEN_CUES, seen_cues
from deblur_lightning.deblurring.restorers import Restored, Restorer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.image import in_channels
from deblur_lightning.networks import SeeingNAFNet
from deblur_lightning.networks.cells import spread
from deblur_lightning.restoration import CUES, restoration_cues

DROPPED = 0.3  # of the network's units, in each step of its training
FURTHEST = 4.0  # standard deviations: rarer cues than in training count no more than that


class Fusion(Restorer):
    """Mix what several restorers make of a photo with the photo itself, and with what a direct network makes of it.

    A field can be wrong, for a part of the photo or for all of it, and then every restorer spoils what it touches, each
    in its own way: ringing, misfit, crushed blacks. `restoration_cues` measures these for each restoration, and a
    small network that has seen many restorations beside their sharp pictures turns the measures of a place into
    shares: of each restoration and, where none convinces, of the photo as it is. A direct network's picture, which
    needs no field, is one more of them; what it sees of the place's motion is measured too (`seen_cues`). Pictures
    that fade to black at their borders, which the small network has never seen, are left to the direct one, without it
    to the first restorer.

    Args:
        restorers: undo the motion, the most cautious first.
        hidden: units of the small network.
        direct: trained before and not trained here.

    Attributes:
        centre: of each cue, as training saw it.
        spread: likewise, the standard deviation.

    Raises:
        ValueError: no restorer.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, restorers: Sequence[Restorer], hidden: int = 24, direct: SeeingNAFNet | None = None) -> None:
        super().__init__()
        if not restorers:
            raise ValueError("restorers is empty, but a fusion needs one. Pass RichardsonLucy.")
        self.restorers, self.hidden = nn.ModuleList(restorers), hidden
        self.direct = None if direct is None else direct.requires_grad_(requires_grad=False)
        made = len(restorers) + (direct is not None)
        count = 2 * len(CUES) * made + (0 if direct is None else 2 * len(SEEN_CUES))
        self.register_buffer("centre", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.network = nn.Sequential(nn.Linear(count, hidden), nn.Tanh(), nn.Dropout(DROPPED), nn.Linear(hidden, made))

    @property
    def fading(self) -> str:
        """Unjudged, or by the direct network."""
        return "whether or not that looks right" if self.direct is None else "by its direct network alone"

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return self.judged(blurry, field, exposure).picture

    def judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        if exposure.fades and self.direct is not None:
            made = self.direct(blurry.float().expand(-1, 3, -1, -1))
            return Restored(in_channels(made.clamp(0, 1), blurry.shape[1]))
        if exposure.fades:
            first: Restorer = self.restorers[0]  # type: ignore[assignment] # a ModuleList forgets its members' type
            return first.judged(blurry, field, exposure)
        pictures, cues = self.measured(blurry, field, exposure)
        shares = self.shares(cues, blurry.shape[-2:])
        mixed = zip(shares.split(1, dim=1), pictures, strict=True)
        picture = blurry + sum(share * (one - blurry) for share, one in mixed)
        return Restored(picture.clamp(0, 1), shares.sum(dim=1, keepdim=True))

    def measured(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> tuple[list[Tensor], Tensor]:
        """Restore pictures in each way, and measure how that looks.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            field: of the same pictures.
            exposure: how they came to be blurred.

        Returns:
            What each restorer makes of them, the direct network last; and the cues of all,
            ``[N, C, ceil(H / 8), ceil(W / 8)]``.
        """
        pictures = [restorer(blurry, field, exposure) for restorer in self.restorers]
        told = []
        if self.direct is not None:
            made, cells = self.direct.both(blurry.float().expand(-1, 3, -1, -1))
            pictures.append(in_channels(made.clamp(0, 1), blurry.shape[1]))
            told.append(seen_cues(cells.exp(), field))
        cues = [restoration_cues(blurry, one, field, exposure.gamma) for one in pictures]
        return pictures, torch.cat((*cues, *told), dim=1)

    def shares(self, cues: Tensor, size: Sequence[int]) -> Tensor:
        """Turn cues into each restoration's share at each pixel.

        Args:
            cues: as `measured` gives them.
            size: height and width of the pictures, in pixels.

        Returns:
            ``[N, R, H, W]``, not negative; what is missing to 1 is the blurry picture's share.
        """
        return spread(self.votes(cues.movedim(1, -1)).movedim(-1, 1), size)

    def votes(self, cues: Tensor) -> Tensor:
        """Map the cues of places ``[..., C]`` to shares ``[..., R]``."""
        told = ((cues - self.centre) / self.spread).clamp(-FURTHEST, FURTHEST)
        scores: Tensor = self.network(told)
        return torch.cat((torch.zeros_like(scores[..., :1]), scores), dim=-1).softmax(dim=-1)[..., 1:]
