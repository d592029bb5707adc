"""`deblur figures`: draw every kind of figure for one picture of the sample benchmark, whose true motion is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from deblur_lightning.commands._options import NamedCheckpoints
from deblur_lightning.commands._output_paths import (
    PICTURES,
    check_folder_writable,
    check_replaceable,
    figure_files,
    refuse_suffix,
)
from deblur_lightning.commands._saying import say
from deblur_lightning.commands.compare import FORMATS, draw_pictures, of_errors
from deblur_lightning.reports.marks import DRAWN

TRUE = "true field"
BOUND = f"Richardson-Lucy, {TRUE}"
KINDS = ("motion field", "basis kernels", "mixing coefficients")


def figures(
    checkpoint: NamedCheckpoints = None,
    picture: Annotated[
        str, typer.Option(metavar="NAME", help="Which of the benchmark's pictures.")
    ] = "objects/coffee-1",
    kernel_size: Annotated[int, typer.Option(metavar="K", help="Side of the benchmark's kernels, in pixels.")] = 33,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="Folder for sample_*.png and sample_*.pdf.")
    ] = Path("results/figures"),
) -> None:
    """Draw every kind of figure for one benchmark picture.

    The figures are the comparison with the most blurred place enlarged, maps of errors, and, for the true field and
    each model's, the motion over the photo, the basis kernels and the mixing coefficients. Each is written as PNG and
    PDF. For photos of your own, see `deblur compare` and `deblur kernels`.
    """
    refuse_suffix(output, PICTURES, "a folder for several figures")

    from deblur_lightning.data import SampleBlur
    from deblur_lightning.deblurring import find_named_checkpoints, load_named
    from deblur_lightning.field import KernelField
    from deblur_lightning.reports import draw_basis, draw_coefficients, draw_field, save_figure
    from deblur_lightning.reports.page.pictures import BLURRY, SHARP
    from deblur_lightning.restoration import richardson_lucy

    checkpoints = find_named_checkpoints(checkpoint or (), taken=(BLURRY, SHARP, TRUE, BOUND))
    check_folder_writable(output)
    benchmark = SampleBlur(kernel_size=kernel_size)
    samples = {sample["name"]: sample for sample in (benchmark[index] for index in range(len(benchmark)))}
    if picture not in samples:
        raise ValueError(
            f"--picture is {picture}, but the sample benchmark has {', '.join(samples)}. Pass one of these."
        )
    blurry, sharp = samples[picture]["blurry"][None], samples[picture]["sharp"][None]
    true = KernelField(*(part[None].float() for part in samples[picture]["field"]))
    methods = load_named(checkpoints)
    comparison, stems = output / "sample_comparison", _stems((TRUE, *methods), output)
    drawn = (comparison, of_errors(comparison), *(stem for three in stems.values() for stem in three))
    check_replaceable((file for stem in drawn for file in figure_files(stem, FORMATS)), DRAWN)
    seen = {name: one(blurry) for name, one in methods.items()}
    restored = {name: answer.picture for name, answer in seen.items()}
    shown = {BLURRY: blurry, **restored, BOUND: richardson_lucy(blurry, true), SHARP: sharp}
    paths = draw_pictures(shown, comparison, picture)
    fields = {name: answer.field for name, answer in seen.items() if answer.field is not None}
    for name, field in {TRUE: true, **fields}.items():
        three = (draw_field(blurry, field), draw_basis(field), draw_coefficients(field, image=blurry))
        for figure, kind, stem in zip(three, KINDS, stems[name], strict=True):
            paths += save_figure(figure, figure_files(stem, FORMATS)[0], title=f"{picture}: {kind}, {name}")
    say("\n".join(map(str, paths)))


def _stems(names: Iterable[str], output: Path) -> dict[str, list[Path]]:
    """Give what the names of a motion's three figures begin with, by whose it is.

    Raises:
        ValueError: two names that differ in signs alone.
    """
    stems: dict[str, list[Path]] = {}
    for name in names:
        mine = [output / re.sub(r"[\W_]+", "_", f"sample_{name}_{kind}".lower()).strip("_") for kind in KINDS]
        if other := next((one for one, theirs in stems.items() if theirs == mine), None):
            raise ValueError(f"the figures of {other} and {name} would be the same files. Name one by --checkpoint.")
        stems[name] = mine
    return stems
