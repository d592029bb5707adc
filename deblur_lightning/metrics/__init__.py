"""Scores: exact benchmark protocols as functions, torchmetrics shells over them."""

from deblur_lightning.metrics.restoration import RestorationMetrics, picture_psnr, picture_ssim
from deblur_lightning.metrics.similarity import cw_ssim, psnr, ssim_valid

__all__ = ["RestorationMetrics", "cw_ssim", "picture_psnr", "picture_ssim", "psnr", "ssim_valid"]
