"""make a small Köhler-like set of shaken shots and sharp frames, to score and train without the download."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, help="the folder to make, in the benchmark's layout")
    parser.add_argument("--images", type=int, default=2, help="photographs, at most 4 (default 2)")
    parser.add_argument("--trajectories", type=int, default=3, help="camera paths each, at most 12 (default 3)")
    parser.add_argument("--frames", type=int, default=25, help="sharp frames a path (default 25)")
    parser.add_argument("--size", type=int, default=256, help="side in pixels, at least 161 (default 256)")
    parser.add_argument("--seed", type=int, default=0, help="of the camera's paths (default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from deblur_lightning.data.kohler.sample import write_kohler_sample

    options = {name: getattr(arguments, name) for name in ("images", "trajectories", "frames", "size", "seed")}
    count = write_kohler_sample(arguments.folder, **options)
    sys.stdout.write(f"{arguments.folder}: {count} shaken shots with {arguments.frames} sharp frames each.\n")
    return 0
