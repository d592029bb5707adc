"""What `deblur benchmark` takes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deblur_lightning.commands._options import Store
from deblur_lightning.reports.results import STORE


def benchmark(
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A trained model and its name in tables; repeat for more."),
    ] = None,
    kernel_size: Annotated[int, typer.Option(metavar="K", help="Side of the benchmark's kernels, in pixels.")] = 17,
    store: Store = STORE,
) -> None:
    """Score models on the built-in sample benchmark.

    The blurry input, the bounds of what a restorer can reach, a baseline and the named models are scored; the scores
    are added to the results store.
    """
    checkpoints = {}
    for named in checkpoint or ():
        name, equals, path = named.partition("=")
        if not (name and equals and path):
            raise ValueError(f"--checkpoint is {named}, but it needs a name. Pass NAME=PATH.")
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path} does not exist. Train it first: make reproduce-tables.")
        checkpoints[name] = Path(path)

    from deblur_lightning.commands.benchmark.scoring import run_sample_benchmark

    page = store.parent / "page"
    for result in run_sample_benchmark(checkpoints, store, kernel_size, page=page):
        scores = ", ".join(f"{name} {value:.4g}" for name, value in result.metrics.items())
        typer.echo(f"{result.method}: {scores} ({result.pictures} pictures, {result.seconds} s)")
