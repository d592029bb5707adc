"""Agreed: a field is believed where a network that sees each place by itself agrees with it; ours."""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.deblurring.extents import extent_in, extent_of
from deblur_lightning.deblurring.restorers import Glance, Opinion, Restored, Restorer, undo_drawn
from deblur_lightning.deblurring.unrolled import UnrolledRestorer
from deblur_lightning.estimation import reaches, richest_window
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.image import in_channels, is_one_colour
from deblur_lightning.networks import SeeingNAFNet
from deblur_lightning.networks.cells import spread
from deblur_lightning.networks.turns import looks_afforded, mean_of_looks
from deblur_lightning.restoration.observation import observations

STILL = 0.1  # pixels: a field whose kernels reach no further has nothing to undo
MOVED = (0.7, 1.0)  # of a place's light that stays on its pixel: up to the first, the photo does not count; then more
ALONE = (0.1, 0.5)  # the same where the field shows no motion in all of the photo, so the network must be surer,
CLEARLY = (0.1, 0.3)  # unless in the mean of 5 x 5 cells near by so little stayed: up to the first it is as sure
LEAST_APART = 1.0  # pixels: spreads that differ by no more are alike enough for a kernel to be believed by half
DOUBT = 0.5  # pixels: how fast belief falls where both spreads are further apart
TOGETHER = 5  # cells: one alone may be mistaken
AROUND = 13  # cells: one is taken as those around it are, for what the network tells of each is noisy
LONG = (6.5, 9.5)  # pixels of reach: up to the first motion is not long yet, from the second it is
MOSTLY, NEEDED = 0.2, 0.1  # share of the network's picture at a pixel; of a tile that has more of it
LEAST_MOTION = 1e-6  # pixels: keeps the mean over a field without motion finite
LEAST_LOOKS = 2  # at a tile of any size where the network's picture shows


class Agreed(Restorer):
    """Ask a direct network that also sees each place whether something moved there, and as far as the field says.

    An estimated field may see motion where there is none, or the wrong one, or miss a small object. `SeeingNAFNet` is
    right about how far something moved, and which way, but blurred about how. So the field's kernels are for the
    restorer; where they spread light much further than the network says, or less far, or another way, or show no motion
    at all, what the network itself makes of the photo stands instead, for it needs no field. And as much of the photo
    stays as the network says that light stayed on its pixel: a network that restores changes sharp pictures a little
    too. Where no motion was found in all of the photo, more of its light must have left, unless near by it clearly did.
    Motion that lights drew is not asked about (`undo_drawn`), nor is motion that is sure (`Exposure.sure`) doubted.

    Args:
        restorer: undoes the motion.
        direct: the network; None takes an `UnrolledRestorer`'s own.
        apart: share of the longer of both reaches of a kernel by which both spreads may differ for it to be believed
            by half, if that is more than a pixel: the surer the network, the less.
        apart_long: the same of long motion, which the network may know worse; None where it does not.
        turned: whether the network's picture is the mean of several looks, at the photo and at it turned, where a tenth
            of a tile shows a fifth of it: two looks, or four at small tiles (`looks_afforded`).

    Raises:
        ValueError: no network that tells motion, or one beside the restorer's own.
    """

    def __init__(
        self,
        restorer: Restorer,
        direct: SeeingNAFNet | None = None,
        apart: float = 0.3,
        apart_long: float | None = None,
        turned: bool = False,
    ) -> None:
        super().__init__()
        own = restorer.direct if isinstance(restorer, UnrolledRestorer) else None
        if own is not None and direct is not None:
            raise ValueError("the restorer has a direct network, and direct is another. Pass one of them.")
        asked = own if direct is None else direct
        if not isinstance(asked, SeeingNAFNet):
            raise ValueError(
                f"the direct network is {type(asked).__name__}, which tells no motion. Pass a SeeingNAFNet."
            )
        self.restorer, self.title = restorer, restorer.title
        self.apart, self.apart_long, self.turned = apart, apart_long, turned
        self.direct = None if direct is None else direct.requires_grad_(requires_grad=False)

    @property
    def seeing(self) -> SeeingNAFNet:
        """The network that sees each place."""
        own = self.restorer.direct if self.direct is None else self.direct
        return cast(SeeingNAFNet, own)

    @torch.no_grad()
    def opinion(self, blurry: Tensor, field: KernelField) -> Opinion:
        """As of `Restorer`: looks at the square of at most 512 pixels with most edges of what moved."""
        moving = reaches(field.basis[0]) > STILL
        share = field.coefficients[0, moving].sum(0) if moving.any() else None
        rows, columns = richest_window(blurry[0].float().mean(0), share)
        part = field._replace(coefficients=field.coefficients[..., rows, columns])
        told = extent_of(self.seeing.tell(blurry[..., rows, columns].float().expand(-1, 3, -1, -1)).exp())
        found = extent_in(part)
        weight = _length(found).clamp(min=LEAST_MOTION)
        belief = (weight * self._believed(told, found)).sum() / weight.sum()
        return Opinion(_length(told).mean().item(), _length(found).mean().item(), belief.item())

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return self.judged(blurry, field, exposure).picture

    @torch.no_grad()
    def judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        if exposure.drawn:
            return undo_drawn(blurry, field, exposure)
        judged = [self._judged(one, own, exposure) for one, own in observations(blurry, field)]
        return Restored(*(torch.cat(parts) for parts in zip(*judged, strict=True)))

    def _judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> tuple[Tensor, Tensor, Tensor]:
        """Restore one picture ``[1, 3 or 1, H, W]``, and tell at each pixel the trust and how sure the motion is."""
        size, coloured = blurry.shape[-2:], blurry.float().expand(-1, 3, -1, -1)
        first, told = self.seeing.both(coloured)
        cells, found = told.exp(), bool(reaches(field.basis[0]).max() > STILL)
        trust = given_way(stayed(cells), size, found)
        if is_one_colour(blurry):
            trust = torch.zeros_like(trust)
        belief = torch.zeros_like(trust)
        if found:
            extent = extent_of(cells)
            belief = surely(spread(self._believed(extent, extent_in(field)), size), exposure)
        if self.turned and (trust * (1 - belief) > MOSTLY).float().mean() > NEEDED:
            first = mean_of_looks(self.seeing, coloured, max(LEAST_LOOKS, looks_afforded(size)), first)
        restored = without = in_channels(first.clamp(0, 1), blurry.shape[1])
        if found:
            restored = self.restorer.upon(Glance(first, extent), blurry, field, exposure)
        picture = blurry + trust * (without + belief * (restored - without) - blurry)
        return picture, trust, trust * belief

    def _believed(self, told: Tensor, found: Tensor) -> Tensor:
        return believed(told, found, self.apart, self.apart if self.apart_long is None else self.apart_long)

    @torch.no_grad()
    def seen(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> KernelField:
        """The field as far as it is believed; elsewhere what the network tells, right about how far, not about how."""
        if exposure.drawn:
            return field
        told = self.seeing.field(blurry.float().expand(-1, 3, -1, -1))
        belief = surely(spread(self._believed(extent_in(told), extent_in(field)), blurry.shape[-2:]), exposure)
        side = max(told.kernel_size, field.kernel_size)
        told, field = told.widened(side), field.widened(side)
        shares = torch.cat(((1 - belief) * told.coefficients, belief * field.coefficients), dim=1)
        return KernelField(torch.cat((told.basis, field.basis), dim=1), shares)


def unjudged(restorer: Restorer) -> Restorer:
    """Give what undoes a field without asking whether to believe it: an `Agreed`'s restorer, any other itself."""
    return restorer.restorer if isinstance(restorer, Agreed) else restorer


def stayed(cells: Tensor) -> Tensor:
    """Tell what share of each cell's light stayed on its pixel, ``[N, K * K, rows, columns] -> [N, 1, …]``."""
    centre = cells.shape[1] // 2
    return cells[:, centre : centre + 1]


def given_way(stays: Tensor, size: Sequence[int], found: bool) -> Tensor:
    """Tell how far a photo gives way to what was restored, by what share of each cell's light stayed on its pixel.

    Args:
        stays: of each cell, ``[N, 1, rows, columns]``.
        size: height and width of the photo.
        found: whether its field shows motion anywhere. Otherwise more light must have left, unless it clearly did in
            some cells near by: what moved there may have moved a little here.

    Returns:
        ``[N, 1, H, W]`` in [0, 1].
    """
    if found:
        return _falling(spread(stays, size), *MOVED)
    together = F.avg_pool2d(stays, TOGETHER, 1, TOGETHER // 2, count_include_pad=False)
    clearly = spread(_falling(-F.max_pool2d(-together, AROUND, 1, AROUND // 2), *CLEARLY), size)
    least, most = (alone + clearly * (moved - alone) for alone, moved in zip(ALONE, MOVED, strict=True))
    return _falling(spread(stays, size), least, most)


def _falling(values: Tensor, least: float | Tensor, most: float | Tensor) -> Tensor:
    """Give 1 up to the least value, 0 from the most, and between them a straight line."""
    return ((most - values) / (most - least)).clamp(0, 1)


def believed(told: Tensor, found: Tensor, apart: float, apart_long: float) -> Tensor:
    """Tell how far to believe a field's kernels in each cell, by how far and which way they spread light.

    Args:
        told: how far the network says that light went, ``[N, 3, rows, columns]``, see `extent_of`.
        found: how far the field's kernels send it, likewise.
        apart: share of the longer of both by which they may differ for belief to be a half, if more than a pixel.
        apart_long: the same where the longer is `LONG`; in between it changes evenly.

    Returns:
        ``[N, 1, rows, columns]`` in [0, 1].
    """
    longer = torch.maximum(_length(told), _length(found))
    share = apart_long + (apart - apart_long) * _falling(longer, *LONG)
    beyond = _length(told - found) - (share * longer).clamp(min=LEAST_APART)
    around = F.avg_pool2d(beyond, AROUND, 1, AROUND // 2, count_include_pad=False)
    return torch.sigmoid(-around / DOUBT)


def surely(belief: Tensor, exposure: Exposure) -> Tensor:
    """Believe at least as much as the motion found is sure (`Exposure.sure`)."""
    return belief.clamp(min=exposure.sure)


def _length(spreads: Tensor) -> Tensor:
    return torch.linalg.vector_norm(spreads, dim=1, keepdim=True)
