"""What `deblur sweep` takes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deblur_lightning.commands._saying import say


def sweep(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The sweep, such as experiments/sweeps/adaptive_basis.yaml.")
    ],
    count: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of runs; default: the file's run_cap, or all of a grid's."),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder for sweeps.")] = Path(
        "results/sweeps"
    ),
) -> int:
    """Train a sweep in wandb's format on this machine.

    No wandb account is needed. Runs are trained one after the other; a stopped sweep resumes where it stopped. Method
    bayes draws ten runs at random, then searches near the best ones; early_terminate stops runs that do worse than
    most. At the end a table compares the runs. The exit status is 1 if a run failed.
    """
    from deblur_lightning.commands.sweep.plan import read_sweep
    from deblur_lightning.commands.sweep.runs import comparison, run_sweep

    plan = read_sweep(file, count)
    folder = output / plan.name
    outcomes = run_sweep(plan, folder, say)
    say(f"\n{comparison(plan, outcomes)}\nTable: {folder / 'table.md'}")
    return int(any(one.fault for one in outcomes))
