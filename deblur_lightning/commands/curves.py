"""`deblur curves`: draw the curves of training runs, named so that they can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from deblur_lightning.commands._output_paths import check_replaceable, figure_files, figure_stem
from deblur_lightning.commands._saying import say
from deblur_lightning.reports.marks import DRAWN

FORMATS = (".png", ".pdf", ".svg")


def curves(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]RUN", help="A metrics.csv or .wandb file, or a folder that holds one."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="OUT", help="Write OUT.png and OUT.pdf, or one file if OUT is named as one."
        ),
    ],
) -> None:
    """Draw training and validation curves of several runs.

    Runs are read from CSV logs or offline wandb logs. Those without a NAME are named after their folders.
    """
    files = figure_files(figure_stem(output, FORMATS), [output.suffix] if output.suffix in FORMATS else FORMATS[:2])
    check_replaceable(files, DRAWN)

    from deblur_lightning.reports.figures.canvas import save_figure
    from deblur_lightning.reports.figures.curves import draw_curves, read_curves

    logs = {name: read_curves(path) for name, path in name_runs(runs).items()}
    title = f"Metrics of {', '.join(logs)} by epoch"
    paths = save_figure(draw_curves(logs), files[0], [file.suffix[1:] for file in files], title=title)
    say(f"Curves: {', '.join(map(str, paths))}")


def name_runs(runs: Sequence[str]) -> dict[str, Path]:
    """Name each run as given, or by as many of its folders as tell it apart.

    Raises:
        ValueError: two of one name, or of one folder without names.
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
    folders: dict[tuple[str, ...], Path] = {}
    for run in unnamed:
        folder = (run.parent if run.suffix in (".csv", ".wandb") else run).resolve()
        if (other := folders.setdefault(folder.parts, run)) is not run:
            raise ValueError(f"{other} and {run} lie in one folder, {folder}. Leave one out, or name it: NAME={run}.")
    for parts, run in folders.items():
        others = [other for other in folders if other != parts]
        apart = (depth for depth in range(1, len(parts)) if all(other[-depth:] != parts[-depth:] for other in others))
        name = Path(*parts[-next(apart, len(parts)) :]).as_posix()
        if name in named:
            raise ValueError(f"{name} names two runs, {named[name]} and {run}. Name the other too: NAME={run}.")
        named[name] = run
    return named
