"""Scores: exact benchmark protocols as functions, torchmetrics shells over them."""

from deblur_lightning.metrics.alignment import Aligned, align
from deblur_lightning.metrics.kohler import KohlerResult, kohler_score, kohler_scores
from deblur_lightning.metrics.kohler_metric import KohlerScore
from deblur_lightning.metrics.luma import luma
from deblur_lightning.metrics.restoration import RestorationMetrics
from deblur_lightning.metrics.similarity import cw_ssim, picture_psnr, picture_ssim, psnr, ssim_valid

__all__ = [
    "Aligned",
    "KohlerResult",
    "KohlerScore",
    "RestorationMetrics",
    "align",
    "cw_ssim",
    "kohler_score",
    "kohler_scores",
    "luma",
    "picture_psnr",
    "picture_ssim",
    "psnr",
    "ssim_valid",
]
