"""Draw training and validation curves from Lightning's CSV logs, several runs overlaid."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur curves` takes."""
    parser.add_argument("runs", nargs="+", type=Path, help="metrics.csv files, or folders that hold one")
    parser.add_argument("-o", "--output", type=Path, required=True, help="picture to write (.png, .pdf or .svg)")


def run(arguments: argparse.Namespace) -> int:
    """Draw the runs' curves into one picture."""
    from deblur_lightning.reports.figures.curves import draw_curves, read_curves
    from deblur_lightning.whole_file import whole_file

    runs = {(run.parent if run.is_file() else run).name: read_curves(run) for run in arguments.runs}
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    figure = draw_curves(runs)
    with whole_file(arguments.output) as part:
        figure.savefig(part, format=arguments.output.suffix[1:] or "png", dpi=150)
    print(f"Curves of {', '.join(runs)}: {arguments.output}")  # noqa: T201 - the command's output
    return 0
