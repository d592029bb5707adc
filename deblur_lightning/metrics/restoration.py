"""PSNR and SSIM of each picture, averaged over pictures, on any number of processes."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from deblur_lightning.image import check_image
from deblur_lightning.metrics.pictures import PictureScores


def picture_psnr(restored: Tensor, sharp: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture, in dB; infinite for identical ones.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1].
        sharp: likewise.

    Returns:
        ``[N]``. The mean squared error is each picture's own: papers print the mean of these, not the PSNR of the
        pooled error that torchmetrics gives by default.

    Raises:
        ValueError: integers, NaN or another range of values; see `check_image`.
    """
    check_image(restored, "restored")
    check_image(sharp, "sharp")
    psnr = peak_signal_noise_ratio(restored, sharp, data_range=(0.0, 1.0), dim=(1, 2, 3), reduction="none")
    return torch.where((restored == sharp).flatten(1).all(dim=1), torch.inf, psnr)


def picture_ssim(restored: Tensor, sharp: Tensor) -> Tensor:
    """Structural similarity of each picture as torchmetrics defines it: 11 x 11 Gaussian, reflected border.

    scikit-image averages the valid region alone and gives another figure for the same pair.

    Args:
        restored: ``[N, C, H, W]`` in [0, 1].
        sharp: likewise.

    Returns:
        ``[N]``.

    Raises:
        ValueError: integers, NaN or another range of values; see `check_image`.
    """
    check_image(restored, "restored")
    check_image(sharp, "sharp")
    ssim = structural_similarity_index_measure(restored, sharp, data_range=(0.0, 1.0), reduction="none")
    return torch.as_tensor(ssim).reshape(-1)  # one picture comes back without its axis


class RestorationMetrics(PictureScores):
    """PSNR, SSIM and further figures of each picture, by name; every picture counts once.

    Args:
        further: names of the figures given to `update` beside PSNR and SSIM.
        quantize: round ``restored`` to 8 bits first, as a PNG would.
    """

    def __init__(self, further: Sequence[str] = (), quantize: bool = False) -> None:
        super().__init__(("psnr", "ssim", *further))
        self.quantize = quantize

    def update(self, restored: Tensor, sharp: Tensor, names: Sequence[str], **further: Tensor) -> None:
        """Score one batch.

        Args:
            restored: ``[N, C, H, W]`` in [0, 1].
            sharp: likewise.
            names: N names, each unique to its picture.
            **further: ``[N]`` figures under the names given at construction.

        Raises:
            ValueError: sizes differ, a value is not in [0, 1] or no number, or the figures are not those announced.
        """
        if restored.shape != sharp.shape:
            raise ValueError(
                f"restored is {list(restored.shape)}, but sharp is {list(sharp.shape)}. Score pictures of one size."
            )
        if set(further) != set(self.columns[2:]):
            raise ValueError(
                f"figures are {sorted(further)}, but {sorted(self.columns[2:])} were announced. Match them."
            )
        if not (restored.isfinite().all() and sharp.isfinite().all()):
            raise ValueError(f"{', '.join(names)}: a pixel is NaN, but scores need numbers. Look at its restoration.")
        check_image(restored, "restored")  # before clamping, which would make equals of two pictures in 0 to 255
        check_image(sharp, "sharp")
        restored, sharp = restored.double().clamp(0, 1), sharp.double().clamp(0, 1)
        if self.quantize:
            restored = (restored * 255).round() / 255
        scores = {"psnr": picture_psnr(restored, sharp), "ssim": picture_ssim(restored, sharp)}
        self.record(names, {**scores, **further})
