"""Draw every kind of figure for one picture of the sample benchmark, whose true motion is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.jobs.compare import BLURRY, SHARP, draw_pictures
from deblur_lightning.jobs.load_methods import load_methods
from deblur_lightning.jobs.photo_paths import check_folder_writable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRUE = "true field"


def draw_sample_figures(
    checkpoints: Sequence[tuple[str, Path]], output: Path, picture: str = "objects/coffee-1", kernel_size: int = 17
) -> list[Path]:
    """Write comparison, errors, and for the truth and each model the field, the basis and the coefficients.

    Args:
        checkpoints: each model's name, which may be empty, and its file.
        output: folder for ``sample_*.png`` and ``sample_*.pdf``.
        picture: which picture of the benchmark.
        kernel_size: side of the benchmark's kernels, in pixels.

    Returns:
        The files.

    Raises:
        ValueError: no such picture, or no checkpoint of ours.
        OSError: the folder cannot be written.
    """
    from deblur_lightning.data import SampleBlur
    from deblur_lightning.field import KernelField
    from deblur_lightning.reports import draw_basis, draw_coefficients, draw_field, save_figure
    from deblur_lightning.restoration import richardson_lucy

    check_folder_writable(output)
    benchmark = SampleBlur(kernel_size=kernel_size)
    samples = {sample["name"]: sample for sample in (benchmark[index] for index in range(len(benchmark)))}
    if picture not in samples:
        raise ValueError(f"picture is {picture}, but the sample benchmark has {', '.join(samples)}. Pass one of these.")
    blurry, sharp = samples[picture]["blurry"][None], samples[picture]["sharp"][None]
    true = KernelField(*(part[None].float() for part in samples[picture]["field"]))
    methods = load_methods(checkpoints)
    seen = {name: one.see(blurry) for name, one in methods.items()}
    restored = {name: picture for name, (picture, _) in seen.items()}
    shown = {BLURRY: blurry, **restored, f"Richardson-Lucy, {TRUE}": richardson_lucy(blurry, true), SHARP: sharp}
    paths = draw_pictures(shown, output / "sample_comparison", picture)
    fields = {name: field for name, (_, field) in seen.items() if field is not None}
    for name, field in {TRUE: true, **fields}.items():
        figures: dict[str, Figure] = {
            "motion field": draw_field(blurry, field),
            "basis kernels": draw_basis(field),
            "mixing coefficients": draw_coefficients(field),
        }
        for kind, figure in figures.items():
            stem = re.sub(r"[\W_]+", "_", f"sample_{name}_{kind}".lower()).strip("_")
            paths += save_figure(figure, output / f"{stem}.png", title=f"{picture}: {kind}, {name}")
    return paths
