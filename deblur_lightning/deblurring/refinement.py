"""Refine an estimated field by the picture itself, as an object of the chain."""

from abc import abstractmethod

from torch import Tensor, nn

from deblur_lightning.estimation import SOFTNESS, refine_field, with_fade, without_fade
from deblur_lightning.exposure import NO_SIDE, Exposure
from deblur_lightning.field import KernelField

UNIFORM = 0.45  # softness in pixels of kernels where a program blurred: it moves all of a picture alike


class Refinement(nn.Module):
    """Fit a field to the picture it was estimated from."""

    @abstractmethod
    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> KernelField:
        """Refine the field of pictures.

        Args:
            blurry: ``[N, 3 or 1, H, W]`` in [0, 1], display values.
            field: estimated, of the same pictures.
            exposure: how they came to be blurred.
        """


class AlternatingRefinement(Refinement):
    """Blind deconvolution that starts from the estimate and stays near: edges and kernels in turn, see `refine_field`.

    Args:
        still: largest value of a region's kernel; where it is larger, hardly anything moved, and the estimate stays.
        most: regions of one motion a picture, at most.
        spread: variation of the kernels within a region that is not looked at.
    """

    def __init__(self, still: float = 1.0, most: int = 3, spread: float = 0.3) -> None:
        super().__init__()
        self.still, self.most, self.spread = still, most, spread

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> KernelField:
        softness = SOFTNESS if exposure.dark == NO_SIDE else UNIFORM
        inner = without_fade(blurry, exposure.dark)
        cropped = field._replace(coefficients=without_fade(field.coefficients, exposure.dark))
        refined = refine_field(
            inner, cropped, gamma=exposure.gamma, still=self.still, most=self.most, spread=self.spread,
            softness=softness,
        )  # fmt: skip
        return with_fade(refined, exposure.dark)
