"""draw a photo's motion field.

Three pictures: the per-pixel kernels over the photo, the basis kernels, and the mixing coefficients. Kernels are drawn
as the light's path on the sensor, which is the correlation kernels flipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.app._arguments import add_model_arguments

if TYPE_CHECKING:
    from deblur_lightning.jobs.restorer import Restorer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a photographer may say."""
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the pictures")
    add_model_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    from deblur_lightning.jobs.checkpoint_paths import find_checkpoint
    from deblur_lightning.jobs.kernels import draw_photo_kernels
    from deblur_lightning.jobs.progress import Console

    checkpoint = find_checkpoint(arguments.checkpoint)

    def load() -> Restorer:
        from deblur_lightning.jobs.load_restorer import load_restorer

        return load_restorer(checkpoint, gamma=arguments.gamma)

    with Console() as console:
        draw_photo_kernels(arguments.photo, arguments.output, load, say=console.say)
    return 0
