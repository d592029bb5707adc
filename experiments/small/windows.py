"""Score the shipped model on windows of sharp photographs of yours: python experiments/small/windows.py FOLDER.

Every photograph in FOLDER and below, reduced to a longest side of 800 pixels, gives windows of 256 x 256, blurred as
the sample benchmark's are under camera shake, by kernels of 17 x 17: one window under motion that fills the kernel more
or less, one under small motion, of a tenth to four tenths of it (two to six pixels); and so on with the next seed.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from deblur_lightning.commands.benchmark.scoring import sharpened
from deblur_lightning.data.frames import read_frame
from deblur_lightning.data.scenes.photo_files import photo_paths
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.physics import expose, shake_field, to_linear

LONGEST, SIDE, KERNEL, NOISE, GAMMA = 800, 256, 17, 0.01, 2.2
REACH = {"full motion": (0.4, 1.0), "small motion": (0.1, 0.4)}
LIMIT = -0.3


def main(folder: Path, seeds: int, checkpoint: Path | None) -> None:
    """Print a table for each kind of motion: PSNR, mean and least gain, and how many lose more than the limit."""
    model = load_deblurrer(checkpoint)
    photos = [reduced(path) for path in photo_paths(folder)]
    for number, (kind, reach) in enumerate(REACH.items()):
        scores: dict[str, list[float]] = {}
        for seed in range(seeds):
            for place, photo in enumerate(photos):
                blurry, sharp = window(photo, reach, np.random.default_rng((seed, number, place)))
                results = {
                    "blurry": blurry,
                    "unsharp masking (scikit-image)": sharpened(blurry),
                    model.name: model(blurry, with_field=False).picture,
                }
                for name, restored in results.items():
                    rounded = (restored * 255).round() / 255
                    scores.setdefault(name, []).append(picture_psnr(rounded, sharp).item())
        print(f"| {kind}, {seeds * len(photos)} windows | PSNR (dB) | mean gain | least gain | below {LIMIT} dB |")
        print("| --- | --- | --- | --- | --- |")
        for name, values in scores.items():
            gains = np.array(values) - np.array(scores["blurry"])
            lost = (gains < LIMIT).sum()
            print(f"| {name} | {np.mean(values):.2f} | {gains.mean():.2f} | {gains.min():.2f} | {lost} |")
        print(flush=True)


def reduced(path: Path) -> Tensor:
    """Read a photograph in colour, no longer than 800 pixels: ``[3, H, W]``.

    Raises:
        ValueError: a photograph that cannot be read, or too small for a window.
    """
    photo = Image.fromarray(read_frame(path))
    factor = min(1.0, LONGEST / max(photo.size))
    photo = photo.resize([round(side * factor) for side in photo.size], Image.Resampling.LANCZOS)
    if min(photo.size) < SIDE + KERNEL - 1:
        raise ValueError(
            f"{path} is {photo.width} x {photo.height} once no longer than {LONGEST}, but windows take "
            f"{SIDE + KERNEL - 1} pixels. Leave it out."
        )
    return torch.from_numpy(np.array(photo)).permute(2, 0, 1) / 255


def window(photo: Tensor, reach: tuple[float, float], random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Blur a window of a photograph: blurry and sharp, ``[1, 3, 256, 256]``."""
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    whole, margin = SIDE + KERNEL - 1, KERNEL // 2
    top, left = (int(random.integers(length - whole + 1)) for length in photo.shape[1:])
    scene = photo[None, :, top : top + whole, left : left + whole]
    field = shake_field((SIDE, SIDE), KERNEL, generator=generator, reach=reach)
    blurry = expose(to_linear(scene, GAMMA), field, generator=generator, gamma=GAMMA, noise=NOISE)
    return blurry, scene[..., margin : margin + SIDE, margin : margin + SIDE].contiguous()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of sharp photographs")
    parser.add_argument("--seeds", type=int, default=2, help="windows of each photograph and kind of motion (2)")
    parser.add_argument("--checkpoint", type=Path, help="another model than the shipped one")
    arguments = parser.parse_args()
    try:
        main(arguments.folder, arguments.seeds, arguments.checkpoint)
    except (ValueError, OSError) as error:
        parser.error(str(error))
