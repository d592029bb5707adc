"""`deblur sample-gopro`: a small GoPro-like set, to try things without the download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sample_gopro(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to make, in GOPRO_Large's layout.")],
    frames: Annotated[int, typer.Option(metavar="N", help="Pairs in each of the twelve sequences.")] = 8,
    size: Annotated[tuple[int, int], typer.Option(metavar="WIDTH HEIGHT", help="Size of a picture, in pixels.")] = (
        256,
        192,
    ),
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the camera's paths.")] = 0,
) -> None:
    """Make a small GoPro-like set of blurry and sharp pictures.

    Use it to try training and scoring without the download.
    """
    from deblur_lightning.commands._progress import Console
    from deblur_lightning.data.pairs.gopro_sample import write_gopro_sample

    width, height = size
    with Console() as console:
        counts = write_gopro_sample(folder, frames, width, height, seed, console.watch(folder.name))
        console.say(f"{folder}: {counts['train']} training and {counts['test']} test pairs of {width} x {height}.")
