"""Training and validation metrics per epoch, several runs overlaid, from Lightning's CSV logs."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.reports.figures.canvas import COLOURS, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLES = {"train": "--", "val": "-"}

Curve = list[tuple[int, float]]


def read_curves(path: Path | str) -> dict[str, Curve]:
    """Read one run's metrics, averaged over each epoch.

    Args:
        path: a ``metrics.csv`` as CSVLogger writes it, or a folder that holds one, at any depth; the newest counts.

    Returns:
        ``(epoch, value)`` in order, by logged key: ``train/kernel_loss``, ``val/psnr``, ….

    Raises:
        FileNotFoundError: there is no log.
        ValueError: it logs no epochs.
    """
    path = Path(path)
    if path.is_dir():
        logs = sorted(path.rglob("metrics.csv"), key=lambda log: log.stat().st_mtime)
        path = logs[-1] if logs else path / "metrics.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing, but curves are drawn from it. Train with CSVLogger first.")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or "epoch" not in rows[0]:
        raise ValueError(f"{path} has no column 'epoch', but curves are per epoch. Pass a log of CSVLogger.")
    values: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        for key, text in row.items():
            if key.startswith(("train/", "val/")) and text and row["epoch"]:
                values.setdefault(key.removesuffix("_epoch"), {}).setdefault(int(row["epoch"]), []).append(float(text))
    return {
        key: [(epoch, sum(logged) / len(logged)) for epoch, logged in sorted(epochs.items())]
        for key, epochs in sorted(values.items())
        if not key.endswith("_step")
    }


def draw_curves(runs: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Draw every metric in its own panel: training dashed, validation solid, one colour a run.

    Args:
        runs: :func:`read_curves` by the run's name.

    Raises:
        ValueError: nothing was logged.
    """
    names = sorted({key.split("/", 1)[1] for curves in runs.values() for key in curves})
    if not names:
        raise ValueError("runs hold no metric, but a curve needs one. Log train/NAME or val/NAME.")
    columns = min(3, len(names))
    figure = new_figure(3.4 * columns, 2.6 * -(-len(names) // columns) + 0.4)
    panels = list(figure.subplots(-(-len(names) // columns), columns, squeeze=False).flat)
    handles = {}
    for name, ax in zip(names, panels, strict=False):
        for number, (run, curves) in enumerate(runs.items()):
            for stage, style in STYLES.items():
                curve = curves.get(f"{stage}/{name}", [])
                if curve:
                    (line,) = ax.plot(
                        *zip(*curve, strict=True),
                        style,
                        color=COLOURS[number % len(COLOURS)],
                        marker="o" if len(curve) < 30 else None,
                        markersize=3,
                    )
                    handles[f"{run}, {'training' if stage == 'train' else 'validation'}"] = line
        ax.set_title(name.replace("_", " "), fontsize=9)
        ax.set_xlabel("epoch", fontsize=8)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.tick_params(labelsize=7)
        ax.grid(alpha=0.25)
    for ax in panels[len(names) :]:
        ax.set_axis_off()
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure
