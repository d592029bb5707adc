"""restore photos: undo camera shake and motion.

Size, orientation, 8 or 16 bits, transparency, colour profile and EXIF are kept. Folders keep their structure;
a bad photo is reported and the next one taken. Large photos are restored tile by tile: 100 megapixels take 5 GB
of memory beside what the model takes for a tile. DeblurGAN normalises by the whole picture: without --tile it restores
up to 4 megapixels at once (4 GB), and tiles of as many beyond, each normalised on its own. Pictures that fade to black
at their borders are restored as what a program blurred, not a camera.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.app._arguments import add_model_arguments, count, share

if TYPE_CHECKING:
    from deblur_lightning.jobs.restorer import Restorer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a photographer may say."""
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="photos, or folders of photos")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results; or a photo's file name"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace results that are there; else they are kept")
    parser.add_argument("--kernels", action="store_true", help="also draw each photo's motion field beside its result")
    parser.add_argument(
        "--strength", type=share, default=1.0, metavar="S", help="0 leaves a photo as it is, 1 restores it fully (1)"
    )
    add_model_arguments(parser)
    parser.add_argument(
        "--iterations", type=count, metavar="N", help="Richardson-Lucy's; more is sharper and noisier (the model's)"
    )
    parser.add_argument(
        "--method", metavar="NAME", help="Richardson-Lucy's update: basic, saturated or combined (the model's)"
    )
    parser.add_argument(
        "--tile",
        type=count,
        metavar="PIXELS",
        help="side of a tile; less needs less memory (1024; DeblurGAN restores photos of up to 4 megapixels whole)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Restore; the status is 1 if any photo failed."""
    from deblur_lightning.jobs.checkpoint_paths import find_checkpoint
    from deblur_lightning.jobs.progress import Console
    from deblur_lightning.jobs.restore import restore_photos

    checkpoint = find_checkpoint(arguments.checkpoint)

    def load() -> Restorer:
        from deblur_lightning.jobs.load_restorer import load_restorer

        restorer = load_restorer(
            checkpoint,
            arguments.strength,
            arguments.tile,
            gamma=arguments.gamma,
            iterations=arguments.iterations,
            method=arguments.method,
        )
        console.say(f"model: {restorer.name}")
        return restorer

    with Console() as console:
        report = restore_photos(
            arguments.photos,
            arguments.output,
            load,
            overwrite=arguments.overwrite,
            kernels=arguments.kernels,
            say=console.say,
            watch=console.watch,
        )
        console.say(report.summary())
        for _, reason in report.failed:
            console.complain(f"failed: {reason}")
    return 1 if report.failed else 0
