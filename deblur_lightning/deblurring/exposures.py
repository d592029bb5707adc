"""How a deblurrer tells the exposure of a photo: always the same, or by its borders."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from deblur_lightning.estimation import dark_beyond
from deblur_lightning.exposure import EVERY_SIDE, Exposure
from deblur_lightning.physics import check_gamma


class ExposureRule(ABC):
    """Decide how a photo came to be blurred."""

    gamma: float
    """Display values to linear light of what a camera took."""

    @abstractmethod
    def __call__(self, blurry: Tensor) -> Exposure:
        """Return the exposure of a whole photo ``[1, 3 or 1, H, W]``, display values in [0, 1]."""


@dataclass(frozen=True)
class CameraExposure(ExposureRule):
    """Take every picture for a camera's: light adds up, and the scene goes on beyond the borders.

    Attributes:
        gamma: display values to linear light; 1.0 for pictures that are linear already, as Köhler's.

    Raises:
        ValueError: no gamma, see `check_gamma`.
    """

    gamma: float = 2.2

    def __post_init__(self) -> None:
        check_gamma(self.gamma)

    def __call__(self, blurry: Tensor) -> Exposure:
        """Return this exposure."""
        return Exposure(self.gamma)


@dataclass(frozen=True)
class NoticedExposure(ExposureRule):
    """Notice pictures that a program blurred with nothing beyond their borders (`dark_beyond`); others are a camera's.

    Attributes:
        gamma: display values to linear light of a camera's pictures.
        dark_gamma: of a program's; mostly it blurs display values, that is 1.0.

    Raises:
        ValueError: no gamma, see `check_gamma`.

    Source:
        Ours; measured on 604 such pictures and their sharp twins, see ``experiments/small/README.md``.
    """

    gamma: float = 2.2
    dark_gamma: float = 1.0

    def __post_init__(self) -> None:
        check_gamma(self.gamma)
        check_gamma(self.dark_gamma, "dark_gamma")

    def __call__(self, blurry: Tensor) -> Exposure:
        """Look at the borders."""
        return Exposure(self.dark_gamma, EVERY_SIDE) if dark_beyond(blurry).item() else Exposure(self.gamma)
