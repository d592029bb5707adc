"""make a small GoPro-like set of blurry and sharp pictures, to try things without the download."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the folder to make, in GOPRO_Large's layout")
    parser.add_argument("--frames", type=int, default=8, help="pairs a sequence, of twelve (default 8)")
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"), default=(256, 192), help="pixels (default 256 192)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the camera's paths (default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from deblur_lightning.jobs.sample_gopro import sample_gopro

    width, height = arguments.size
    sys.stdout.write(sample_gopro(arguments.folder, arguments.frames, (width, height), arguments.seed) + "\n")
    return 0
