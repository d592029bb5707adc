"""draw a photo as several models restore it, one place enlarged below each.

Pictures stand in a row: blurry, each model's, and the sharp one if known. The place is where blur took most detail
away, or --crop. With --sharp, a second figure shows where each errs. Each figure is written as PNG and PDF.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from deblur_lightning.app._arguments import add_named_checkpoints


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a reader of papers may say."""
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    add_named_checkpoints(parser)
    parser.add_argument("--sharp", type=Path, metavar="FILE", help="the true picture, of the same size")
    parser.add_argument("--crop", type=_crop, metavar="X,Y,W,H", help="the place to enlarge, in pixels from top left")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="OUT.png and OUT.pdf; errors: OUT_errors.*"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    from deblur_lightning.jobs.checkpoint_paths import find_named_checkpoints
    from deblur_lightning.jobs.compare import compare_photo
    from deblur_lightning.jobs.progress import Console

    checkpoints = find_named_checkpoints(arguments.checkpoint)
    with Console() as console:
        for path in compare_photo(
            arguments.photo, checkpoints, arguments.output, arguments.sharp, arguments.crop, console.watch
        ):
            console.say(str(path))
    return 0


def _crop(text: str) -> tuple[int, int, int, int]:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts) or 0 in map(int, parts[2:]):
        raise argparse.ArgumentTypeError(f"{text!r} is no rectangle. Pass X,Y,WIDTH,HEIGHT in whole pixels.")
    x, y, width, height = map(int, parts)
    return x, y, width, height
