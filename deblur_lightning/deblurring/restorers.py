"""From a blurry picture and its motion field to a sharp picture: the classical restorers as objects."""

import math
from abc import abstractmethod
from typing import NamedTuple, SupportsIndex, get_args

import torch
from torch import Tensor, nn

from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.networks import SeeingNAFNet
from deblur_lightning.restoration import deconvolve, richardson_lucy
from deblur_lightning.restoration.robust import check_deconvolution
from deblur_lightning.richardson_lucy_updates import Method


class Restored(NamedTuple):
    """What a restorer makes of pictures.

    Attributes:
        picture: display values in [0, 1], shape of the blurry ones.
        trust: share of the restoration at each pixel, ``[N, 1, H, W]`` in [0, 1]; the rest is the blurry picture. None
            from a restorer that does not judge.
        sure: share of what was restored by the motion found, likewise, at most ``trust``; what is left of that needed
            no motion field. None where both are the same.
    """

    picture: Tensor
    trust: Tensor | None = None
    sure: Tensor | None = None

    @property
    def judgement(self) -> tuple[Tensor, Tensor] | None:
        """Both shares; None from a restorer that does not judge."""
        return None if self.trust is None else (self.trust, self.trust if self.sure is None else self.sure)


class Glance(NamedTuple):
    """What a direct network makes of pictures, by no motion field.

    Attributes:
        picture: ``[N, 3, H, W]``, display values that may stray from [0, 1].
        extent: how far it says that the light of each cell went, ``[N, 3, rows, columns]``, see `extent_of`; None from
            one that tells no motion, or that nobody asks.
    """

    picture: Tensor
    extent: Tensor | None = None


class Opinion(NamedTuple):
    """What a network that sees each place by itself says of a photo's field, in a part of the photo that tells much.

    Attributes:
        told: how far light went by the network, in pixels, in the mean; see `extent_of`.
        found: how far by the field, likewise.
        belief: share of the field's motion that the network confirms, in [0, 1].
    """

    told: float
    found: float
    belief: float


class Restorer(nn.Module):
    """Undo a known motion field.

    Attributes:
        title: what models with it are called in tables and figures; empty if by what estimates the motion.
    """

    title = ""

    @property
    def seeing(self) -> SeeingNAFNet | None:
        """The network that it asks what it sees at each place; None where it asks none."""
        return None

    def opinion(self, blurry: Tensor, field: KernelField) -> Opinion | None:
        """Ask the network that it asks, if it asks one, about the field of one photo.

        Args:
            blurry: ``[1, 3 or 1, H, W]`` in [0, 1], display values.
            field: of it.
        """
        return None

    @abstractmethod
    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        """Restore pictures.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            field: of the same pictures.
            exposure: how they came to be blurred.

        Returns:
            Display values in [0, 1], shape of ``blurry``.

        Raises:
            ValueError: no pictures in [0, 1], or a field that does not fit.
        """

    def judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        """Restore pictures, and tell how far the restoration is trusted, where it is judged."""
        return Restored(self(blurry, field, exposure))

    def upon(self, glance: Glance, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        """Restore pictures of which a direct network made something already, from which to begin.

        Args:
            glance: by that network.
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            field: of the same pictures.
            exposure: how they came to be blurred.
        """
        return self(blurry, field, exposure)

    def seen(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> KernelField:
        """Tell the motion that it goes by at each place: the field that it is given, unless it sees more itself.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values; H and W at least 32.
            field: of the same pictures.
            exposure: how they came to be blurred.
        """
        return field


UPDATES = 40
"""Of Richardson-Lucy for what lights drew: more than for estimated motion, for it is known."""


def undo_drawn(blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
    """Undo motion that points of light drew (`Exposure.drawn`), in no doubt, and beyond where the lights clipped."""
    made = RichardsonLucy(UPDATES, "saturated")(blurry, field, exposure)
    return Restored(made, torch.ones_like(blurry[:, :1]))


class RichardsonLucy(Restorer):
    """Richardson-Lucy's multiplicative updates, see `richardson_lucy`.

    Args:
        iterations: updates; few while the field is uncertain.
        method: basic, saturated or combined.

    Raises:
        ValueError: an unknown method, or a count that is negative or not whole.
    """

    def __init__(self, iterations: int = 30, method: Method = "basic") -> None:
        super().__init__()
        if method not in get_args(Method):
            raise ValueError(f"method is {method}, but there are basic, saturated and combined. Pass one of these.")
        if not (isinstance(iterations, SupportsIndex) and iterations >= 0):
            raise ValueError(f"iterations is {iterations}, but it counts updates. Pass 30, or 0 for none.")
        self.iterations = iterations
        self.method: Method = method

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return richardson_lucy(
            blurry, field, self.iterations, gamma=exposure.gamma, method=self.method, dark=exposure.dark
        )


class HyperLaplacian(Restorer):
    """Least squares under the prior that few edges are strong, see `deconvolve`; excellent where the field is right.

    Args:
        regularization: weight of the prior, per unit of noise.
        exponent: of the prior's absolute slopes.
        start: updates of Richardson-Lucy to begin with.
        outer: reweightings.
        inner: conjugate-gradient steps between them.
        allowance: how far restored values may stray beyond the blurry picture's range within a kernel's reach, as a
            share of that range; infinite by default, 0.5 for uncertain fields.

    Raises:
        ValueError: a number out of its range.
    """

    def __init__(
        self,
        regularization: float = 0.1,
        exponent: float = 0.8,
        start: int = 15,
        outer: int = 2,
        inner: int = 10,
        allowance: float = math.inf,
    ) -> None:
        super().__init__()
        check_deconvolution(regularization, exponent, start, outer, inner, allowance)
        self.regularization, self.exponent = regularization, exponent
        self.start, self.outer, self.inner, self.allowance = start, outer, inner, allowance

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return deconvolve(
            blurry, field, gamma=exposure.gamma, regularization=self.regularization, exponent=self.exponent,
            start=self.start, outer=self.outer, inner=self.inner, allowance=self.allowance, dark=exposure.dark,
        )  # fmt: skip
