"""When to leave a picture alone: a policy of its own in the chain."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from deblur_lightning.estimation import richest_window
from deblur_lightning.estimation.refine_field import Guess
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.physics import to_linear


class Guard(ABC):
    """Tell which pictures moved at all."""

    @abstractmethod
    def __call__(self, blurry: Tensor, field: KernelField, exposure: Exposure, guess: Guess | None) -> Tensor:
        """Return ``[N]``, boolean: false leaves a picture as it is.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            field: estimated at a glance.
            exposure: how the pictures came to be blurred.
            guess: guesses the kernel of a part of a picture, or its reverse.
        """


@dataclass(frozen=True)
class StillnessGuard(Guard):
    """Leave pictures alone whose kernels keep much of their light on one pixel.

    Attributes:
        still: largest share of light that the mean kernel of a moved picture may leave on one pixel; 1 lets all pass.
        path_still: the same for the path network's guess, which tells soft pictures from moved ones; it is asked only
            where ``still`` lets a picture pass.
    """

    still: float = 1.0
    path_still: float = 1.0

    def __call__(self, blurry: Tensor, field: KernelField, exposure: Exposure, guess: Guess | None) -> Tensor:
        """Look at the largest values of both kernels."""
        moved = field.mean_kernel().amax(dim=(1, 2)) <= self.still
        if guess is not None and self.path_still < 1 and moved.any():
            light = to_linear(blurry, exposure.gamma).mean(dim=1)
            paths = torch.stack([guess(plane[richest_window(plane)], None) for plane in light])
            moved = moved & (paths.amax(dim=(1, 2)) <= self.path_still)
        return moved
