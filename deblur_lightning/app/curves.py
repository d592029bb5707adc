"""draw training and validation curves of several runs, from CSV or offline wandb logs."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur curves` takes."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="[NAME=]RUN",
        help="metrics.csv or .wandb files, or folders that hold one, and their names",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="OUT.png and OUT.pdf; or one picture, as named"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw the runs' curves into one figure."""
    from deblur_lightning.jobs.curves import draw_run_curves

    paths = draw_run_curves(arguments.runs, arguments.output)
    print(f"Curves: {', '.join(map(str, paths))}")  # noqa: T201 - the command's output
    return 0
