"""UnrolledRestorer: steps of the exact blur operator with a learned prior between them; ours."""

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.extents import extent_in, extent_of
from deblur_lightning.deblurring.restorers import Glance, Restorer
from deblur_lightning.exposure import NO_SIDE, Exposure, Sides
from deblur_lightning.field import KernelField
from deblur_lightning.image import in_channels
from deblur_lightning.networks import NAFNet, SeeingNAFNet
from deblur_lightning.networks.cells import spread
from deblur_lightning.networks.nafnet import folded_change
from deblur_lightning.physics import BlurOperator, to_display, to_linear
from deblur_lightning.physics.borders import darken_
from deblur_lightning.restoration import deconvolve
from deblur_lightning.restoration.observation import cut, observations, surrounded
from deblur_lightning.restoration.response import CLIPPED

SURELY = 0.5  # share of what `deconvolve` made where the motion is sure, whatever else speaks against it
OUTER, INNER = 3, 8  # of `deconvolve`; half of its own steps cost 0.01 dB on estimated fields of validation windows
FAR = 10.0  # pixels: networks see extents as shares of it
PULL = 0.01  # towards the picture that a stage starts from, before training


class UnrolledRestorer(Restorer):
    """Undo a motion field, and learn how far to trust it.

    It begins with what `deconvolve` makes of the field. A small network sees that, the blurry picture, and how far the
    one blurred again is from the other; it says at each pixel how far to go along, and what to change besides. Where
    the field is wrong, ringing and misfit show, and it goes along less far: what a direct network makes of the picture,
    which needs no field, stands there instead. Each further stage takes a few steps of learned sizes towards the light
    that, blurred by the field, gives the blurry picture, and has a network as well. These have seen many wrong
    fields, so as far as the motion is sure (`Exposure.sure`), half of all is what `deconvolve` made.

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
        asking: whether its networks also see how far, and which way, the direct network says that light went at each
            pixel, and how far the field sends it.

    Raises:
        ValueError: asking a direct network that tells no motion.

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
        asking: bool = False,
    ) -> None:
        super().__init__()
        if asking and not isinstance(direct, SeeingNAFNet):
            raise ValueError(
                f"asking is true, but the direct network is {type(direct).__name__}, which tells no motion. Pass a "
                "SeeingNAFNet."
            )
        self.asking = asking
        self.title = title
        self.direct = None if direct is None else direct.requires_grad_(requires_grad=False)
        self.steps, self.width, self.middle_blocks = tuple(steps), width, middle_blocks
        self.fold, self.pool = fold, pool
        self.encoder_blocks, self.decoder_blocks = tuple(encoder_blocks), tuple(decoder_blocks)
        self.data = nn.ModuleList(DataSteps(count) for count in self.steps)
        self.priors = nn.ModuleList(
            Prior(width, middle_blocks, encoder_blocks, decoder_blocks, fold, pool, asking)
            for _ in range(1 + len(self.steps))
        )

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        parts = [self.restore(one, own, exposure) for one, own in observations(blurry, field)]
        return torch.cat(parts).clamp(0, 1)

    def upon(self, glance: Glance, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        """As of `Restorer`; how far to go along is for its networks to say."""
        return self.restore(blurry, field, exposure, glance=glance).clamp(0, 1)

    def glance(self, blurry: Tensor) -> Glance:
        """Look at pictures ``[N, 3 or 1, H, W]`` by the direct network; it tells how far light went if it is asked."""
        coloured = blurry.float().expand(-1, 3, -1, -1)
        if self.direct is None:
            return Glance(coloured)
        if not self.asking:
            return Glance(self.direct(coloured))
        picture, cells = cast(SeeingNAFNet, self.direct).both(coloured)
        with torch.autocast(blurry.device.type, enabled=False):  # differences of squares need all digits
            return Glance(picture, extent_of(cells.float().exp()))

    def restore(
        self,
        blurry: Tensor,
        field: KernelField,
        exposure: Exposure,
        start: Tensor | None = None,
        glance: Glance | None = None,
    ) -> Tensor:
        """Restore pictures that are checked already; display values that may stray from [0, 1], with gradients.

        Args:
            blurry: ``[N, 3 or 1, H, W]``.
            field: of each picture.
            exposure: of all.
            start: what `deconvolve` makes of them, where that is known.
            glance: what the direct network does, likewise.

        Raises:
            ValueError: a glance that does not tell how far light went, though it is asked.
        """
        gamma, dark = exposure.gamma, exposure.dark
        channels, radius = blurry.shape[1], field.kernel_size // 2
        reached = start
        if reached is None:
            reached = deconvolve(blurry, field, gamma=gamma, start=0, outer=OUTER, inner=INNER, dark=dark)
        blurry, reached = (picture.float().expand(-1, 3, -1, -1) for picture in (blurry, reached))
        operator, light = Blurring(field.to(dtype=torch.float32)), to_linear(blurry, gamma)
        known = (light < CLIPPED).float()
        boldest, again = reached, operator.blur(_with_surround(reached, radius, exposure))
        first, told = self.glance(blurry) if glance is None else glance
        hints = self._hints(told, field, blurry)
        best: Tensor = self.priors[0](blurry, first, to_display(again, gamma), reached, hints)
        for data, prior in zip(self.data, self.priors[1:], strict=True):
            wide = data(_with_surround(best, radius, exposure), light, known, operator, dark)
            midway, reached = (to_display(cut(one, radius, "extended"), gamma) for one in wide)
            best = prior(blurry, best, midway, reached, hints)
        return in_channels(best.lerp(boldest, SURELY * exposure.sure), channels)

    def _hints(self, told: Tensor | None, field: KernelField, blurry: Tensor) -> Tensor:
        if not self.asking:
            return blurry[:, :0]
        if told is None:
            raise ValueError("the glance tells no extent, but the networks see it. Pass that of a SeeingNAFNet.")
        return told_and_found(told, field, blurry.shape[-2:])


def _with_surround(picture: Tensor, radius: int, exposure: Exposure) -> Tensor:
    """Give the light of display values, and guess what came from beyond the borders."""
    return darken_(surrounded(to_linear(picture, exposure.gamma), radius, "extended"), radius, exposure.dark)


def told_and_found(told: Tensor, field: KernelField, size: Sequence[int]) -> Tensor:
    """Tell at each pixel how far light went by a network, and by a field, in shares of `FAR`.

    Args:
        told: by the network, of each cell, ``[N, 3, rows, columns]``, see `extent_of`.
        field: the field.
        size: height and width of the pictures.

    Returns:
        ``[N, 6, H, W]``.
    """
    with torch.autocast(told.device.type, enabled=False):
        found = extent_in(field.to(dtype=torch.float32))
    return spread(torch.cat((told, found), dim=1) / FAR, size)


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

    def forward(
        self, start: Tensor, light: Tensor, known: Tensor, operator: Blurring, dark: Sides = NO_SIDE
    ) -> tuple[Tensor, Tensor]:
        """Return the light midway and in the end, surround included.

        Args:
            start: z, ``[N, 3, H + K - 1, W + K - 1]``.
            light: v, ``[N, 3, H, W]``.
            known: w, likewise.
            operator: A.
            dark: sides beyond which no light is looked for.
        """
        pull, radius = self.pull.exp(), (start.shape[-1] - light.shape[-1]) // 2
        current = midway = start
        direction = torch.zeros_like(start)
        for number in range(len(self.stride)):
            wanted = operator.adjoint(known * (light - operator.blur(current))) + pull * (start - current)
            direction = darken_(wanted + self.momentum[number] * direction, radius, dark)
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
        asking: bool = False,
    ) -> None:
        super().__init__()
        self.fold = fold
        seen = 18 if asking else 12
        attention = None if pool is None else pool // fold
        self.network = NAFNet(seen * fold**2, width, middle_blocks, encoder_blocks, decoder_blocks, attention)
        self.network.ending = nn.Conv2d(width, 4 * fold**2, 3, padding=1)
        for weights in self.network.ending.parameters():
            nn.init.zeros_(weights)

    def forward(self, blurry: Tensor, best: Tensor, midway: Tensor, reached: Tensor, hints: Tensor) -> Tensor:
        """Improve on pictures ``[N, 3, H, W]``, display values: from ``best`` towards ``reached``."""
        seen = torch.cat((blurry, best, midway, reached, hints), dim=1)
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
