"""Score blind kernels on the 32 real shots of Levin et al. (CVPR 2009): python experiments/kernels/levin.py FOLDER.

FOLDER holds ``imI_kernelJ_img.png`` and, in ``gt``, ``imI.png`` and ``kernelJ.png``, as csdwren/SelfDeblur has them.
The shots are linear light. A blind kernel is known up to a shift only: errors are those at the best shift to a quarter
pixel, 20 pixels of border left out. Some of the folder's kernels are turned by half a turn against its shots; the
better of both ways counts as the true one. Kernel sizes are not given: 33 for all.
"""

import argparse
import itertools
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.estimation import blind_kernel
from deblur_lightning.estimation.natural_kernel import moved
from deblur_lightning.field import delta_field
from deblur_lightning.photos import read_photo
from deblur_lightning.restoration import deconvolve, richardson_lucy

BORDER, SHIFT, KERNEL = 20, 8, 33
ENOUGH = 2.0  # error ratio up to which a kernel counts as good, see Levin et al. 2009
RESTORERS = {
    "RL 30": lambda blurry, field: richardson_lucy(blurry, field, 30, gamma=1.0),
    "deconvolve": lambda blurry, field: deconvolve(blurry, field, gamma=1.0),
}


def squared_error(restored: Tensor, sharp: Tensor) -> float:
    """Average squared differences of planes ``[H, W]`` at the best shift, to a quarter pixel."""
    inner = sharp[BORDER:-BORDER, BORDER:-BORDER]

    def at(picture: Tensor, down: int, right: int) -> float:
        part = picture[BORDER + down :, BORDER + right :][: inner.shape[0], : inner.shape[1]]
        return (part - inner).square().mean().item()

    steps = range(-SHIFT, SHIFT + 1)
    down, right = min(itertools.product(steps, steps), key=lambda shift: at(restored, *shift))
    margin = BORDER // 2
    wide = F.pad(restored[None, None], (margin,) * 4, mode="reflect")[0, 0]
    quarters = [quarter / 4 for quarter in range(-3, 4)]
    parts = (moved(wide, shift)[margin:-margin, margin:-margin] for shift in itertools.product(quarters, quarters))
    return min(at(part, down, right) for part in parts)


def psnr(error: float) -> float:
    """Express a squared error of values in [0, 1] in decibels."""
    return -10 * math.log10(error)


def errors_with(blurry: Tensor, kernel: Tensor, sharp: Tensor) -> dict[str, float]:
    """Restore a shot with one kernel in each way."""
    field = delta_field(blurry, kernel.shape[-1])._replace(basis=kernel[None, None])
    return {name: squared_error(restore(blurry, field)[0, 0], sharp) for name, restore in RESTORERS.items()}


def true_kernel(file: Path) -> Tensor:
    """Read a kernel ``[K, K]`` of unit sum, K odd."""
    kernel = read_photo(file)[0][0].mean(0)
    kernel = F.pad(kernel, (0, 1 - kernel.shape[-1] % 2, 0, 1 - kernel.shape[-2] % 2))
    return kernel / kernel.sum()


def turned_fits_better(blurry: Tensor, kernel: Tensor, sharp: Tensor) -> bool:
    """Tell whether a kernel turned by half a turn blurs the sharp picture into the blurry one rather than as it is."""
    first, second = (
        squared_error(F.conv2d(sharp, one[None, None], padding=one.shape[-1] // 2)[0, 0], blurry[0, 0])
        for one in (kernel, kernel.flip(0, 1))
    )
    return second < first


def main(folder: Path) -> None:
    """Print a row for each shot, then means, worst cases and how many kernels are good."""
    shots = sorted(folder.glob("im?_kernel?_img.png"))
    if not shots:
        raise FileNotFoundError(f"{folder} holds no im1_kernel1_img.png and the like. Pass the folder of the shots.")
    columns = ["blurry", *(f"{name}, {whose}" for whose in ("ours", "true") for name in RESTORERS)]
    print("| Shot | " + " | ".join([*columns, *(f"error ratio, {name}" for name in RESTORERS), "s"]) + " |")
    print("| --- " * (len(columns) + len(RESTORERS) + 2) + "|")
    scores, ratios, seconds = [], [], []
    for shot in shots:
        blurry, sharp = (
            read_photo(file)[0].mean(1, keepdim=True) for file in (shot, folder / "gt" / f"{shot.name[:3]}.png")
        )
        start = time.process_time()
        kernel = blind_kernel(blurry[0, 0], KERNEL)
        seconds.append(time.process_time() - start)
        truth = true_kernel(folder / "gt" / f"{shot.name[4:11]}.png")
        if turned_fits_better(blurry, truth, sharp):
            truth = truth.flip(0, 1)
        ours, true = (errors_with(blurry, one, sharp[0, 0]) for one in (kernel, truth))
        scores.append([squared_error(blurry[0, 0], sharp[0, 0]), *ours.values(), *true.values()])
        ratios.append([ours[name] / true[name] for name in RESTORERS])
        row = [f"{psnr(error):.2f}" for error in scores[-1]] + [f"{ratio:.2f}" for ratio in ratios[-1]]
        print(f"| {shot.name[:11]} | " + " | ".join([*row, f"{seconds[-1]:.1f}"]) + " |", flush=True)
    decibels, ratio = np.vectorize(psnr)(scores), np.array(ratios)
    for name, values, others, time_taken in (
        ("mean", decibels.mean(0), ratio.mean(0), np.mean(seconds)),
        ("worst", decibels.min(0), ratio.max(0), np.max(seconds)),
    ):
        cells = [f"{value:.2f}" for value in (*values, *others)]
        print(f"| {name} | " + " | ".join([*cells, f"{time_taken:.1f}"]) + " |")
    good = ", ".join(f"{count} with {name}" for count, name in zip((ratio <= ENOUGH).sum(0), RESTORERS, strict=True))
    print(f"\nOf {len(shots)} kernels these have an error ratio of at most {ENOUGH:g}: {good}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the shots")
    torch.set_num_threads(1)
    try:
        main(parser.parse_args().folder)
    except (ValueError, OSError) as error:
        parser.error(str(error))
