"""Train a sweep of wandb's format here, without wandb: run by run, resumable, with a comparison at the end."""

import argparse
from pathlib import Path

from deblur_lightning.app._arguments import count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur sweep` takes."""
    parser.add_argument("file", type=Path, help="the sweep, such as experiments/sweeps/adaptive_basis.yaml")
    parser.add_argument("--count", type=count, help="number of runs (default: the file's run_cap, a grid's all)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("results/sweeps"), help="folder of sweeps (default: results/sweeps)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the sweep, print the comparison; 1 if a run failed."""
    from deblur_lightning.jobs.sweep import comparison, run_sweep
    from deblur_lightning.jobs.sweep_plan import read_sweep

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - the command's output

    plan = read_sweep(arguments.file, arguments.count)
    if plan.note:
        say(plan.note)
    folder = arguments.output / plan.name
    outcomes = run_sweep(plan, folder, say)
    say(f"\n{comparison(plan, outcomes)}\nTable: {folder / 'table.md'}")
    return int(any(one.fault for one in outcomes))
