"""Score methods on the sample benchmark: photographs that training never sees, blurred by known fields."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data import SampleBlur
from deblur_lightning.data.scenes.synthetic import SyntheticSample
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.losses import kernel_distance
from deblur_lightning.metrics import picture_psnr, picture_ssim
from deblur_lightning.metrics.similarity import eight_bit
from deblur_lightning.reports.page import add_picture
from deblur_lightning.reports.page.pictures import BLURRY, SHARP
from deblur_lightning.reports.results import STORE, Result, append_result, file_hash, source_commit
from deblur_lightning.restoration import richardson_lucy

Answer = tuple[Tensor | None, KernelField | None]  # a restored picture, a motion field
Method = Callable[[Tensor, KernelField], Answer]  # of a blurry picture and its true field


def run_sample_benchmark(
    checkpoints: dict[str, Path],
    store: Path = STORE,
    kernel_size: int = 17,
    iterations: int = 30,
    page: Path | None = None,
) -> Iterator[Result]:
    """Score the blurry input, the bounds, a baseline and trained models; each result is stored when it is yielded.

    The bounds are Richardson-Lucy with the true field from above, and of all fields without any detail the best
    one: the mean of all true kernels of the benchmark, which no method can know. The baseline sharpens without looking
    at the motion (`sharpened`).

    Args:
        checkpoints: trained models by the name they shall have in tables.
        store: the results store to add to.
        kernel_size: side of the benchmark's kernels, in pixels; models may know smaller or larger ones.
        iterations: of Richardson-Lucy with the true field; models know their own.
        page: folder of the results page's pictures, which each method's are added to; None adds none.

    Raises:
        ValueError: a checkpoint that is none.
    """
    models = {name: load_deblurrer(path) for name, path in checkpoints.items()}
    benchmark = SampleBlur(kernel_size=kernel_size)
    pictures = [benchmark[index] for index in range(len(benchmark))]
    mean = torch.cat([KernelField(*(part[None] for part in p["field"])).mean_kernel() for p in pictures]).mean(0)

    def constant(blurry: Tensor, _: KernelField) -> Answer:
        field = delta_field(blurry, kernel_size)
        return None, field._replace(basis=mean[None, None].to(field.basis))

    def true(blurry: Tensor, field: KernelField) -> Answer:
        return richardson_lucy(blurry, field, iterations), field

    def predicted(name: str, blurry: Tensor, _: KernelField) -> Answer:
        answer = models[name](blurry)
        return answer.picture, answer.field

    methods: dict[str, Method] = {
        "blurry": lambda blurry, field: (blurry, delta_field(blurry, kernel_size)),
        "mean kernel (best constant field)": constant,
        "Richardson-Lucy, true field": true,
        "unsharp masking (scikit-image)": lambda blurry, _: (sharpened(blurry), None),
        **{name: partial(predicted, name) for name in models},
    }
    for name, method in methods.items():
        started = time.monotonic()
        scored = [_score(method, sample) for sample in pictures]
        seconds = round(time.monotonic() - started, 1)
        rows = [row for row, _ in scored]
        if page and name != "blurry":
            for sample, (row, answer) in zip(pictures, scored, strict=True):
                _show(page, name, sample, row, answer)
        columns = [column for column in rows[0] if column != "name"]
        means = {column: sum(float(row[column]) for row in rows) / len(rows) for column in columns}
        if "still_l2" in means:
            means["kernel_error"] = means.pop("kernel_l2") / means.pop("still_l2")
        yield append_result(
            Result(
                method=name,
                dataset="sample",
                metrics=means,
                pictures=len(rows),
                seconds=seconds,
                checkpoint=file_hash(checkpoints[name]) if name in checkpoints else "",
                config=f"deblur benchmark --kernel-size {kernel_size}",
                commit=source_commit(),
            ),
            store,
            rows,
        )


def sharpened(blurry: Tensor) -> Tensor:
    """Mask unsharply, as photo programs do: what can be had without knowing the motion.

    Of 16 pairs of radius and amount, this one gained most (0.14 dB) on the training photographs under `shake_field`.
    """
    from skimage.filters import unsharp_mask

    masked = [unsharp_mask(plane, radius=5, amount=0.25) for plane in blurry.flatten(0, 1).double().numpy()]
    return torch.tensor(np.stack(masked)).view_as(blurry).float()


@torch.no_grad()
def _score(method: Method, sample: SyntheticSample) -> tuple[dict[str, str | float], Answer]:
    blurry, sharp = sample["blurry"][None], sample["sharp"][None]
    true = KernelField(*(part[None].float() for part in sample["field"]))
    restored, field = method(blurry, true)
    row: dict[str, str | float] = {"name": sample["name"]}
    if restored is not None:
        restored = eight_bit(restored).float()
        row |= {"psnr": picture_psnr(restored, sharp).item(), "ssim": picture_ssim(restored, sharp).item()}
    if field is not None:
        size = max(field.kernel_size, true.kernel_size)
        field, true = field.widened(size), true.widened(size)
        pixels, nothing = sharp[0, 0].numel(), delta_field(blurry, true.kernel_size)
        row |= {"kernel_l2": kernel_distance(field, true).item() / pixels}
        row |= {"still_l2": kernel_distance(nothing, true).item() / pixels}
    return row, (restored, field)


def _show(page: Path, name: str, sample: SyntheticSample, row: dict[str, str | float], answer: Answer) -> None:
    """Add what a method made of a picture to the page; methods that restore nothing add nothing."""
    restored, field = answer
    if restored is None:
        return
    blurry, sharp = sample["blurry"][None], sample["sharp"][None]
    scores = {
        BLURRY: {"psnr": picture_psnr(blurry, sharp).item(), "ssim": picture_ssim(blurry, sharp).item()},
        name: {metric: float(row[metric]) for metric in ("psnr", "ssim")},
    }
    fields = {} if field is None else {name: field}
    add_picture(page, "sample", sample["name"], {BLURRY: blurry, name: restored, SHARP: sharp}, fields, scores)
