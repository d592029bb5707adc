"""MotionDeblurrer: see each pixel's motion, then undo it (Carbajal et al. 2021, arXiv 2102.01026)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.blind import BlindEstimator
from deblur_lightning.deblurring.deblurrer import Deblurred, Deblurrer, exposures_of, one_by_one
from deblur_lightning.deblurring.exposures import CameraExposure, ExposureRule
from deblur_lightning.deblurring.guard import Guard
from deblur_lightning.deblurring.refinement import Refinement
from deblur_lightning.deblurring.restorers import Restorer, RichardsonLucy
from deblur_lightning.estimation import Found, with_fade, without_fade
from deblur_lightning.exposure import NO_SIDE, Exposure
from deblur_lightning.field import KernelField, stack_fields
from deblur_lightning.networks import AdaptiveBasisNetwork
from deblur_lightning.physics import to_linear

BY_MOTION = "restored by the motion found"
"""In what is said of each picture anew, and so of none of several together."""

STILL = "hardly any motion seen, so its pixels are as they were"
SMALL = "too small for its motion to be looked for, so its pixels are as they were"
DRAWN = "lights drew the motion, so it is known"
FADES = "fades to black at its borders, so taken for blurred by a program"


class MotionDeblurrer(Deblurrer):
    """See each pixel's motion, then undo it.

    With a network and a restorer alone this is the published method. The rest is ours.

    Args:
        network: maps linear light minus 0.5 to a `KernelField`; the published `AdaptiveBasisNetwork` if None. A
            `BlindEstimator` stands here too.
        restorer: undoes the field; 30 updates of Richardson-Lucy if None.
        refinement: fits the field to the picture before it is undone; None takes it as estimated.
        guard: leaves pictures alone that did not move; None restores every one.
        exposure: tells how a photo came to be blurred; every one in light of gamma 2.2 if None.
    """

    sees_motion = undoes_motion = True

    def __init__(
        self,
        network: nn.Module | None = None,
        restorer: Restorer | None = None,
        refinement: Refinement | None = None,
        guard: Guard | None = None,
        exposure: ExposureRule | None = None,
    ) -> None:
        super().__init__()
        self.network = AdaptiveBasisNetwork() if network is None else network
        self.restorer = RichardsonLucy() if restorer is None else restorer
        self.refinement, self.guard = refinement, guard
        self.exposure = CameraExposure() if exposure is None else exposure

    def forward(self, blurry: Tensor, exposure: Exposure | None = None) -> Deblurred:
        exposures = exposures_of(self, blurry, exposure)
        if self._differ(exposures):
            return _of_all(one_by_one(self, blurry, exposures), blurry)
        field, moved, seen = self._found(blurry, exposures[0])
        if not moved.any():
            return Deblurred(blurry.clone(), field, self.notes_of(blurry, seen, moved))
        answer = self.restorer.judged(blurry, field, seen)
        picture = torch.where(moved.view(-1, 1, 1, 1), answer.picture, blurry.to(answer.picture))
        judged = () if (told := answer.judgement) is None else (trusted([(told[0][moved], told[1][moved])]),)
        field = self.restorer.seen(blurry, field, seen)
        return Deblurred(picture, field, (*self.notes_of(blurry, seen, moved), *judged))

    @property
    def method(self) -> str:
        """The name of what estimates the motion, or of a restorer that does most of the work."""
        return self.restorer.title or ("Blind" if isinstance(self.network, BlindEstimator) else "Adaptive")

    def exposure_of(self, blurry: Tensor) -> Exposure:
        return self.exposure(blurry)

    @torch.no_grad()
    def field(self, blurry: Tensor, exposure: Exposure | None = None) -> KernelField:
        """Estimate the motion field of pictures, refined where there is a refinement, as the restorer goes by it.

        Raises:
            ValueError: no pictures in [0, 1].
        """
        exposures = exposures_of(self, blurry, exposure)
        if self._differ(exposures):
            return stack_fields([self.field(*one) for one in zip(blurry.split(1), exposures, strict=True)])
        field, moved, seen = self._found(blurry, exposures[0])
        return self.restorer.seen(blurry, field, seen) if moved.any() else field

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

    def estimate(self, blurry: Tensor, exposure: Exposure) -> tuple[KernelField, Tensor, Callable[[], float]]:
        """Estimate the field of pictures of one exposure, none of which lights drew.

        Returns:
            The field, which pictures ``[N]`` moved at all, and what tells how sure the field is (`Found.sureness`).
        """
        inner = without_fade(blurry, exposure.dark)
        field, sureness = self._seen(inner, exposure)
        moved = torch.ones(len(blurry), dtype=torch.bool, device=blurry.device)
        if self.guard is not None:
            moved = self.guard(inner, field)
        field = with_fade(field, exposure.dark)
        if not moved.any():
            return field, moved, lambda: 0.0
        if self.refinement is not None:
            return self.refinement(blurry, field, exposure), moved, lambda: 0.0
        return field, moved, sureness

    def _seen(self, blurry: Tensor, exposure: Exposure) -> Found:
        if isinstance(self.network, BlindEstimator) and len(blurry) == 1:
            return self.network.find(to_linear(blurry, exposure.gamma))
        return Found(self.glance(blurry, exposure))

    def _found(self, blurry: Tensor, exposure: Exposure) -> tuple[KernelField, Tensor, Exposure]:
        """Give the field, which pictures moved at all, and the exposure with what is known of who drew the field."""
        drawn = self.drawn(blurry, exposure)
        if drawn is None:
            exposure = exposure._replace(drawn=False)
            field, moved, sureness = self.estimate(blurry, exposure)
            return field, moved, exposure._replace(sure=sureness())
        return drawn, torch.ones(1, dtype=torch.bool, device=blurry.device), exposure._replace(drawn=True)

    def notes_of(self, blurry: Tensor, exposure: Exposure, moved: Tensor) -> tuple[str, ...]:
        """Say of pictures of one exposure what a photographer should know.

        Args:
            blurry: ``[N, 3 or 1, H, W]``.
            exposure: of all.
            moved: which of them did, ``[N]``.
        """
        still, notes = not moved.any(), []
        if exposure.dark != NO_SIDE:
            notes.append(FADES)
        if exposure.drawn:
            notes.append(DRAWN)
        if still:
            inner = without_fade(blurry, exposure.dark)
            notes.append(SMALL if isinstance(self.network, BlindEstimator) and not self.network.sees(inner) else STILL)
        return tuple(notes)


def _of_all(answer: Deblurred, blurry: Tensor) -> Deblurred:
    """Keep of the notes on several pictures those that hold of them together."""
    dropped = (BY_MOTION,) if torch.equal(answer.picture, blurry) else (BY_MOTION, STILL)
    return answer._replace(notes=tuple(note for note in answer.notes if not any(part in note for part in dropped)))


def trusted(judged: Sequence[tuple[Tensor, Tensor]]) -> str:
    """Say what share of a photo's light was restored by its motion, by what needs none, and left as it was.

    Args:
        judged: trust of its tiles, and how sure their motion is, see `Restored`.
    """
    trust, sure = (torch.cat([part.flatten() for part in parts]).mean() for parts in zip(*judged, strict=True))
    other = trust - sure
    without = f"{other:.0%} without it; " if f"{other:.0%}" != "0%" else ""
    return f"{sure:.0%} {BY_MOTION}; {without}{1 - trust:.0%} left as it was"
