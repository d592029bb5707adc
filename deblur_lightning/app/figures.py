"""draw every kind of figure for one picture of the sample benchmark, as PNG and PDF.

Comparison with the most blurred place enlarged, maps of errors, and for the true field and each model's: motion over
the photo, basis kernels, mixing coefficients. For photos of your own: `deblur compare` and `deblur kernels`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from deblur_lightning.app._arguments import add_named_checkpoints


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur figures` takes."""
    add_named_checkpoints(parser)
    parser.add_argument(
        "--picture", default="objects/coffee-1", metavar="NAME", help="of the benchmark's (%(default)s)"
    )
    parser.add_argument("--kernel-size", type=int, default=17, help="side of the benchmark's kernels, in pixels (17)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("results/figures"), metavar="OUT", help="folder (%(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    from deblur_lightning.jobs.checkpoint_paths import find_named_checkpoints
    from deblur_lightning.jobs.figures import draw_sample_figures
    from deblur_lightning.jobs.progress import Console

    checkpoints = find_named_checkpoints(arguments.checkpoint)
    with Console() as console:
        paths = draw_sample_figures(checkpoints, arguments.output, arguments.picture, arguments.kernel_size)
        for path in paths:
            console.say(str(path))
    return 0
