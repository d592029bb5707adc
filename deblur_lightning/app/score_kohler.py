"""score restored Köhler pictures by the benchmark's official protocol."""

import argparse
import sys
from pathlib import Path

WRITERS = {"csv": "one row a picture", "markdown": "the printed tables", "json": "everything, each frame's scores too"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "folder", type=Path, nargs="+", help="restored pictures NAME1_1.png to NAME4_12.png (8-bit RGB), one a method"
    )
    parser.add_argument("--data", type=Path, required=True, help="the benchmark: archives unpacked, .mat or flat")
    parser.add_argument("--download", action="store_true", help="fetch the archives (many GB) into DATA first")
    parser.add_argument("--jobs", type=_positive, help="threads (default: all cores that OMP_NUM_THREADS allows)")
    for name, content in WRITERS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {content}")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from deblur_lightning.data.kohler.data_module import download_kohler
    from deblur_lightning.jobs.kohler_tables import as_csv, as_json, tables
    from deblur_lightning.jobs.score_kohler import score_folders
    from deblur_lightning.whole_file import whole_file

    if arguments.download:
        download_kohler(arguments.data)
    methods = score_folders(arguments.folder, arguments.data, arguments.jobs, lambda said: print(said, file=sys.stderr))  # noqa: T201
    contents = {"csv": as_csv, "markdown": lambda scored: tables(scored, "github"), "json": as_json}
    for name, content in contents.items():
        if path := getattr(arguments, name):
            with whole_file(path) as part:
                part.write_text(content(methods), encoding="utf-8")
    sys.stdout.write(tables(methods))
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} threads do nothing. Pass 1 or more.")
    return number
