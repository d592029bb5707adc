"""score the blurry input, the bounds and trained models on the built-in sample benchmark; add them to the results."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur benchmark` takes."""
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="NAME=PATH", help="a trained model and its name in tables"
    )
    parser.add_argument("--kernel-size", type=int, default=17, help="side of the benchmark's kernels, in pixels")
    parser.add_argument("--store", type=Path, default=Path("results/results.jsonl"), help="where results are kept")


def run(arguments: argparse.Namespace) -> int:
    """Print each method's scores as they come."""
    checkpoints = {}
    for named in arguments.checkpoint:
        name, equals, path = named.partition("=")
        if not (name and equals and path):
            raise ValueError(f"--checkpoint is {named}, but it needs a name. Pass NAME=PATH.")
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path} does not exist. Train it first: make reproduce-tables.")
        checkpoints[name] = Path(path)

    from deblur_lightning.jobs.benchmark import run_sample_benchmark

    page = arguments.store.parent / "page"
    for result in run_sample_benchmark(checkpoints, arguments.store, arguments.kernel_size, page=page):
        scores = ", ".join(f"{name} {value:.4g}" for name, value in result.metrics.items())
        print(f"{result.method}: {scores} ({result.pictures} pictures, {result.seconds} s)")  # noqa: T201
    return 0
