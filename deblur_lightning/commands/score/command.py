"""What `deblur score` takes, prints and writes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deblur_lightning.commands._options import MODELS, Outputs, Store
from deblur_lightning.commands._output_paths import check_outputs, write_outputs
from deblur_lightning.reports.results import STORE

if TYPE_CHECKING:
    from deblur_lightning.metrics.perceptual import Distance, Perceptual

Baseline = Literal["blurry", "unsharp", "richardson-lucy", "deconvolve"]


def score(
    context: typer.Context,
    pictures: Annotated[
        Path,
        typer.Argument(
            metavar="RESTORED",
            help="Restored pictures, a file or a folder; the blurry ones if a way to restore is given.",
        ),
    ],
    sharp: Annotated[
        Path | None,
        typer.Argument(metavar="SHARP", help="Sharp pictures, or a data set of pairs in any layout of check-data."),
    ] = None,
    blurry: Annotated[
        Path | None, typer.Option(metavar="BLURRY", help="Blurry pictures, to compute gains; a data set has its own.")
    ] = None,
    command: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Restore with a program: 'python infer.py {in} {out}', or once with {in_folder} and {out_folder}.",
        ),
    ] = None,
    baseline: Annotated[Baseline | None, typer.Option(help="Restore with a method without weights.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"Restore with a model: {MODELS}."),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Save the restored pictures in this folder, new or empty.")
    ] = None,
    luma: Annotated[bool, typer.Option("--luma", help="Score the luma (Y of BT.601), not RGB.")] = False,
    align: Annotated[bool, typer.Option("--align", help="Also score after the best sub-pixel shift.")] = False,
    cw_ssim: Annotated[bool, typer.Option(help="Measure CW-SSIM, which takes most of the time.")] = True,
    lpips: Annotated[
        bool, typer.Option("--lpips", help="Also measure LPIPS (AlexNet), if AlexNet's weights are in torch's cache.")
    ] = False,
    dists: Annotated[
        bool, typer.Option("--dists", help="Also measure DISTS, if VGG-16's weights are in torch's cache.")
    ] = False,
    blur: Annotated[
        Literal["blur", "blur_gamma"], typer.Option(help="Which of GoPro's blurry pictures are restored.")
    ] = "blur",
    sharp_half: Annotated[
        Literal["left", "right"] | None, typer.Option(help="Which half is sharp, if files hold both side by side.")
    ] = None,
    folders: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="BLURRY SHARP", help="Names of a data set's two folders, if unusual."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The method's name in tables; default: the folder's or program's."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="The data set's name in tables; default: the folder's.")
    ] = None,
    output: Outputs = None,
    store: Store = STORE,
) -> None:
    """Score restored pictures against the sharp ones.

    It measures PSNR, SSIM and CW-SSIM of each picture and their means, over RGB or, with --luma, over the luma.
    Pictures are paired by name. With --command, --baseline or --checkpoint, the pictures are restored first: RESTORED
    is then the folder of blurry ones, or a data set of pairs and no SHARP. The scores are added to
    the results store, for `deblur tables` and `deblur compare-runs`.
    """
    from deblur_lightning.commands._progress import Console
    from deblur_lightning.commands.score.figures import Measures
    from deblur_lightning.commands.score.job import Job, run_job
    from deblur_lightning.commands.score.roads import find_road
    from deblur_lightning.commands.score.tables import WRITERS, as_text
    from deblur_lightning.data.pairs.layouts import Layout
    from deblur_lightning.data.pairs.shots import find_shots
    from deblur_lightning.reports.results import append_result, check_store

    check_outputs(output or (), WRITERS)
    check_store(store)
    perceptual = _distances({"lpips": lpips, "dists": dists})
    road = find_road(command, baseline, checkpoint)
    side, other = _sides(pictures, sharp, blurry, made=road is not None)
    if save is not None and road is None:
        raise ValueError(f"--save is {save}, but {pictures} is scored as it is and nothing is restored. Leave it out.")
    found = find_shots(side, other, Layout(sharp_half, folders), blur)
    measures = Measures(luma, align, cw_ssim, all(shot.blurry for shot in found.shots), perceptual)
    job = Job(found, measures, road or pictures, save, method, dataset)
    with Console() as console:
        scores, result = run_job(job, shlex.join(["deblur", "score", *context.obj]), console.watch)
        title = f"{result.method} on {result.dataset}{f', {result.blur}' * bool(result.blur)}: {job.channels}"
        console.say(as_text(scores, title))  # before what may fail
        write_outputs(output or (), lambda suffix: WRITERS[suffix](scores, result, title))
        stored = append_result(result, store, [{"name": name, **row} for name, row in scores.rows.items()])
        console.say(f"Stored: {store}, each picture in {store.parent / stored.rows}. See `deblur tables`.")


def _sides(pictures: Path, sharp: Path | None, blurry: Path | None, *, made: bool) -> tuple[Path, Path | None]:
    """Tell what the arguments are: where the sharp pictures are, and where the blurry ones if that is told apart."""
    if made and blurry is not None:
        raise ValueError(f"--blurry is {blurry}, but {pictures} already is what is restored. Leave out --blurry.")
    if made:
        return (pictures, None) if sharp is None else (sharp, pictures)
    if sharp is None:
        raise ValueError(
            "SHARP is missing, but scores need it. Pass RESTORED SHARP, or say how to restore: --command, --baseline "
            "or --checkpoint."
        )
    return sharp, blurry


def _distances(asked: Mapping[Perceptual, bool]) -> dict[str, Distance]:
    """Load what is asked for, so that missing weights are told before anything is restored."""
    if not any(asked.values()):
        return {}
    from deblur_lightning.metrics.perceptual import load_perceptual

    return {name: load_perceptual(name) for name, wanted in asked.items() if wanted}
