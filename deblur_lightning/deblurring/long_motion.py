"""Motion longer than a model's kernels: seen and undone on a reduced photo, and brought back to the photo's size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, pi, sin
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.deblurring.restorers import Opinion
from deblur_lightning.estimation import Found, weighing_evidence
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.physics import to_display, to_linear

Estimate = Callable[[Tensor, Exposure], Found]  # as `MotionDeblurrer.estimate`
Read = Callable[[Tensor, Exposure], KernelField | None]  # as `MotionDeblurrer.drawn`
Ask = Callable[[Tensor, KernelField], Opinion | None]  # as `Restorer.opinion`
FoundAt = Callable[[int], Found]  # at a scale, estimated when it is asked for, and once
AskedAt = Callable[[int], Opinion | None]

FAINTEST = 0.1  # of a kernel's brightest pixel: fainter ones are no part of its path
LEAST_USE = 0.05  # of the photo, and of many kernels a quarter of an equal share: what less of it has does not count
DIRECTIONS = 16
FURTHER = 1.5  # times as far as by a field is much further
MOST = 0.5  # of a kernel's light
LARGE = 2_000_000  # pixels of a photo: to look at its own scale in vain takes longer than to ask the network first
LONG = 6.0  # pixels of reach, as of a line of 21: if the network tells of more, the half of a large photo is seen first
PARTS = 2  # kernels at most where no camera turned, of what stood still and of what moved; more are a path


class SeenMotion(NamedTuple):
    """A photo's motion at the scale at which it fits.

    Attributes:
        factor: how many pixels of the photo, each way, one of the reduced photo stands for; 1 is the photo itself.
        photo: the photo, reduced by that factor.
        field: of the reduced photo.
        exposure: of the photo, whether lights drew the motion, and how sure it is.
        notes: what a photographer should know of it.
    """

    factor: int
    photo: Tensor
    field: KernelField
    exposure: Exposure
    notes: tuple[str, ...] = ()


class Scales:
    """A photo at its own size and, made when they are asked for and once, halved again and again (`reduced`).

    Args:
        photo: ``[1, C, H, W]``, display values.
        gamma: display to linear light.
    """

    def __init__(self, photo: Tensor, gamma: float) -> None:
        self._made, self._gamma = {1: photo}, gamma

    def __call__(self, factor: int) -> Tensor:
        """Give the photo reduced by a power of two."""
        if factor not in self._made:
            self._made[factor] = reduced(self(factor // 2), 2, self._gamma)
        return self._made[factor]


@dataclass(frozen=True)
class LongMotion:
    """Look for a photo's motion at smaller scales too, and take what is seen there where it is the likelier.

    At the photo's own scale a motion longer than the kernels is seen as a shorter one, or not at all: of a streak of 40
    pixels, 22 were found, and 39 at half the size. So unless all motion is surely short, the half of the photo is
    looked at as well, and its half after it. Noise may hide all motion at the photo's own scale. Then what is seen at
    half of it must be convincing, for smooth sharp photos look moved at smaller scales. What lights drew is looked for
    first, at every scale, and undone at the largest at which it can be read.

    Where a network sees each place, it is a second witness. If at a scale it saw light go much further than the field
    says, the half is looked at whatever the field says, and need not be convincing; and a motion that it doubts is
    neither taken there nor said to be long.

    Attributes:
        surely: share of a kernel's side; what looks no longer than this at a scale is no longer. Of made motion longer
            than the kernels, the shortest that was seen was 0.8 of their side.
        surely_turned: the same of a camera that turned, whose longest kernel is a corner's; of made paths longer than
            the kernels, the shortest that was seen was 0.93 of their side.
        clearly: share of a kernel's side; what is no longer than this fits at its scale.
        nearly: share of a kernel's side; what is longer at the last scale may go on beyond it.
        convincing: mean evidence against no blur that motion must have which the photo's own scale did not show.
        far: share of a kernel's side by which the network must see light go, and half as far again as by the field, for
            the field to be wrong. A straight streak of 0.6 of the side spreads light so far.
        confirmed: share of a large photo's motion that the network must confirm at half the size for it to be taken
            there though nobody looked at its own, which saves seconds.
        doubted: share of a motion that the network must confirm. Of made streaks of 40 pixels it confirmed 0.5 to 0.8
            at half the size, of a sharp photo that seemed to have moved so far 0.02.
        most: the largest factor.
        least_kernels: of a reduced photo's shorter side; smaller ones show too little.
    """

    surely: float = 0.65
    surely_turned: float = 0.85
    clearly: float = 1.1
    nearly: float = 0.9
    convincing: float = 10.0
    far: float = 0.18
    confirmed: float = 0.5
    doubted: float = 0.25
    most: int = 4
    least_kernels: float = 6.0

    def __call__(
        self,
        estimate: Estimate,
        blurry: Tensor,
        exposure: Exposure,
        drawn: Read = lambda *_: None,
        ask: Ask = lambda *_: None,
    ) -> SeenMotion:
        """Estimate the motion of one photo ``[1, C, H, W]`` at the scale that fits.

        Args:
            estimate: sees the motion of a photo, where lights drew none.
            blurry: display values.
            exposure: of the photo.
            drawn: reads what lights drew.
            ask: what a network says of a photo's field.
        """
        at = Scales(blurry, exposure.gamma)
        return self._known(drawn, at, exposure) or self._seen(estimate, ask, at, exposure._replace(drawn=False))

    def _known(self, drawn: Read, at: Scales, exposure: Exposure) -> SeenMotion | None:
        """Read what lights drew at the largest scale at which they did, unless a program blurred the photo."""
        if exposure.fades:
            return None
        factor = 1
        while factor <= self.most:
            field = drawn(at(factor), exposure)
            if field is not None and (factor == 1 or self._shows_enough(at(1), factor, field.kernel_size)):
                seen = SeenMotion(factor, at(factor), field, exposure._replace(drawn=True))
                return seen._replace(notes=self._said(seen))
            factor *= 2
        return None

    def _shows_enough(self, blurry: Tensor, factor: int, size: int) -> bool:
        """Tell whether a photo is still large enough beside kernels of a size when it is reduced."""
        return min(blurry.shape[-2:]) >= factor * self.least_kernels * size

    def _seen(self, estimate: Estimate, ask: Ask, at: Scales, exposure: Exposure) -> SeenMotion:
        """Estimate the motion at the photo's own scale, and at smaller ones as far as these may show it better."""
        found = cache(lambda factor: estimate(at(factor), exposure))
        asked = cache(lambda factor: ask(at(factor), found(factor).field))
        scale = 2 if self._clearly_long(found, asked, ask, at(1)) else 1
        while 2 * scale <= self.most and self._fits_better(2 * scale, found, asked, at, exposure.gamma):
            scale *= 2
        field, sureness, _ = found(scale)
        seen = SeenMotion(scale, at(scale), field, exposure._replace(sure=sureness()))
        said = self._said(seen)
        return seen if not said or self._doubted(asked(scale)) else seen._replace(notes=said)

    def _clearly_long(self, found: FoundAt, asked: AskedAt, ask: Ask, photo: Tensor) -> bool:
        """Tell whether a large photo's motion is so long that only its half need be looked at, by the network alone."""
        if self.most < 2 or photo.shape[-2] * photo.shape[-1] < LARGE:
            return False
        alone = ask(photo, delta_field(photo, 1))
        if alone is None or alone.told <= LONG:
            return False
        field = found(2).field
        if not self._shows_enough(photo, 2, field.kernel_size) or self._fits_larger(field):
            return False
        opinion = asked(2)
        return opinion is not None and opinion.belief >= self.confirmed

    def _fits_better(self, factor: int, found: FoundAt, asked: AskedAt, at: Scales, gamma: float) -> bool:
        """Tell whether a motion is seen better at a scale than at the next larger one."""
        larger = found(factor // 2).field
        size, length = larger.kernel_size, motion_length(larger)
        if not self._shows_enough(at(1), factor, size):
            return False
        shown, missed = length > 1, self._missed(asked(factor // 2), size)
        if shown and length <= self._surely(larger) * size and not missed:
            return False
        field = found(factor).field
        if motion_length(field) <= 1 or (shown and self._fits_larger(field)):
            return False
        gain = self.advantage(at(factor), field, halved(larger), gamma)
        return gain > (0 if shown or missed else self.convincing) and not self._doubted(asked(factor))

    def _fits_larger(self, field: KernelField) -> bool:
        """Tell whether the motion of a reduced photo fits the kernels at the next larger scale."""
        return 2 * motion_length(field) <= self.clearly * field.kernel_size

    def _missed(self, opinion: Opinion | None, size: int) -> bool:
        """Tell whether the network saw light go much further than a field says."""
        return opinion is not None and opinion.told > max(self.far * size, FURTHER * opinion.found)

    def _doubted(self, opinion: Opinion | None) -> bool:
        return opinion is not None and opinion.belief < self.doubted

    def _surely(self, field: KernelField) -> float:
        """Give the share of a kernel's side up to which all of a motion is there, as it was seen."""
        return self.surely_turned if field.basis.shape[1] > PARTS else self.surely

    def advantage(self, photo: Tensor, longer: KernelField, shorter: KernelField, gamma: float) -> float:
        """Tell how much a photo speaks for one field rather than another, in the mean of its parts."""
        light = to_linear(photo.float(), gamma)[0].mean(0).cpu()
        evidence = weighing_evidence(light)
        gain = evidence.of_field(longer.to("cpu")) - evidence.of_field(shorter.to("cpu"))
        return gain.mean().item()

    def _said(self, seen: SeenMotion) -> tuple[str, ...]:
        length, size = motion_length(seen.field), seen.field.kernel_size
        if seen.factor == 1:
            told = f"motion of about {round(length)} pixels or more may be longer than the model's {size}"
            cut = length >= size and not seen.exposure.drawn
            return (f"{told}, so some of it may stay",) if cut else ()
        more = " or more" if length >= self.nearly * size and not seen.exposure.drawn else ""
        told = f"motion of about {round(length * seen.factor)} pixels{more}"
        if length * seen.factor > size:
            return (f"{told} is longer than the model's {size}, so restored at 1/{seen.factor} of the size",)
        return (f"{told} shows only at 1/{seen.factor} of the size, so restored there",)


def motion_length(field: KernelField) -> float:
    """Measure the longest path among a field's kernels that are used, from end to end, in pixels."""
    used = field.coefficients.mean(dim=(0, 2, 3)) >= min(LEAST_USE, 0.25 / field.basis.shape[1])
    longest = 0.0
    for kernel in field.basis[0, used]:
        places = (kernel > FAINTEST * kernel.max()).nonzero().float()
        turns = [number * pi / DIRECTIONS for number in range(DIRECTIONS)]
        along = places @ places.new_tensor([[cos(turn), sin(turn)] for turn in turns]).T
        longest = max(longest, (along.amax(0) - along.amin(0)).max().item() + 1)
    return longest


def reduced(photo: Tensor, factor: int, gamma: float) -> Tensor:
    """Average squares of ``factor`` pixels in linear light; the last ones of a row or column that are missing repeat.

    Args:
        photo: ``[N, C, H, W]``, display values.
        factor: side of the squares.
        gamma: display to linear light.
    """
    height, width = photo.shape[-2:]
    padded = F.pad(photo, (0, -width % factor, 0, -height % factor), mode="replicate")
    return to_display(F.avg_pool2d(to_linear(padded, gamma), factor), gamma).to(photo)


def with_change(photo: Tensor, before: Tensor, after: Tensor, factor: int) -> Tensor:
    """Bring what was changed in a reduced photo to the photo, which keeps its finer detail.

    Args:
        photo: ``[N, C, H, W]``.
        before: the photo, reduced.
        after: the same, restored.
        factor: of the reduction.

    Returns:
        Display values in [0, 1].
    """
    height, width = photo.shape[-2:]
    change = F.interpolate(after - before, scale_factor=factor, mode="bilinear", align_corners=False)
    return (photo + change[..., :height, :width]).clamp_(0, 1)


def enlarged(field: KernelField, factor: int, size: Sequence[int]) -> KernelField:
    """Give the field of a photo from that of the reduced one.

    Args:
        field: ``[1, B, K, K]`` and ``[1, B, h, w]``.
        factor: of the reduction.
        size: height and width of the photo.

    Returns:
        Kernels of ``factor * (K - 1) + 1`` pixels each way, centre on centre. Where most light stayed on its pixel,
        that part of it stays on one pixel: what did not move at a smaller scale is not seen to move at a larger one.
    """
    middle, side = field.kernel_size // 2, factor * (field.kernel_size - 1) + 1
    stayed = field.basis[..., middle, middle]
    stayed = torch.where(stayed > MOST, stayed, 0)
    gone = field.basis.clone()
    gone[..., middle, middle] -= stayed
    basis = F.interpolate(gone, size=(side, side), mode="bilinear", align_corners=True) / factor**2
    basis[..., factor * middle, factor * middle] += stayed
    wide = F.interpolate(field.coefficients, scale_factor=factor, mode="bilinear", align_corners=False)
    return KernelField(basis / basis.sum(dim=(2, 3), keepdim=True), wide[..., : size[0], : size[1]])


def halved(field: KernelField) -> KernelField:
    """Give the field of a photo reduced to half its size, each side rounded up, in kernels of the same side.

    Args:
        field: ``[1, B, K, K]`` and ``[1, B, H, W]``.
    """
    size, (height, width) = field.kernel_size, field.coefficients.shape[-2:]
    rows = field.basis.new_tensor([0.25, 0.5, 0.25])
    shared = F.conv2d(field.basis.flatten(0, 1).unsqueeze(1), torch.outer(rows, rows)[None, None], padding=1)
    first = size // 2 % 2  # so that the centre is among the samples
    sampled = shared[..., first::2, first::2].transpose(0, 1)
    basis = F.pad(sampled, ((size - sampled.shape[-1]) // 2,) * 4)
    wide = F.pad(field.coefficients, (0, width % 2, 0, height % 2), mode="replicate")
    return KernelField(basis / basis.sum(dim=(2, 3), keepdim=True), F.avg_pool2d(wide, 2))
