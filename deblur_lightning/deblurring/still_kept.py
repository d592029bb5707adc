"""StillKept: a restorer that goes no further than the field says that something moved; ours."""

from torch import Tensor

from deblur_lightning.deblurring.restorers import Restored, Restorer
from deblur_lightning.deblurring.sensed import stayed
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField

KEPT, GIVEN = 0.9, 0.5  # of a pixel's light that stays on it: there the photo counts alone, here the restoration


class StillKept(Restorer):
    """Keep the photo where the field says that light stayed where it was.

    A restorer that has learned changes sharp pictures a little too, and a direct network does not look at the field at
    all. Pictures that fade to black at their borders are left to the restorer.

    Args:
        restorer: undoes the motion.
    """

    def __init__(self, restorer: Restorer) -> None:
        super().__init__()
        self.restorer = restorer

    def forward(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Tensor:
        return self.judged(blurry, field, exposure).picture

    def judged(self, blurry: Tensor, field: KernelField, exposure: Exposure) -> Restored:
        restored: Tensor = self.restorer(blurry, field, exposure)
        if any(exposure.dark):
            return Restored(restored)
        trust = ((KEPT - stayed(field)) / (KEPT - GIVEN)).clamp(0, 1)
        return Restored(blurry + trust * (restored - blurry), trust)
