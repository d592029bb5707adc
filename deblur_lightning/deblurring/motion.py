"""MotionDeblurrer: see each pixel's motion, then undo it (Carbajal et al. 2021, arXiv 2102.01026)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.blind import BlindEstimator
from deblur_lightning.deblurring.deblurrer import Deblurred, Deblurrer, exposures_of, one_by_one
from deblur_lightning.deblurring.exposures import CameraExposure, ExposureRule
from deblur_lightning.deblurring.restorers import Restorer, RichardsonLucy
from deblur_lightning.estimation import Found, Tell, with_fade, without_fade
from deblur_lightning.exposure import NO_SIDE, Exposure
from deblur_lightning.field import KernelField, stack_fields
from deblur_lightning.networks import AdaptiveBasisNetwork
from deblur_lightning.physics import to_display, to_linear

BY_MOTION = "restored by the motion found"
"""Marks the note on one picture's shares, which is left out where several pictures or tiles are restored together."""

DRAWN = "lights drew the motion, so it is known"
FADES = "fades to black at its borders, so taken for blurred by a program"


class MotionDeblurrer(Deblurrer):
    """See each pixel's motion, then undo it.

    With a network and Richardson-Lucy this is the published method. The rest is ours.

    Args:
        network: maps linear light minus 0.5 to a `KernelField`; the published `AdaptiveBasisNetwork` if None. A
            `BlindEstimator` stands here too.
        restorer: undoes the field; 30 updates of Richardson-Lucy if None.
        exposure: tells how a photo came to be blurred; every one in light of gamma 2.2 if None.
    """

    sees_motion = undoes_motion = True

    def __init__(
        self,
        network: nn.Module | None = None,
        restorer: Restorer | None = None,
        exposure: ExposureRule | None = None,
    ) -> None:
        super().__init__()
        self.network = AdaptiveBasisNetwork() if network is None else network
        self.restorer = RichardsonLucy() if restorer is None else restorer
        self.exposure = CameraExposure() if exposure is None else exposure

    def forward(self, blurry: Tensor, exposure: Exposure | None = None) -> Deblurred:
        exposures = exposures_of(self, blurry, exposure)
        if self._differ(exposures):
            return _of_all(one_by_one(self, blurry, exposures))
        field, seen = self._found(blurry, exposures[0])
        answer = self.restorer.judged(blurry, field, seen)
        judged = () if answer.judgement is None else (trusted([answer.judgement]),)
        return Deblurred(answer.picture, self.restorer.seen(blurry, field, seen), (*notes_of(seen), *judged))

    @property
    def method(self) -> str:
        """The name of what estimates the motion, or of a restorer that does most of the work."""
        return self.restorer.title or ("Blind" if isinstance(self.network, BlindEstimator) else "Adaptive")

    def exposure_of(self, blurry: Tensor) -> Exposure:
        return self.exposure(blurry)

    @torch.no_grad()
    def field(self, blurry: Tensor, exposure: Exposure | None = None) -> KernelField:
        """Estimate the motion field of pictures, as the restorer goes by it.

        Raises:
            ValueError: no pictures in [0, 1].
        """
        exposures = exposures_of(self, blurry, exposure)
        if self._differ(exposures):
            return stack_fields([self.field(*one) for one in zip(blurry.split(1), exposures, strict=True)])
        return self.restorer.seen(blurry, *self._found(blurry, exposures[0]))

    def _differ(self, exposures: Sequence[Exposure]) -> bool:
        """Tell whether pictures must be looked at one by one: lights may have drawn the motion of some."""
        return len(set(exposures)) > 1 or (self.estimates_whole and len(exposures) > 1)

    def glance(self, blurry: Tensor, exposure: Exposure) -> KernelField:
        """Let the network alone estimate the field, as in training."""
        field: KernelField = self.network(to_linear(blurry, exposure.gamma) - 0.5)
        return field

    @property
    def estimates_whole(self) -> bool:
        """With a `BlindEstimator`."""
        return isinstance(self.network, BlindEstimator)

    @torch.no_grad()
    def drawn(self, blurry: Tensor, exposure: Exposure) -> KernelField | None:
        """Read the field that lights drew, where a `BlindEstimator` can: of one picture, which no program blurred."""
        if not isinstance(self.network, BlindEstimator) or exposure.fades or len(blurry) > 1:
            return None
        return self.network.drawn(to_linear(blurry, exposure.gamma))

    def estimate(self, blurry: Tensor, exposure: Exposure) -> Found:
        """Estimate the field of pictures of one exposure, none of which lights drew."""
        found = self._seen(without_fade(blurry, exposure.dark), exposure)
        return found._replace(field=with_fade(found.field, exposure.dark))

    def _seen(self, blurry: Tensor, exposure: Exposure) -> Found:
        if isinstance(self.network, BlindEstimator) and len(blurry) == 1:
            return self.network.find(to_linear(blurry, exposure.gamma), self._teller(exposure.gamma))
        return Found(self.glance(blurry, exposure))

    def _teller(self, gamma: float) -> Tell | None:
        """Give the mean kernel that the restorer's network sees in a picture in linear light."""
        seeing = self.restorer.seeing
        if seeing is None:
            return None
        device = next(seeing.parameters()).device  # estimates are made on the CPU
        return lambda light: seeing.mean_kernel(to_display(light.to(device).expand(-1, 3, -1, -1), gamma))

    def _found(self, blurry: Tensor, exposure: Exposure) -> tuple[KernelField, Exposure]:
        """Give the field, and the exposure with what is known of who drew the field."""
        drawn = self.drawn(blurry, exposure)
        if drawn is None:
            exposure = exposure._replace(drawn=False)
            found = self.estimate(blurry, exposure)
            return found.field, exposure._replace(sure=found.sureness())
        return drawn, exposure._replace(drawn=True)


def notes_of(exposure: Exposure) -> tuple[str, ...]:
    """Say of pictures of one exposure what a photographer should know."""
    known = ((exposure.dark != NO_SIDE, FADES), (exposure.drawn, DRAWN))
    return tuple(note for so, note in known if so)


def _of_all(answer: Deblurred) -> Deblurred:
    """Keep of the notes on several pictures those that hold of them together."""
    return answer._replace(notes=tuple(note for note in answer.notes if BY_MOTION not in note))


def trusted(judged: Sequence[tuple[Tensor, Tensor]]) -> str:
    """Say what share of a photo's light was restored by its motion, by what needs none, and left as it was.

    Args:
        judged: trust of its tiles, and how sure their motion is, see `Restored`.
    """
    trust, sure = (torch.cat([part.flatten() for part in parts]).mean() for parts in zip(*judged, strict=True))
    other = trust - sure
    without = f"{other:.0%} without it; " if f"{other:.0%}" != "0%" else ""
    return f"{sure:.0%} {BY_MOTION}; {without}{1 - trust:.0%} left as it was"
