"""What `deblur synthesize` takes and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from deblur_lightning.commands._options import above_zero
from deblur_lightning.commands._output_paths import PICTURES, refuse_suffix

KindOrMix = Literal["turning", "objects", "still", "mix"]


Average = Literal["display", "linear"]

OF_PHOTOS = ("kind", "segments", "size", "kernel_size", "noise", "workers", "skip_corrupt")
OF_FILM = ("average", "frames", "interpolate")


def synthesize(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PAIRS", help="The folder to make; an interrupted one goes on.")
    ],
    photos: Annotated[
        Path | None, typer.Argument(metavar="PHOTOS", help="A folder of sharp photographs, subfolders included.")
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option(metavar="CLIP", help="In place of photographs a film of many frames a second, averaged."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Pairs; default: one of each photo, or as many as a film has."),
    ] = None,
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
    average: Annotated[
        Average, typer.Option(help="Of a film: mean of the frames' values as recorded, or of their light.")
    ] = "display",
    frames: Annotated[
        tuple[int, int],
        typer.Option(metavar="LEAST MOST", help="Of a film: frames of an exposure; odd ones are drawn."),
    ] = (7, 13),
    interpolate: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Of a film: samples from one frame to the next, made by their motion."),
    ] = 1,
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

    Where photos have segments, these are the objects that move; in others blobs are. With --video, neighbouring frames
    are averaged and the middle one is sharp, as GoPro's were; such pairs have no fields. Where frames are far apart, a
    mean shows each: --interpolate puts others between them, by ffmpeg's minterpolate.

    Nothing looks whole until all pairs are made; the same command again goes on where it was interrupted.
    """
    refuse_suffix(output, PICTURES, "a folder for the pairs")
    if photos is None and video is None:
        raise ValueError("There is nothing to blur. Pass a folder of photographs, or a film: --video CLIP.")
    if photos is not None and video is not None:
        raise ValueError(f"{photos} and --video {video} are both given, but pairs are of one kind. Leave one out.")
    _refuse_given(context, OF_FILM if video is None else OF_PHOTOS, "photographs" if video is None else "a film")

    from deblur_lightning.commands._progress import Console

    with Console() as console:
        if video is not None:
            from deblur_lightning.commands.synthesize.film import pairs_of_film
            from deblur_lightning.data.synthesis.film import Averaging

            pairs_of_film(video, output, Averaging(average, frames, gamma, seed, interpolate), count, console)
        elif photos is not None:
            from deblur_lightning.commands.synthesize.photographs import Sources, pairs_of_photographs
            from deblur_lightning.data.synthesis.settings import Blurring

            blurring = Blurring(kind, size, kernel_size, noise, gamma, seed)
            pairs_of_photographs(Sources(photos, segments, skip_corrupt), output, blurring, count, workers, console)


def _refuse_given(context: typer.Context, names: tuple[str, ...], made_of: str) -> None:
    """Raise where an option was given that says nothing of what the pairs are made of."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise ValueError(f"--{name.replace('_', '-')} is given, but it says nothing of {made_of}. Leave it out.")
