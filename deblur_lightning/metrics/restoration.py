"""PSNR and the SSIMs of each picture, averaged over pictures, on any number of processes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from deblur_lightning.image import check_image
from deblur_lightning.metrics.pictures import PictureScores
from deblur_lightning.metrics.similarity import INSIDE, WIDTHS, cw_ssim, eight_bit, picture_psnr, ssim_map


class RestorationMetrics(PictureScores):
    """PSNR, the SSIMs and further figures of each picture, by name; every picture counts once.

    ``ssim`` is the mean of the map with reflected borders, ``ssim_valid`` of its part where the window lies inside
    (NaN below 11 x 11 pixels), ``cw_ssim`` the index that DeblurGAN's tables probably print (NaN below 300 pixels).

    Args:
        further: names of the figures given to `update` beside these.
        quantize: round ``restored`` to 8 bits first, as a PNG would.
        wavelets: measure ``cw_ssim`` too: two seconds of a CPU core for a picture of 1280 x 720.
    """

    def __init__(self, further: Sequence[str] = (), quantize: bool = False, wavelets: bool = False) -> None:
        own = ("psnr", "ssim", "ssim_valid", *(("cw_ssim",) if wavelets else ()))
        super().__init__((*own, *further))
        self.further, self.quantize, self.wavelets = tuple(further), quantize, wavelets

    def update(self, restored: Tensor, sharp: Tensor, names: Sequence[str], **further: Tensor) -> None:
        """Score one batch.

        Args:
            restored: ``[N, C, H, W]`` in [0, 1].
            sharp: likewise.
            names: N names, each unique to its picture.
            **further: ``[N]`` figures under the names given at construction.

        Raises:
            ValueError: sizes differ, a side is below 6 pixels, a value is not in [0, 1] or no number, or the figures
                are not those announced.
        """
        if restored.shape != sharp.shape:
            raise ValueError(
                f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Score pictures of one size."
            )
        if set(further) != set(self.further):
            raise ValueError(f"figures are {sorted(further)}, but {sorted(self.further)} were announced. Match them.")
        if not (restored.isfinite().all() and sharp.isfinite().all()):
            raise ValueError(f"{', '.join(names)}: a pixel is NaN, but scores need numbers. Look at its restoration.")
        check_image(restored, "restored")  # before clamping, which would make equals of two pictures in 0 to 255
        check_image(sharp, "sharp")
        restored, sharp = restored.double().clamp(0, 1), sharp.double().clamp(0, 1)
        if self.quantize:
            restored = eight_bit(restored)
        similar = ssim_map(restored, sharp)
        scores = {
            "psnr": picture_psnr(restored, sharp),
            "ssim": similar.flatten(1).mean(dim=1),
            "ssim_valid": similar[..., INSIDE, INSIDE].flatten(1).mean(dim=1),
        }
        if self.wavelets:
            enough = restored[0, 0].numel() >= 10 * WIDTHS
            scores["cw_ssim"] = cw_ssim(restored, sharp) if enough else similar.new_full((len(names),), torch.nan)
        self.record(names, {**scores, **further})
