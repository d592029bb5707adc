"""Scores of `deblur score` as people read and keep them: a table, Markdown, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping

from tabulate import tabulate

from deblur_lightning.commands.score.figures import Scores
from deblur_lightning.reports.markdown import markdown_cell
from deblur_lightning.reports.metric_names import DEFINITIONS, metric_name
from deblur_lightning.reports.results import Result
from deblur_lightning.sentences import count_of

MOST_SHOWN = 60  # pictures in a terminal

SHORT = {
    "psnr": "PSNR", "ssim": "SSIM", "ssim_valid": "SSIM valid", "cw_ssim": "CW-SSIM", "blurry_psnr": "blurry PSNR",
    "gain": "gain", "aligned_psnr": "PSNR aligned", "aligned_ssim_valid": "SSIM aligned",
    "aligned_gain": "gain aligned", "lpips": "LPIPS", "dists": "DISTS", "shift_down": "down", "shift_right": "right",
}  # fmt: skip
"""Heads narrow enough for a terminal; PSNRs and gains in dB, shifts in pixels."""


def as_text(scores: Scores, title: str) -> str:
    """Draw the table for a terminal; of many pictures the means alone."""
    shown = scores.rows if len(scores.rows) <= MOST_SHOWN else {}
    return f"{title}\n\n{_table(scores, shown, 'simple', SHORT)}\n\n" + "".join(f"{note}\n" for note in notes(scores))


def as_markdown(scores: Scores, title: str) -> str:
    """Write the table for GitHub, a row a picture."""
    listed = "".join(f"- {note}\n" for note in notes(scores))
    shown = {markdown_cell(name): figures for name, figures in scores.rows.items()}
    return f"## {title}\n\n{_table(scores, shown, 'github', {})}\n\n{listed}"


def as_csv(scores: Scores) -> str:
    """Write a row a picture, digits as computed."""
    file = io.StringIO()
    rows = [{"name": name, **figures} for name, figures in scores.rows.items()]
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def as_json(scores: Scores, result: Result) -> str:
    """Write what was scored, with what, the means and each picture's figures; what is not finite is null."""
    content = {
        **{name: getattr(result, name) for name in ("method", "dataset", "blur", "config")},
        **{name: getattr(result, name) for name in ("checkpoint_name", "checkpoint")},
        **{name: getattr(result, name) for name in ("commit", "device", "date", "seconds", "restores")},
        "means": dict(scores.means),
        "identical": scores.identical,
        "pictures": {name: _finite(figures) for name, figures in scores.rows.items()},
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


WRITERS: dict[str, Callable[[Scores, Result, str], str]] = {
    ".csv": lambda scores, result, title: as_csv(scores),
    ".md": lambda scores, result, title: as_markdown(scores, title),
    ".json": lambda scores, result, title: as_json(scores, result),
}
"""What `--output` may end in."""


def notes(scores: Scores) -> list[str]:
    """Say what the figures mean, and what to mind."""
    said = [DEFINITIONS[name] for name in scores.means if name in DEFINITIONS]
    if scores.identical:
        said.append(
            "Equal to their sharp one, before or after restoration (infinite PSNR), so in no mean: "
            f"{scores.identical} of {count_of(len(scores.rows), 'picture')}."
        )
    if scores.transparent:
        said.append(
            "Transparent in part, and scored as though opaque: "
            f"{count_of(len(scores.transparent), 'restored picture')} ({scores.transparent[0]})."
        )
    if scores.far:
        said.append(
            f"The best shift of {count_of(len(scores.far), 'picture')} is at the limit of the search "
            f"({scores.far[0]}): a better one may lie further away."
        )
    return said


def _table(scores: Scores, shown: Mapping[str, Mapping[str, float]], layout: str, short: Mapping[str, str]) -> str:
    columns = list(next(iter(scores.rows.values())))
    heads = ["picture", *(short.get(column, metric_name(column).label) for column in columns)]
    lines = [[name, *(_cell(figures[column], column) for column in columns)] for name, figures in shown.items()]
    mean = f"mean of {len(scores.rows) - scores.identical}"
    lines.append([mean, *(_cell(scores.means.get(column, math.nan), column) for column in columns)])
    align = ["left"] + ["right"] * len(columns)
    return tabulate(lines, heads, tablefmt=layout, disable_numparse=True, colalign=align)


def _cell(value: float, metric: str) -> str:
    return "-" if math.isnan(value) else f"{value:.{metric_name(metric).digits}f}"


def _finite(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}
