"""Teach a fusion how far to trust each restorer: python experiments/fusion/fit.py OUT --windows data/field_windows ...

Restores every window that ``experiments/unrolled/estimates.py`` made by its estimated field, with each restorer of the
model, measures the cues, and fits the network that turns them into shares by the PSNR of the mixtures. Measures are
kept in ``--cues``; restoring takes a second a window, fitting a minute. Prints what validation windows gain.
"""

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.data.scenes.field_windows import SEEN, read_field
from deblur_lightning.deblurring import Fusion, MotionDeblurrer, describe, load_deblurrer
from deblur_lightning.deblurring.agreed import unjudged
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.restoration import restoration_cues
from deblur_lightning.restoration.cues import CELL

STILL = 0.97  # share of light on one pixel: beyond it nothing moved, and windows say nothing
CAP = 35.0  # dB: blurrier windows are reported apart
EPOCHS, BATCH, RATE, DECAY = 60, 24, 2e-2, 1e-3
FLOOR = 2e-5  # under the mean squared error, so that nearly sharp windows do not rule


class Measured(NamedTuple):
    """What is known of some windows' cells.

    Attributes:
        cues: of all restorations, ``[M, R * 2 * len(CUES)]``.
        products: mean products of the restorations' changes and, last, of the sharp picture's, ``[M, R + 1, R + 1]``.
        window: that each cell is of, ``[M]``, in order.
    """

    cues: Tensor
    products: Tensor
    window: Tensor


def main(arguments: argparse.Namespace) -> None:
    """Measure, fit, report, write."""
    torch.set_num_threads(1)
    model = load_deblurrer(arguments.model).deblurrer
    if not isinstance(model, MotionDeblurrer) or not isinstance(fusion := unjudged(model.restorer), Fusion):
        raise SystemExit(f"{arguments.model} restores without a Fusion. Name a model that has one.")
    model.restorer = fusion
    seen, kept = (measured(fusion, arguments.windows / split, arguments.cues / split) for split in ("train", "val"))
    fusion.centre.copy_(seen.cues.mean(0))
    fusion.spread.copy_(seen.cues.std(0) + 1e-6)
    count = kept.products.shape[-1] - 1
    for number in range(count):
        alone = F.one_hot(torch.tensor(number), count).float().expand(len(kept.cues), -1)
        print(f"{type(fusion.restorers[number]).__name__} alone: {report(alone, kept)}")
    fit(fusion, seen, arguments.seed)
    with torch.no_grad():
        print(f"fused: {report(fusion.votes(kept.cues), kept)}")
        print(f"on training windows: {report(fusion.votes(seen.cues), seen)}")
    write_checkpoint(arguments.out, model.state_dict(), describe(model))


@torch.no_grad()
def measured(fusion: Fusion, folder: Path, cache: Path) -> Measured:
    """Restore and measure all windows of a folder; those done before are read."""
    cache.mkdir(parents=True, exist_ok=True)
    parts, started = [], time.monotonic()
    for path in sorted(folder.glob("[0-9]*.npz")):
        file = cache / f"{path.stem}.pt"
        if not file.exists():
            torch.save(one_window(fusion, path), file)
        if len(cells := torch.load(file, weights_only=True)) == 2:
            parts.append(cells)
        if len(parts) % 50 == 0:
            print(f"{path}, {time.monotonic() - started:.0f} s", flush=True)
    if not parts:
        raise SystemExit(f"{folder} holds no windows that moved. Make them: python experiments/unrolled/estimates.py.")
    numbers = torch.cat([torch.full((len(cues),), number) for number, (cues, _) in enumerate(parts)])
    return Measured(torch.cat([cues for cues, _ in parts]), torch.cat([products for _, products in parts]), numbers)


def one_window(fusion: Fusion, path: Path) -> tuple[Tensor, ...]:
    """Restore and measure a window; nothing of one where no motion was seen."""
    with np.load(path) as window:
        blurry, sharp = (torch.from_numpy(window[name]).float()[None] / 255 for name in ("blurry", "sharp"))
        field: KernelField = read_field(window, SEEN)
    if field.mean_kernel().max() > STILL:
        return ()
    exposure = Exposure()
    made = [restorer(blurry, field, exposure) for restorer in fusion.restorers]
    cues = torch.cat([restoration_cues(blurry, one, field, exposure.gamma) for one in made], dim=1)
    changes = torch.cat([one - blurry for one in (*made, sharp)])
    products = F.avg_pool2d(torch.einsum("ichw,jchw->ijhw", changes, changes) / blurry.shape[1], CELL)
    return cues[0].flatten(1).T.contiguous(), products.movedim((0, 1), (2, 3)).flatten(0, 1).contiguous()


def fit(fusion: Fusion, seen: Measured, seed: int) -> None:
    """Descend on the mean over windows of the mixtures' error in dB."""
    torch.manual_seed(seed)
    for layer in fusion.network:
        if isinstance(layer, torch.nn.Linear):
            layer.reset_parameters()
    weights = fusion.train().network.requires_grad_().parameters()
    optimizer = torch.optim.AdamW(weights, RATE, weight_decay=DECAY)
    windows = int(seen.window.max()) + 1
    borders = torch.searchsorted(seen.window, torch.arange(windows + 1))
    batch = min(BATCH, windows)
    steps = EPOCHS * (windows // batch)
    slope = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(windows)[: windows // batch * batch].split(batch):
            own = torch.cat([torch.arange(*borders[number : number + 2]) for number in chosen])
            errors = squared_error(fusion.votes(seen.cues[own]), seen.products[own])
            means = per_window(errors, seen.window[own], windows)[chosen]
            loss = 10 * (means.clamp(min=0) + FLOOR).log10().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            slope.step()
    fusion.eval()


def squared_error(shares: Tensor, products: Tensor) -> Tensor:
    """Give the mean squared error of mixtures ``[M, R]`` in each cell, exact but for the shares' interpolation."""
    signed = torch.cat((shares, -torch.ones_like(shares[:, :1])), dim=1)
    return torch.einsum("mi,mij,mj->m", signed, products, signed)


def per_window(values: Tensor, window: Tensor, count: int) -> Tensor:
    """Average cells by window."""
    return torch.zeros(count).index_add(0, window, values) / torch.bincount(window, minlength=count)


def report(shares: Tensor, measured: Measured) -> str:
    """Tell the mean and the least gain in dB, of all windows and of the blurrier ones."""
    count = int(measured.window.max()) + 1
    blurry = per_window(measured.products[:, -1, -1], measured.window, count)
    gains = 10 * (blurry / per_window(squared_error(shares, measured.products), measured.window, count)).log10()
    low = gains[-10 * blurry.log10() < CAP]
    every, blurrier = (f"{some.mean():.2f} dB, least {some.min():.2f}" for some in (gains, low))
    return f"{every}; the {len(low)} below {CAP:.0f} dB: {blurrier}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    parser.add_argument("--model", default="blind", help="a checkpoint, or a bundled model's name, that has a Fusion")
    parser.add_argument("--windows", type=Path, required=True, metavar="FOLDER", help="holds train and val")
    parser.add_argument("--cues", type=Path, required=True, metavar="FOLDER", help="keeps what was measured")
    parser.add_argument("--seed", type=int, default=0)
    main(parser.parse_args())
