"""`deblur sample-kohler`: a small Köhler-like set, to score and train without the download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def sample_kohler(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to make, in the benchmark's layout.")],
    images: Annotated[int, typer.Option(metavar="N", help="Photographs, at most 4.")] = 2,
    trajectories: Annotated[int, typer.Option(metavar="N", help="Camera paths of each photograph, at most 12.")] = 3,
    frames: Annotated[int, typer.Option(metavar="N", help="Sharp frames of each path.")] = 25,
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of a picture, at least 161.")] = 256,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the camera's paths.")] = 0,
) -> None:
    """Make a small Köhler-like set of shots and sharp frames.

    Use it to try training and scoring without the download.
    """
    from deblur_lightning.commands._progress import Console
    from deblur_lightning.data.kohler.sample import write_kohler_sample

    with Console() as console:
        count = write_kohler_sample(folder, images, trajectories, frames, size, seed, console.watch(folder.name))
        console.say(f"{folder}: {count} shaken shots with {frames} sharp frames each.")
