"""Köhler scores as people read and keep them: tables of 4 images by 12 kernels, Markdown, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Sequence

from tabulate import tabulate

from deblur_lightning.commands.score_kohler.scores import MethodScores, PictureScore
from deblur_lightning.metrics.kohler_metric import IMAGES, KERNELS, Picture
from deblur_lightning.reports.markdown import markdown_cell

COLUMNS = (
    "method", "image", "kernel", "psnr", "mssim", "psnr_frame", "mssim_frame",
    "psnr_shift_down", "psnr_shift_right", "mssim_shift_down", "mssim_shift_right",
)  # fmt: skip


def tables(methods: Sequence[MethodScores], layout: str = "simple") -> str:
    """Draw both 4 x 12 tables of each method and the means of all.

    Args:
        methods: their scores.
        layout: tabulate's name: ``simple`` for a terminal, ``github`` for Markdown.
    """
    heading = "## {}" if layout == "github" else "{}"
    parts = []
    for method in methods:
        for figure, digits in (("psnr", 2), ("mssim", 4)):
            title = f"{method.method}: " + ("PSNR (dB)" if figure == "psnr" else "MSSIM")
            parts.append(f"{heading.format(title)}\n\n{_table(method, figure, digits, layout)}")
    named = markdown_cell if layout == "github" else str
    means = [(named(each.method), f"{each.psnr:.2f}", f"{each.mssim:.4f}", str(len(each.scores))) for each in methods]
    headers = ("method", "PSNR (dB)", "MSSIM", "pictures")
    title = heading.format("Means of the best over frames, official protocol")
    summary = tabulate(means, headers, tablefmt=layout, disable_numparse=True)
    return "\n\n".join([*parts, f"{title}\n\n{summary}", *filter(None, (each.lacking() for each in methods))]) + "\n"


def as_csv(methods: Sequence[MethodScores]) -> str:
    """Write one row a method and picture."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for method in methods:
        for which, score in method.scores.items():
            shifts = (*score.psnr_shift, *score.mssim_shift)
            writer.writerow((method.method, *which, *score[:4], *shifts))
    return file.getvalue()


def as_json(methods: Sequence[MethodScores]) -> str:
    """Write everything, the scores of each frame included; an infinite PSNR is null."""
    content = [
        {
            "method": method.method,
            "folder": str(method.folder),
            "psnr": _finite(method.psnr),
            "mssim": method.mssim,
            "pictures": {str(which): _picture(score) for which, score in method.scores.items()},
            "unrestored": [str(which) for which in method.unrestored],
            "without_frames": [str(which) for which in method.frameless],
        }
        for method in methods
    ]
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _table(method: MethodScores, figure: str, digits: int, layout: str) -> str:
    rows = []
    for image in IMAGES:
        scores = [method.scores.get(Picture(image, kernel)) for kernel in KERNELS]
        values = [getattr(score, figure) for score in scores if score]
        mean = f"{sum(values) / len(values):.{digits}f}" if values else "-"
        rows.append(
            (f"image {image}", *(f"{getattr(score, figure):.{digits}f}" if score else "-" for score in scores), mean)
        )
    return tabulate(rows, ("", *map(str, KERNELS), "mean"), tablefmt=layout, disable_numparse=True, stralign="right")


def _picture(score: PictureScore) -> dict[str, object]:
    frames = {number: [_finite(psnr), mssim] for number, (psnr, mssim) in score.frames.items()}
    return {**score._asdict(), "psnr": _finite(score.psnr), "frames": frames}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
