"""Draw the curves of training runs, named so that they can be told apart."""

from collections.abc import Sequence
from pathlib import Path

from deblur_lightning.reports.figures.canvas import save_figure
from deblur_lightning.reports.figures.curves import draw_curves, read_curves

DRAWN = (".png", ".pdf", ".svg")


def draw_run_curves(runs: Sequence[str], output: Path) -> list[Path]:
    """Write the figure of one or more runs.

    Args:
        runs: ``NAME=PATH`` or ``PATH`` each, of logs or folders that hold one.
        output: a file of ``DRAWN``; without a suffix, PNG and PDF are written.

    Returns:
        The files.

    Raises:
        FileNotFoundError: there is no log.
        ValueError: two runs of one name, or a log without epochs.
    """
    curves = {name: read_curves(path) for name, path in name_runs(runs).items()}
    formats = [output.suffix[1:]] if output.suffix in DRAWN else ["png", "pdf"]
    stem = output.with_suffix("") if output.suffix in DRAWN else output
    title = f"Metrics of {', '.join(curves)} by epoch"
    return save_figure(draw_curves(curves), stem.with_name(f"{stem.name}.png"), formats, title=title)


def name_runs(runs: Sequence[str]) -> dict[str, Path]:
    """Name each run as given, or by as many of its folders as tell it apart.

    Raises:
        ValueError: two of one name.
    """
    named: dict[str, Path] = {}
    unnamed = []
    for text in runs:
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            unnamed.append(Path(text))
        elif name in named:
            raise ValueError(f"{name} names two runs, but names tell them apart. Rename one.")
        else:
            named[name] = Path(path)
    folders = {run: (run.parent if run.suffix in (".csv", ".wandb") else run).resolve().parts for run in unnamed}
    for run, parts in folders.items():
        others = [other for where, other in folders.items() if where != run]
        alike = (depth for depth in range(1, len(parts)) if all(other[-depth:] != parts[-depth:] for other in others))
        named["/".join(parts[-next(alike, len(parts)) :])] = run
    return named
