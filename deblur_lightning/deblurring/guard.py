"""When to leave a picture alone: a policy of its own in the chain."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from deblur_lightning.field import KernelField


class Guard(ABC):
    """Tell which pictures moved at all."""

    @abstractmethod
    def __call__(self, blurry: Tensor, field: KernelField) -> Tensor:
        """Return ``[N]``, boolean: false leaves a picture as it is.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            field: as estimated, before a refinement.
        """


@dataclass(frozen=True)
class StillnessGuard(Guard):
    """Leave pictures alone whose kernels keep much of their light on one pixel.

    Attributes:
        still: largest share of light that the mean kernel of a moved picture may leave on one pixel; 1 lets all pass.
    """

    still: float = 1.0

    def __call__(self, blurry: Tensor, field: KernelField) -> Tensor:
        """Look at the largest value."""
        return field.mean_kernel().amax(dim=(1, 2)) <= self.still
