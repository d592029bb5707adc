"""Scores: exact benchmark protocols as functions, torchmetrics shells over them."""

from deblur_lightning.metrics.restoration import RestorationMetrics, picture_psnr, picture_ssim

__all__ = ["RestorationMetrics", "picture_psnr", "picture_ssim"]
