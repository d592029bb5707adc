"""Score the shipped model on the 32 real shots of Levin et al. (CVPR 2009): python experiments/small/levin.py FOLDER.

FOLDER holds ``imI_kernelJ_img.png`` and, in ``gt``, ``imI.png`` and ``kernelJ.png``, as csdwren/SelfDeblur has them.
The shots are linear light, so they are shown to the model as display values (gamma 2.2) and turned back. A blind kernel
is known up to a shift only: PSNR is the best over whole shifts of up to 6 pixels, 20 pixels of border left out.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.commands.benchmark.scoring import sharpened
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.field import delta_field
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.photos import read_photo
from deblur_lightning.restoration import richardson_lucy

BORDER, SHIFT, GAMMA = 20, 6, 2.2


def psnr(restored: Tensor, sharp: Tensor) -> float:
    """Compare up to a shift."""
    height, width = sharp.shape[-2:]
    inner = sharp[..., BORDER:-BORDER, BORDER:-BORDER]
    steps = range(BORDER - SHIFT, BORDER + SHIFT + 1)
    moved = [restored[..., y : height - 2 * BORDER + y, x : width - 2 * BORDER + x] for y in steps for x in steps]
    return max(picture_psnr(one, inner).item() for one in moved)


def main(folder: Path) -> None:
    """Print a table: mean, and the least gain over the blurry shot."""
    model, gains = load_deblurrer(), {}
    for shot in sorted(folder.glob("im?_kernel?_img.png")):
        names = (shot, folder / "gt" / f"{shot.name[:3]}.png", folder / "gt" / f"{shot.name[4:11]}.png")
        blurry, sharp, kernel = (read_photo(name)[0] for name in names)
        kernel = kernel.flip(2, 3)  # theirs is of a convolution
        kernel = torch.nn.functional.pad(kernel, (0, 1 - kernel.shape[-1] % 2, 0, 1 - kernel.shape[-2] % 2))
        field = delta_field(blurry, kernel.shape[-1])._replace(basis=kernel / kernel.sum())
        results = {
            "blurry": blurry,
            "unsharp masking (scikit-image)": sharpened(blurry),
            "Adaptive (small, shipped)": model(blurry ** (1 / GAMMA)).picture ** GAMMA,
            "Richardson-Lucy, true kernel, 15": richardson_lucy(blurry, field, 15, gamma=1.0),
            "Richardson-Lucy, true kernel, 30": richardson_lucy(blurry, field, 30, gamma=1.0),
        }
        for name, restored in results.items():
            gains.setdefault(name, []).append(psnr(restored, sharp))
    if not gains:
        raise FileNotFoundError(f"{folder} holds no im1_kernel1_img.png and the like. Pass the folder of the shots.")
    print("| Method | PSNR (dB) | least gain | shots |\n| --- | --- | --- | --- |")
    for name, values in gains.items():
        least = min(ours - before for ours, before in zip(values, gains["blurry"], strict=True))
        print(f"| {name} | {np.mean(values):.2f} | {least:.2f} | {len(values)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the shots")
    try:
        main(parser.parse_args().folder)
    except (ValueError, OSError) as error:
        parser.error(str(error))
