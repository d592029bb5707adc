"""Training and validation metrics per epoch, several runs overlaid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.reports.figures.canvas import COLOURS, new_figure
from deblur_lightning.reports.figures.run_logs import find_log, read_csv_log, read_wandb_log
from deblur_lightning.reports.metric_names import metric_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REFERENCES = {"psnr": ("blurry_psnr", "blurry input")}
"""What each metric is to be compared with that no training changes, and its name in the legend."""

FACTORS = {"kernel_error": ("kernel_l2", "still_l2")}
"""What each metric is made of: no panels of their own where it is there."""

STYLES = {"train": "--", "val": "-"}

Curve = list[tuple[int, float]]


def read_curves(path: Path | str) -> dict[str, Curve]:
    """Read one run's metrics, averaged over each epoch.

    Args:
        path: a ``metrics.csv`` as CSVLogger writes it, a ``.wandb`` file of an offline Weights & Biases run, or a
            folder that holds one, at any depth; the newest counts.

    Returns:
        ``(epoch, value)`` in order, by logged key: ``train/kernel_loss``, ``val/psnr``, ….

    Raises:
        FileNotFoundError: there is no log.
        ValueError: it logs nothing, or no epochs, or is another file.
    """
    path = find_log(Path(path))
    rows = list(read_wandb_log(path) if path.suffix == ".wandb" else read_csv_log(path))
    if not rows:
        raise ValueError(f"{path} holds no rows, but a curve needs some. Pass the log of a longer run.")
    if not any("epoch" in row for row in rows):
        raise ValueError(f"{path} has no column 'epoch', but curves are per epoch. Pass a log of CSVLogger.")
    values: dict[str, dict[int, list[float]]] = {}
    try:
        for row in rows:
            for key, text in row.items():
                if key.startswith(("train/", "val/")) and text and row.get("epoch"):
                    logged = values.setdefault(key.removesuffix("_epoch"), {}).setdefault(int(row["epoch"]), [])
                    logged.append(float(text))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}). Pass a log of CSVLogger.") from error
    return {
        key: [(epoch, sum(logged) / len(logged)) for epoch, logged in sorted(epochs.items())]
        for key, epochs in sorted(values.items())
        if not key.endswith("_step")
    }


def draw_curves(runs: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """Draw every metric in its own panel: training dashed, validation solid, one colour a run.

    What no training changes, as the blurry pictures' PSNR, is a dotted line in the panel it is to be compared in.

    Args:
        runs: :func:`read_curves` by the run's name.

    Raises:
        ValueError: nothing was logged.
    """
    logged = {key.split("/", 1)[1] for curves in runs.values() for key in curves}
    hidden = {name for name, _ in REFERENCES.values()}
    hidden |= {part for whole, parts in FACTORS.items() if whole in logged for part in parts}
    names = sorted(logged - hidden, key=lambda name: (*_interest(name, runs), name))
    if not names:
        raise ValueError("runs hold no metric, but a curve needs one. Log train/NAME or val/NAME.")
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(3.4 * columns, 2.6 * rows + 0.25 * len(runs) + 0.2)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    handles: dict[str, Artist] = {}
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
        if name in REFERENCES:
            _draw_reference(ax, runs, *REFERENCES[name], handles)
        ax.set_title(metric_name(name).label, fontsize=9)
        ax.set_xlabel("epoch", fontsize=8)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.tick_params(labelsize=7)
        ax.grid(alpha=0.25)
    for ax in panels[len(names) :]:
        ax.set_axis_off()
    ordered = sorted(handles.items(), key=lambda item: _position(item[0], runs))
    figure.legend(
        [line for _, line in ordered], [label for label, _ in ordered], loc="outside lower center",
        ncols=min(4, max(2, len(runs))), fontsize=8, frameon=False,
    )  # fmt: skip
    return figure


def _draw_reference(
    ax: Axes, runs: Mapping[str, Mapping[str, Curve]], name: str, label: str, handles: dict[str, Artist]
) -> None:
    """Draw a level that training does not change: one line if the runs agree, else one in each run's colour."""
    levels = [
        (run, COLOURS[number % len(COLOURS)], curves[f"val/{name}"][-1][1])
        for number, (run, curves) in enumerate(runs.items())
        if curves.get(f"val/{name}")
    ]
    agree = len({f"{level:.4g}" for _, _, level in levels}) == 1
    for run, colour, level in levels[:1] if agree else levels:
        line = ax.axhline(level, color="0.4" if agree else colour, linestyle=":", linewidth=1.2)
        handles[label if agree else f"{run}, {label}"] = line


def _interest(name: str, runs: Mapping[str, Mapping[str, Curve]]) -> tuple[int, int]:
    """Sort metrics: what most runs share comes first, then what validation measures."""
    validated = sum(f"val/{name}" in curves for curves in runs.values())
    return -sum(any(f"{stage}/{name}" in curves for stage in STYLES) for curves in runs.values()), -validated


def _position(label: str, runs: Mapping[str, object]) -> int:
    """Sort a legend's labels by run; what all share comes last."""
    return next((number for number, run in enumerate(runs) if label.startswith(f"{run}, ")), len(runs))
