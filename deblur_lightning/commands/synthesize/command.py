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
        Path,
        typer.Option("-o", "--output", metavar="PAIRS", help="The folder to make; an interrupted one is continued."),
    ],
    photos: Annotated[
        Path | None, typer.Argument(metavar="PHOTOS", help="A folder of sharp photographs, subfolders included.")
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option(metavar="VIDEO", help="Average a video of many frames a second, in place of photographs."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of pairs; default: one of each photo, or as many as a video gives."
        ),
    ] = None,
    kind: Annotated[
        KindOrMix,
        typer.Option(
            help="What moves: a turning camera, objects and everything behind them, objects before a still background, "
            "or any of these for each pair."
        ),
    ] = "mix",
    segments: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Segment maps, named as the photos; default: those of BSDS500, ADE20K and COCO are found.",
        ),
    ] = None,
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Side of the pictures.")] = 256,
    kernel_size: Annotated[int, typer.Option(metavar="K", help="Side of the kernels, in pixels; odd.")] = 33,
    noise: Annotated[
        float,
        typer.Option(metavar="NUMBER", help="Standard deviation of the noise in linear light, with full well at 1."),
    ] = 0.01,
    average: Annotated[
        Average, typer.Option(help="For a video: average the recorded values, or the linear light.")
    ] = "display",
    frames: Annotated[
        tuple[int, int],
        typer.Option(
            metavar="LEAST MOST", help="For a video: frames per exposure; an odd number between these is drawn."
        ),
    ] = (7, 13),
    interpolate: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="For a video: samples from one frame to the next, interpolated by motion."
        ),
    ] = 1,
    gamma: Annotated[
        float,
        typer.Option(metavar="NUMBER", callback=above_zero, help="Exponent of the encoding; 1 for linear pictures."),
    ] = 2.2,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of everything that is drawn.")] = 0,
    workers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of processes; the files do not depend on it.")
    ] = 1,
    skip_corrupt: Annotated[
        bool, typer.Option("--skip-corrupt", help="Skip damaged photos, instead of stopping.")
    ] = False,
) -> None:
    """Make blurry and sharp pairs with motion fields.

    PAIRS then holds blurry and sharp PNGs, fields as .npz (basis and coefficients, float16), manifest.csv with the
    photo, window, kind and seeds of each pair, and settings.json. `lightning fit` trains on it.

    The objects that move are a photo's segments, or blobs if it has none. With --video, neighbouring frames are
    averaged and the middle one is the sharp picture, as in GoPro; such pairs have no fields. If frames are far
    apart, each shows in the average: --interpolate adds frames between them, with ffmpeg's minterpolate.

    An unfinished set cannot be mistaken for a complete one; the same command continues where it was interrupted.
    """
    refuse_suffix(output, PICTURES, "a folder for the pairs")
    if photos is None and video is None:
        raise ValueError("There is nothing to blur. Pass a folder of photographs, or a video: --video VIDEO.")
    if photos is not None and video is not None:
        raise ValueError(f"{photos} and --video {video} are both given, but pairs are of one kind. Leave one out.")
    _refuse_given(context, OF_FILM if video is None else OF_PHOTOS, "photographs" if video is None else "a video")

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
