"""Measure models that restore: python experiments/direct/evaluate.py CHECKPOINT --bsds500 FOLDER --pairs FOLDER ...

Each data set that a folder is given for makes a table, with a row for each checkpoint, and for the bundled model with
``--bundled``, which takes seconds a window and minutes for large pairs.

--bsds500: BSDS500's ``data`` folder. Windows of three kinds of hard motion; the share is the gain over the
    blurry windows, divided by that of 30 updates of Richardson-Lucy with the true field. Choices were
    made on ``--split val``.
--pairs: ``blur/NAME`` and ``sharp/NAME``, as frames of a video averaged.
--crops: pictures whose left half is sharp and whose right half is blurry: those that fade to black at their borders, as
    programs leave them, every 20th of them, and all others.
--levin: ``imI_kernelJ_img.png`` with ``gt/imI.png`` (Levin et al. 2009): gray, of linear light, shown as display
    values; PSNR after the best shift by quarters of a pixel, 20 pixels of border left out.
--sharp: sharp photographs, which should come back as they are: PSNR to the input.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.data.frames import read_frame
from deblur_lightning.data.scenes.hard_motion import KINDS
from deblur_lightning.data.scenes.photo_files import photo_paths
from deblur_lightning.data.scenes.windows import bsds500_windows
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.estimation import dark_beyond
from deblur_lightning.field import KernelField
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.restoration import richardson_lucy

GAMMA, BORDER, REACH, EVERY = 2.2, 20, 6, 20
LIMIT = -0.3

Restore = Callable[[Tensor], Tensor]
Pair = tuple[Tensor, Tensor]


def main(arguments: argparse.Namespace) -> None:
    """Print a table for each data set."""
    methods: dict[str, Restore] = {"blurry": lambda blurry: blurry}
    for path in arguments.checkpoint:
        methods[path.name] = load(path)
    if arguments.bundled:
        methods["bundled"] = load(None)
    if arguments.bsds500:
        for kind in KINDS:
            measured, true = [], []
            for window in bsds500_windows(arguments.bsds500, arguments.split, kind, arguments.windows):
                measured.append((window["blurry"][None], window["sharp"][None]))
                field = KernelField(*(part[None] for part in window["field"]))
                true.append(gain(richardson_lucy(measured[-1][0], field, 30), *measured[-1]))
            table(f"BSDS500 {arguments.split}, {kind}", measured, methods, best=float(np.mean(true)))
    if arguments.pairs:
        table("pairs", pairs(arguments.pairs), methods)
    if arguments.crops:
        faded, others = crops(arguments.crops)
        table("crops that fade to black", faded[::EVERY], methods)
        table("other crops", others, methods)
        table("other crops, after the best shift", others, methods, psnr=after_shift)
    if arguments.levin:
        table("Levin et al. 2009", levin(arguments.levin), {n: shown(m) for n, m in methods.items()}, psnr=after_shift)
    if arguments.sharp:
        photos = [picture(path) for path in photo_paths(arguments.sharp)]
        table("sharp photographs, PSNR to the input", [(one, one) for one in photos], methods)


def load(path: Path | None) -> Restore:
    """Load a model for pictures ``[1, 3, H, W]``; the bundled one if None."""
    model = load_deblurrer(path)
    return lambda blurry: model(blurry, with_field=False).picture


def table(name: str, data: Iterable[Pair], methods: dict[str, Restore], best: float = 0.0, psnr=picture_psnr) -> None:  # noqa: ANN001
    """Print the mean PSNR, and the mean, the worst and the best gain over the blurry pictures."""
    pairs_of = list(data)
    before = np.array([figure(psnr, blurry, sharp) for blurry, sharp in pairs_of])
    print(f"\n| {name}, {len(pairs_of)} pictures | PSNR (dB) | gain | share | least gain | most | below {LIMIT} dB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for method, restore in methods.items():
        after = np.array([figure(psnr, rounded(restore(blurry)), sharp) for blurry, sharp in pairs_of])
        if np.isinf(before).all():
            if method == "blurry":
                continue
            print(f"| {method} | {after.mean():.2f} | | | least {after.min():.2f} | most {after.max():.2f} | |")
            continue
        gains = after - before
        share = f"{gains.mean() / best:.0%}" if best else ""
        lost = (gains < LIMIT).sum()
        print(
            f"| {method} | {after.mean():.2f} | {gains.mean():+.2f} | {share} | {gains.min():+.2f} "
            f"| {gains.max():+.2f} | {lost} |",
            flush=True,
        )


def figure(psnr: Callable[[Tensor, Tensor], Tensor], restored: Tensor, sharp: Tensor) -> float:
    """Give one picture's PSNR."""
    return float(psnr(restored, sharp))


def gain(restored: Tensor, blurry: Tensor, sharp: Tensor) -> float:
    """Tell by how much a restoration is nearer, in dB."""
    return float(picture_psnr(rounded(restored), sharp) - picture_psnr(blurry, sharp))


def rounded(restored: Tensor) -> Tensor:
    """Round to 8 bits."""
    return (restored.clamp(0, 1) * 255).round() / 255


def picture(path: Path) -> Tensor:
    """Read ``[1, 3, H, W]``."""
    return torch.from_numpy(read_frame(path)).permute(2, 0, 1).unsqueeze(0) / 255


def pairs(folder: Path) -> Iterator[Pair]:
    """Read pairs of whole frames."""
    for path in photo_paths(folder / "blur"):
        yield picture(path), picture(folder / "sharp" / path.name)


def crops(folder: Path) -> tuple[list[Pair], list[Pair]]:
    """Read pairs that lie side by side: those that fade to black at their borders, and the others."""
    faded: list[Pair] = []
    others: list[Pair] = []
    for path in photo_paths(folder):
        sharp, blurry = (half.contiguous() for half in picture(path).chunk(2, dim=3))
        (faded if dark_beyond(blurry).item() else others).append((blurry, sharp))
    return faded, others


def levin(folder: Path) -> Iterator[Pair]:
    """Read shots of linear light, gray, in three equal channels."""
    for shot in sorted(folder.glob("im?_kernel?_img.png")):
        yield picture(shot), picture(folder / "gt" / f"{shot.name[:3]}.png")


def shown(restore: Restore) -> Restore:
    """Show a method display values in place of linear light."""
    return lambda linear: restore(linear ** (1 / GAMMA)).clamp(0, 1) ** GAMMA


def after_shift(restored: Tensor, sharp: Tensor) -> Tensor:
    """Compare after the best shift, whole pixels first, then quarters about the best."""
    inner = sharp[:, :1, BORDER:-BORDER, BORDER:-BORDER]
    gray = restored[:, :1]

    def moved(down: float, right: float) -> Tensor:
        rows, columns = round(4 * down), round(4 * right)
        fine = quarters[(rows % 4, columns % 4)]
        top, left = BORDER + rows // 4, BORDER + columns // 4
        return fine[..., top : top + inner.shape[-2], left : left + inner.shape[-1]]

    quarters = {(y, x): shifted(gray, y / 4, x / 4) for y in range(4) for x in range(4)}
    whole = [(float(y), float(x)) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)]
    y, x = max(whole, key=lambda by: float(picture_psnr(moved(*by), inner)))
    near = [(y + down / 4, x + right / 4) for down in range(-3, 4) for right in range(-3, 4)]
    return cast(Tensor, max(picture_psnr(moved(*by), inner) for by in near))


def shifted(gray: Tensor, down: float, right: float) -> Tensor:
    """Look a fraction of a pixel further down and to the right, by cubic interpolation."""
    if not (down or right):
        return gray
    height, width = gray.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height) + down, torch.arange(width) + right, indexing="ij")
    grid = torch.stack((x / (width - 1), y / (height - 1)), dim=-1) * 2 - 1
    return F.grid_sample(gray, grid.unsqueeze(0), "bicubic", "reflection", align_corners=True).clamp(0, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="*")
    parser.add_argument("--bundled", action="store_true", help="measure the bundled model too")
    for name in ("bsds500", "pairs", "crops", "levin", "sharp"):
        parser.add_argument(f"--{name}", type=Path, metavar="FOLDER")
    parser.add_argument("--split", choices=("val", "test"), default="test", help="of BSDS500")
    parser.add_argument("--windows", type=int, default=36, help="of each kind (36)")
    main(parser.parse_args())
