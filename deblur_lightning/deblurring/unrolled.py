"""UnrolledRestorer: steps of the exact blur operator with a learned prior between them; ours."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.restorers import SURELY, Restored, Restorer, RichardsonLucy
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.image import in_channels
from deblur_lightning.networks import NAFNet
from deblur_lightning.networks.nafnet import folded_change
from deblur_lightning.physics import BlurOperator, to_display, to_linear
from deblur_lightning.restoration import deconvolve
from deblur_lightning.restoration.observation import cut, observations, surrounded
from deblur_lightning.restoration.response import CLIPPED

OUTER, INNER = 3, 8  # of `deconvolve`; half of its own steps cost 0.01 dB on estimated fields of validation windows
PULL = 0.01  # towards the picture that a stage starts from, before training


class UnrolledRestorer(Restorer):
    """Undo a motion field, and learn how far to trust it.

    It begins with what `deconvolve` makes of the field. A small network sees that, the blurry picture, and how far the
    one blurred again is from the other; it says at each pixel how far to go along, and what to change besides. Where
    the field is wrong, ringing and misfit show, and it goes along less far: what a direct network makes of the picture,
    which needs no field, stands there instead. Each further stage takes a few steps of learned sizes towards the light
    that, blurred by the field, gives the blurry picture, and has a network as well. These have seen many wrong
    fields, so as far as the motion is sure (`Exposure.sure`), half of all is what `deconvolve` made. Pictures that fade
    to black at their borders, which they never saw, are left to the direct network, without one to `RichardsonLucy`.

    Args:
        steps: of each stage after `deconvolve`.
        width: channels of the network's first level.
        middle_blocks: blocks of its lowest level.
        encoder_blocks: blocks of each level on the way down.
        decoder_blocks: blocks of each level on the way up.
        fold: side in pixels of the squares that it sees as one.
        pool: side in pixels of the squares that its channel attention averages over, see `LocalMean`.
        direct: maps pictures ``[N, 3, H, W]`` in [0, 1] to restored ones, trained before and not trained here; None
            takes the blurry picture in its place.
        title: what models with it are called; empty if by what estimates the motion.

    Source:
        Unrolled optimisation as in Adler and Oktem 2018 (arXiv 1707.06474) and, for deblurring, Dong et al. 2021
        (arXiv 2103.09962); the steps' initial sizes are Chebyshev's.
    """

    def __init__(
        self,
        steps: Sequence[int] = (8,),
        width: int = 24,
        middle_blocks: int = 2,
        encoder_blocks: Sequence[int] = (1, 1),
        decoder_blocks: Sequence[int] = (1, 1),
        fold: int = 2,
        pool: int | None = 128,
        direct: nn.Module | None = None,
        title: str = "Learned",
    ) -> None:
        super().__init__()
        self.title = title
        self.direct = None if direct is None else direct.requires_grad_(requires_grad=False)
        self.steps, self.width, self.middle_blocks = tuple(steps), width, middle_blocks
        self.fold, self.pool = fold, pool
        self.encoder_blocks, self.decoder_blocks = tuple(encoder_blocks), tuple(decoder_blocks)
        self.data = nn.ModuleList(DataSteps(count) for count in self.steps)
        self.priors = nn.ModuleList(
            Prior(width, middle_blocks, encoder_blocks, decoder_blocks, fold, pool) for _ in range(1 + len(self.steps))
        )

    @property
    def fading(self) -> str:
        """By the direct network, where there is one."""
        return "" if self.direct is None else "by its direct network alone"

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        if exposure.fades:
            if self.direct is None:
                return RichardsonLucy()(blurry, field, exposure)
            return self.upon(self.beginning(blurry), blurry, field, exposure).picture
        parts = [self.restore(one, own, exposure) for one, own in observations(blurry, field)]
        return torch.cat(parts).clamp(0, 1)

    def upon(self, first: Tensor, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        """As of `Restorer`; how far to go along is for its networks to say, which never saw what fades."""
        if exposure.fades:
            unused = torch.zeros_like(blurry[:, :1])  # the motion found is not believed
            return Restored(in_channels(first.clamp(0, 1), blurry.shape[1]), unused)
        return Restored(self.restore(blurry, field, exposure, first=first).clamp(0, 1))

    def beginning(self, blurry: Tensor) -> Tensor:
        """Make of pictures ``[N, 3 or 1, H, W]`` what needs no field, ``[N, 3, H, W]``; may stray from [0, 1]."""
        coloured = blurry.float().expand(-1, 3, -1, -1)
        made: Tensor = coloured if self.direct is None else self.direct(coloured)
        return made

    def restore(
        self,
        blurry: Tensor,
        field: KernelField,
        exposure: Exposure,
        start: Tensor | None = None,
        first: Tensor | None = None,
    ) -> Tensor:
        """Restore pictures that are checked already; display values that may stray from [0, 1], with gradients.

        Args:
            blurry: ``[N, 3 or 1, H, W]``.
            field: of each picture.
            exposure: of all.
            start: what `deconvolve` makes of them, where that is known.
            first: their `beginning`, likewise.
        """
        channels, radius = blurry.shape[1], field.kernel_size // 2
        reached = start
        if reached is None:
            reached = deconvolve(blurry, field, gamma=exposure.gamma, start=0, outer=OUTER, inner=INNER)
        blurry, reached = (picture.float().expand(-1, 3, -1, -1) for picture in (blurry, reached))
        operator, light = Blurring(field.to(dtype=torch.float32)), to_linear(blurry, exposure.gamma)
        known = (light < CLIPPED).float()
        again = operator.blur(surrounded(to_linear(reached, exposure.gamma), radius, "extended"))
        first = self.beginning(blurry) if first is None else first
        boldest = reached
        best: Tensor = self.priors[0](blurry, first, to_display(again, exposure.gamma), reached)
        for data, prior in zip(self.data, self.priors[1:], strict=True):
            wide = data(surrounded(to_linear(best, exposure.gamma), radius, "extended"), light, known, operator)
            midway, reached = (to_display(cut(one, radius, "extended"), exposure.gamma) for one in wide)
            best = prior(blurry, best, midway, reached)
        return in_channels(best.lerp(boldest, SURELY * exposure.sure), channels)


class Blurring:
    """The blur of pictures that bring their surround, each by its own field, and its transpose.

    Args:
        field: of N pictures; basis kernels that a picture does not use cost it nothing.
    """

    def __init__(self, field: KernelField) -> None:
        fields = [
            KernelField(*parts).used() for parts in zip(field.basis.split(1), field.coefficients.split(1), strict=True)
        ]
        self.operators = [BlurOperator(own, "valid", check_values=False) for own in fields]

    def blur(self, pictures: Tensor) -> Tensor:
        """``[N, C, H + K - 1, W + K - 1] -> [N, C, H, W]``."""
        return torch.cat([own.blur(one) for own, one in zip(self.operators, pictures.split(1), strict=True)])

    def adjoint(self, pictures: Tensor) -> Tensor:
        """``[N, C, H, W] -> [N, C, H + K - 1, W + K - 1]``."""
        return torch.cat([own.adjoint(one) for own, one in zip(self.operators, pictures.split(1), strict=True)])


class DataSteps(nn.Module):
    """Steps from light z towards the minimum of ``|w (A u - v)|² + mu |u - z|²``; w is 0 where v clipped.

    Args:
        count: of the steps.

    Attributes:
        pull: mu's logarithm.
        stride: logarithm of each step's length.
        momentum: share of the step before that each repeats.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        strides, momenta = chebyshev(count, PULL, 1 + PULL)
        self.pull = nn.Parameter(torch.tensor(math.log(PULL)))
        self.stride = nn.Parameter(torch.tensor(strides).log())
        self.momentum = nn.Parameter(torch.tensor(momenta))

    def forward(self, start: Tensor, light: Tensor, known: Tensor, operator: Blurring) -> tuple[Tensor, Tensor]:
        """Return the light midway and in the end, surround included.

        Args:
            start: z, ``[N, 3, H + K - 1, W + K - 1]``.
            light: v, ``[N, 3, H, W]``.
            known: w, likewise.
            operator: A.
        """
        pull = self.pull.exp()
        current = midway = start
        direction = torch.zeros_like(start)
        for number in range(len(self.stride)):
            wanted = operator.adjoint(known * (light - operator.blur(current))) + pull * (start - current)
            direction = wanted + self.momentum[number] * direction
            current = current + self.stride[number].exp() * direction
            if number == (len(self.stride) - 1) // 2:
                midway = current
        return midway, current


class Prior(nn.Module):
    """Say how far to go from one picture to another, and what to change besides.

    Args:
        width: see `UnrolledRestorer`, and so on.
    """

    def __init__(
        self,
        width: int,
        middle_blocks: int,
        encoder_blocks: Sequence[int],
        decoder_blocks: Sequence[int],
        fold: int,
        pool: int | None,
    ) -> None:
        super().__init__()
        self.fold = fold
        self.network = NAFNet(
            12 * fold**2, width, middle_blocks, encoder_blocks, decoder_blocks, None if pool is None else pool // fold
        )
        self.network.ending = nn.Conv2d(width, 4 * fold**2, 3, padding=1)
        for weights in self.network.ending.parameters():
            nn.init.zeros_(weights)

    def forward(self, blurry: Tensor, best: Tensor, midway: Tensor, reached: Tensor) -> Tensor:
        """Improve on pictures ``[N, 3, H, W]``, display values: from ``best`` towards ``reached``."""
        seen = torch.cat((blurry, best, midway, reached), dim=1)
        change, trust = folded_change(self.network, seen, self.fold).float().split((3, 1), dim=1)
        return best + trust.sigmoid() * (reached - best) + change


def chebyshev(count: int, least: float, most: float) -> tuple[list[float], list[float]]:
    """Give the steps' lengths and momenta that serve best for eigenvalues from ``least`` to ``most``.

    Source:
        Chebyshev's semi-iteration; Saad 2003, Iterative methods for sparse linear systems, algorithm 12.1.
    """
    centre, reach = (most + least) / 2, (most - least) / 2
    strides, momenta = [1 / centre], [0.0]
    for number in range(1, count):
        share = (reach * strides[-1] / 2) ** 2 * (2 if number == 1 else 1)
        strides.append(1 / (centre - share / strides[-1]))
        momenta.append(share)
    return strides[:count], momenta[:count]
