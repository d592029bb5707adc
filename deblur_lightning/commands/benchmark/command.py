"""What `deblur benchmark` takes and prints."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import MODELS, Store
from deblur_lightning.commands._saying import say
from deblur_lightning.reports.results import STORE, check_store
from deblur_lightning.sentences import count_of

if TYPE_CHECKING:
    from deblur_lightning.data.scenes.synthetic import SyntheticSample

WINDOWS, MOST_WINDOWS = 12, 200  # of each kind; all are in memory, 7 MB each
KERNEL_SIZE = 33  # pixels


def benchmark(
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help=f"A name for tables, and a model: {MODELS}. Repeat for several.",
        ),
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="BSDS500", help="BSDS500/data: use its test photographs and segments. Default: the built-in ones."
        ),
    ] = None,
    windows: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_WINDOWS,
            metavar="N",
            help=f"Number of windows of each kind of motion from --photos. Default: {WINDOWS}.",
        ),
    ] = None,
    kernel_size: Annotated[
        int, typer.Option(metavar="K", help="Side of the benchmark's kernels, in pixels.")
    ] = KERNEL_SIZE,
    store: Store = STORE,
) -> None:
    """Score models on windows whose motion is known.

    There are three kinds of motion: a turning camera, objects that move by themselves, and such objects before a still
    background. Besides the named models and their parts, rows show the blurry input, the true field, and the best
    single kernel for the whole picture. A share is a gain divided by Richardson-Lucy's gain with the true field; the
    field error is the mean over all windows, divided by that of the best constant kernels. The scores are added to the
    results store; other kernels or numbers of windows are a dataset of their own there.
    """
    from deblur_lightning.deblurring import find_checkpoint

    check_store(store)
    checkpoints = {}
    for named in checkpoint or ():
        name, equals, path = named.partition("=")
        if not (name and equals and path):
            raise ValueError(f"--checkpoint is {named}, but it needs a name. Pass NAME=PATH.")
        if name in checkpoints:
            raise ValueError(f"--checkpoint names two models {name}, but names tell them apart. Rename one.")
        checkpoints[name] = find_checkpoint(Path(path))
    if photos is None and windows is not None:
        raise ValueError("--windows counts those of --photos, but there are none. Pass --photos, or leave it out.")

    from deblur_lightning.commands.benchmark.scoring import run_benchmark

    count = WINDOWS if windows is None else windows
    dataset = "sample" if photos is None else "BSDS500 windows"
    dataset += f", {count} of each kind" if count != WINDOWS else ""
    dataset += f", kernels of {kernel_size}" if kernel_size != KERNEL_SIZE else ""
    words = ["deblur", "benchmark", "--kernel-size", str(kernel_size)]
    words += [] if photos is None else ["--photos", str(photos), "--windows", str(count)]
    words += [word for named in checkpoint or () for word in ("--checkpoint", named)]
    chosen = _windows(photos, count, kernel_size)
    page = store.parent / "page"
    for result in run_benchmark(checkpoints, chosen, dataset, store, page, shlex.join(words)):
        scores = ", ".join(f"{name} {value:.4g}" for name, value in result.metrics.items())
        say(f"{result.method}: {scores} ({count_of(result.pictures, 'picture')}, {result.seconds:.1f} s)")


def _windows(photos: Path | None, count: int, kernel_size: int) -> list[SyntheticSample]:
    """Make the windows, or say what is missing before any model is loaded."""
    from deblur_lightning.data import SampleBlur
    from deblur_lightning.data.scenes.hard_motion import KINDS
    from deblur_lightning.data.scenes.windows import bsds500_windows

    if photos is None:
        sample = SampleBlur(kernel_size=kernel_size)
        return [sample[index] for index in range(len(sample))]
    return [
        window for kind in KINDS for window in bsds500_windows(photos, "test", kind, count, kernel_size=kernel_size)
    ]
