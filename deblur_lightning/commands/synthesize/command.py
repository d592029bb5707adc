"""What `deblur synthesize` takes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from deblur_lightning.commands._options import above_zero
from deblur_lightning.commands._output_paths import PICTURES, refuse_suffix

KindOrMix = Literal["turning", "objects", "still", "mix"]


def synthesize(
    photos: Annotated[
        Path, typer.Argument(metavar="PHOTOS", help="A folder of sharp photographs, subfolders included.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PAIRS", help="The folder to make; an interrupted one goes on.")
    ],
    count: Annotated[int | None, typer.Option(min=1, metavar="N", help="Pairs; default: one of each photo.")] = None,
    kind: Annotated[
        KindOrMix,
        typer.Option(
            help="What moves: a camera that turns, objects and all behind them, objects before what stands still, or "
            "one of these for each pair."
        ),
    ] = "mix",
    segments: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Maps of segments, named as the photos; default: BSDS500's, ADE20K's and COCO's are found.",
        ),
    ] = None,
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of the pictures.")] = 256,
    kernel_size: Annotated[int, typer.Option(metavar="K", help="Side of the kernels, in pixels; odd.")] = 33,
    noise: Annotated[
        float, typer.Option(metavar="NUMBER", help="Standard deviation at full well, of linear light.")
    ] = 0.01,
    gamma: Annotated[
        float, typer.Option(metavar="NUMBER", callback=above_zero, help="Of the encoding; 1 for linear pictures.")
    ] = 2.2,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything that is drawn.")] = 0,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes; the files do not depend on it.")] = 1,
    skip_corrupt: Annotated[
        bool, typer.Option("--skip-corrupt", help="Leave damaged photos out, instead of stopping.")
    ] = False,
) -> None:
    """Make blurry and sharp pairs with motion fields.

    PAIRS then holds blurry and sharp PNGs, fields as .npz (basis and coefficients, float16), manifest.csv with the
    window, kind and seeds that each pair can be made again from, and settings.json. `lightning fit` trains on it.

    Where photos have segments, these are the objects that move; in others blobs are. Nothing looks whole until all
    pairs are made; the same command again goes on where it was interrupted.
    """
    refuse_suffix(output, PICTURES, "a folder for the pairs")

    from deblur_lightning.commands._progress import Console
    from deblur_lightning.commands.synthesize.photographs import Sources, pairs_of_photographs
    from deblur_lightning.data.synthesis.settings import Blurring

    blurring = Blurring(kind, size, kernel_size, noise, gamma, seed)
    sources = Sources(photos, segments, skip_corrupt)
    with Console() as console:
        pairs_of_photographs(sources, output, blurring, count, workers, console)
