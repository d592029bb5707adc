"""Score methods on windows whose motion is known, and tell which part of a model does the work."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.commands._baselines import sharpened
from deblur_lightning.commands.benchmark.ablations import LEARNED, ablations, look_once
from deblur_lightning.data.scenes.hard_motion import KINDS
from deblur_lightning.data.scenes.synthetic import SyntheticSample
from deblur_lightning.deblurring import PhotoDeblurrer, Restorer, load_deblurrer
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.losses import kernel_distance
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.metrics.similarity import eight_bit, file_scores
from deblur_lightning.reports.page import add_picture
from deblur_lightning.reports.page.pictures import BLURRY, SHARP
from deblur_lightning.reports.results import STORE, Result, append_result, device_name, file_hash, source_commit
from deblur_lightning.restoration import deconvolve, richardson_lucy
from deblur_lightning.side_by_side import side_by_side

Answer = tuple[Tensor, KernelField | None]  # a restored picture, a motion field
Method = Callable[[Tensor, KernelField], Answer]  # of a blurry picture and its true field
Row = dict[str, str | float]
SCORES = ("psnr", "ssim")  # that the page tells of each picture

BEFORE = "blurry"
TRUE, CONSTANT = "true field, Richardson-Lucy", "best constant kernel, Richardson-Lucy"
GIVEN = ("true field, ", CONSTANT)
"""How the names of those begin that are given the true motion."""
LEAST_SHARE = 0.01  # of the picture: a basis kernel that is used less is no region


class Scored(NamedTuple):
    """What a method made of a window, and what that is worth."""

    row: Row
    restored: Tensor
    field: KernelField | None
    seconds: float


def run_benchmark(
    checkpoints: dict[str, Path],
    windows: Sequence[SyntheticSample],
    dataset: str = "sample",
    store: Path = STORE,
    page: Path | None = None,
    config: str = "deblur benchmark",
) -> Iterator[Result]:
    """Score the rows of the benchmark (`methods_of`); each result is stored when it is yielded.

    Args:
        checkpoints: trained models by the names that they are to have in tables.
        windows: to score on, their names beginning with the kind of motion.
        dataset: what they are called in tables.
        store: the results store to add to.
        page: folder of the results page's pictures, which each method's are added to; None adds none.
        config: the command, for the store.

    Raises:
        ValueError: a checkpoint that is none, or a model whose name a row of the benchmark has.
    """
    models = {name: load_deblurrer(path) for name, path in checkpoints.items()}
    memory = look_once(models.values())
    methods = methods_of(models)

    def scored(name: str) -> tuple[list[Scored], float]:
        method, saved = methods[name][0], memory.saved
        every = side_by_side([partial(_score, method, sample) for sample in windows])
        return every, sum(one.seconds for one in every) + memory.saved - saved

    known = {name: scored(name) for name in (BEFORE, TRUE)}
    before, best = ([one.row for one in known[name][0]] for name in (BEFORE, TRUE))
    gains = [float(row["gain"]) for row in best]
    for name, (_, model) in methods.items():
        file = checkpoints.get(model)
        every, seconds = known.get(name) or scored(name)
        rows = [one.row for one in every]
        if page and name != BEFORE:
            for sample, one, blurry in zip(windows, every, before, strict=True):
                _show(page, dataset, name, sample, one, blurry)
        yield append_result(
            Result(
                method=name,
                dataset=dataset,
                metrics=_means(rows, gains),
                pictures=len(rows),
                seconds=seconds,
                checkpoint="" if file is None else file_hash(file),
                checkpoint_name="" if file is None else str(file),
                config=config,
                commit=source_commit(),
                device=device_name(),
            ),
            store,
            rows,
        )


def methods_of(models: Mapping[str, PhotoDeblurrer]) -> dict[str, tuple[Method, str]]:
    """List what is scored: the blurry input, a baseline, bounds, and models with their parts.

    The baseline sharpens without looking at the motion (`sharpened`). The bounds are 30 updates of Richardson-Lucy, and
    the hyper-Laplacian restorer, with the true field, and Richardson-Lucy with the best single kernel for the whole
    picture, the mean of its true kernels. More rows show a model with one of its parts left out or replaced
    (`ablations`), and what it has learned about undoing a field with the true one.

    Args:
        models: by the names that they are to have in tables.

    Returns:
        By the row's name: what is scored, and the name of the model that it is of, empty if of none.

    Raises:
        ValueError: a model whose name a row of the benchmark has.
    """
    methods: dict[str, tuple[Method, str]] = {
        BEFORE: (lambda blurry, field: (blurry, delta_field(blurry, field.kernel_size)), ""),
        "unsharp masking (scikit-image)": (lambda blurry, _: (sharpened(blurry), None), ""),
        CONSTANT: (_constant, ""),
        TRUE: (lambda blurry, field: (richardson_lucy(blurry, field), field), ""),
        "true field, hyper-Laplacian": (lambda blurry, field: (deconvolve(blurry, field), field), ""),
    }
    for name, model in models.items():
        own: dict[str, tuple[Method, str]] = {}
        learned = learned_restorer(model)
        if learned is not None:
            own[f"true field, {name}'s restorer"] = partial(_undone, learned), name
        for title, deblurrer in {name: model, **ablations(name, model)}.items():
            own[title] = partial(_predicted, deblurrer), name
        if taken := sorted({*methods, BLURRY, SHARP} & own.keys()):
            raise ValueError(
                f"--checkpoint names a model {name}, but the benchmark has a row {taken[0]} already. Rename the model."
            )
        methods.update(own)
    return methods


def _constant(blurry: Tensor, true: KernelField) -> Answer:
    field = constant_field(true)
    return richardson_lucy(blurry, field), field


def constant_field(field: KernelField) -> KernelField:
    """Give the best field that is one kernel for a whole picture: the mean of all its pixels' kernels."""
    ones = torch.ones_like(field.coefficients[:, :1])
    return KernelField(field.mean_kernel().unsqueeze(1), ones)


def learned_restorer(model: PhotoDeblurrer) -> Restorer | None:
    """Give what a model has learned about undoing a known field, which nobody need ask whether to believe."""
    restorer = getattr(model.deblurrer, "restorer", None)
    return unjudged(restorer) if isinstance(restorer, LEARNED) else None


def _undone(restorer: Restorer, blurry: Tensor, true: KernelField) -> Answer:
    return restorer(blurry, true, Exposure()), true


def _predicted(model: PhotoDeblurrer, blurry: Tensor, true: KernelField) -> Answer:
    picture, field, _ = model(blurry)
    return picture, field


def _means(rows: list[Row], best: list[float]) -> dict[str, float]:
    """Average over windows; a share is the sum of gains over the sum of what the true field gains."""

    def mean(column: str) -> float:
        return float(np.mean([float(row[column]) for row in rows]))

    gains = np.array([float(row["gain"]) for row in rows])
    means = {"psnr": mean("psnr"), "ssim": mean("ssim"), "gain": float(gains.mean()), "worst_gain": float(gains.min())}
    for kind in KINDS:
        mine = np.array([str(row["name"]).startswith(f"{kind}/") for row in rows])
        if mine.any():
            means[f"share_{kind}"] = float(gains[mine].sum() / np.array(best)[mine].sum())
    if "field_l2" in rows[0]:
        means |= {"field_error": mean("field_l2") / mean("constant_l2"), "regions": mean("regions")}
    return means


@torch.no_grad()
def _score(method: Method, sample: SyntheticSample) -> Scored:
    """Score a method on a window."""
    blurry, sharp, true = sample["blurry"][None], sample["sharp"][None], _field(sample)
    started = time.monotonic()
    restored, field = method(blurry, true)
    seconds = time.monotonic() - started
    restored = eight_bit(restored).float()
    row: Row = {"name": sample["name"], **file_scores(restored, sharp), "gain": _gain(restored, sample)}
    if field is not None:
        size = max(field.kernel_size, true.kernel_size)
        wide, target = field.widened(size), true.widened(size)
        pixels = sharp[0, 0].numel()
        row |= {
            "field_l2": kernel_distance(wide, target).item() / pixels,
            "constant_l2": kernel_distance(constant_field(target), target).item() / pixels,
            "regions": int((field.coefficients.mean(dim=(2, 3)) > LEAST_SHARE).sum()),
        }
    return Scored(row, restored, field, seconds)


def _field(sample: SyntheticSample) -> KernelField:
    return KernelField(*(part[None].float() for part in sample["field"]))


def _gain(restored: Tensor, sample: SyntheticSample) -> float:
    """Subtract the blurry window's PSNR, dB."""
    sharp = sample["sharp"][None]
    before, after = (picture_psnr(one, sharp).item() for one in (sample["blurry"][None], eight_bit(restored).float()))
    return after - before


def _show(page: Path, dataset: str, name: str, sample: SyntheticSample, made: Scored, before: Row) -> None:
    """Add what a method made of a picture to the page; ``before`` is the blurry one's row."""
    scores = {title: {one: float(row[one]) for one in SCORES} for title, row in ((BLURRY, before), (name, made.row))}
    fields = {} if made.field is None else {name: made.field}
    pictures = {BLURRY: sample["blurry"], name: made.restored, SHARP: sample["sharp"]}
    given = [name] if name.startswith(GIVEN) else []
    add_picture(page, dataset, sample["name"], pictures, fields, scores, given=given)
