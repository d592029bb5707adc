"""Scores: exact benchmark protocols as functions, torchmetrics shells over them."""

from deblur_lightning.metrics.kohler import KohlerResult, kohler_score, kohler_scores
from deblur_lightning.metrics.kohler_metric import KohlerScore
from deblur_lightning.metrics.restoration import RestorationMetrics
from deblur_lightning.metrics.similarity import cw_ssim, picture_psnr, picture_ssim, psnr, ssim_valid

__all__ = [
    "KohlerResult",
    "KohlerScore",
    "RestorationMetrics",
    "cw_ssim",
    "kohler_score",
    "kohler_scores",
    "picture_psnr",
    "picture_ssim",
    "psnr",
    "ssim_valid",
]
