"""tell what a folder of pictures is (GoPro or other pairs, Köhler, ADE20K, COCO, photos) and what reads it."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur check-data` takes."""
    parser.add_argument("folder", type=Path, nargs="+", help="folders that data sets were unpacked to")


def run(arguments: argparse.Namespace) -> int:
    """Print what each folder is."""
    from deblur_lightning.jobs.check_data import check_data

    for folder in arguments.folder:
        print("\n".join(check_data(folder)))  # noqa: T201 - the command's output
    return 0
