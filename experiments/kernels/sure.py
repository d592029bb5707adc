"""What it is worth to be sure of a motion: python experiments/kernels/sure.py PHOTOS [--checkpoint blind].

Photographs of a folder, those of at least 480 pixels each way, are cut to 640 x 700 pixels at the most and blurred in
three ways: by one kernel, by a camera that turned, and by two kernels, one of them of a rectangle in the middle that
takes a sixth. Noise is 0.5% or 1%, in turns. Printed are how sure the model is (`find_motion`), and what it gains where
it is not told so and where it is: PSNR in dB.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.deblurring import MotionDeblurrer, load_deblurrer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.photos import find_photos, read_photo
from deblur_lightning.physics import expose, shake_field, shake_kernels, to_linear

KERNEL, LEAST, MOST = 33, 480, (640, 700)
NOISE = (0.005, 0.01)
SHORT, LONG, SOFT = 12, 30, 9  # pixels: paths from end to end, and the edge of what moves by itself
TURN, OF = 0.12, 256  # radians, in a picture of so many pixels; less in larger ones, whose corners move as far
KINDS = ("one kernel", "turning", "two kernels")


def photographs(folder: Path, count: int, seed: int) -> Iterator[Tensor]:
    """Give some of a folder's photographs, drawn by chance, that are large enough, ``[1, 3, H, W]``."""
    paths, found = find_photos(folder).photos, 0
    for number in np.random.default_rng(seed).permutation(len(paths)):
        if found == count:
            return
        photo = read_photo(paths[number])[0]
        if min(photo.shape[-2:]) >= LEAST and photo.shape[1] == len("RGB"):
            found += 1
            yield photo[..., : MOST[0], : MOST[1]]


def motion(kind: str, size: tuple[int, int], random: torch.Generator) -> KernelField:
    """Draw how a photograph of a size moved."""
    height, width = size
    if kind == "turning":
        return shake_field(size, KERNEL, generator=random, rotation=TURN * OF / max(size), reach=(0.5, 0.9))
    whole = torch.ones(1, 1, height, width)
    if kind == "one kernel":
        return KernelField(shake_kernels(1, KERNEL, generator=random, extent=(SHORT, LONG))[None], whole)
    part = torch.zeros_like(whole)
    part[..., height // 4 : 3 * height // 4, width // 3 : 2 * width // 3] = 1
    part = F.avg_pool2d(part, SOFT, 1, SOFT // 2)
    kernels = shake_kernels(2, KERNEL, generator=random, extent=(SHORT, LONG))
    return KernelField(kernels[None], torch.cat((whole - part, part), dim=1))


def main(arguments: argparse.Namespace) -> None:
    """Print a line for each photograph and motion, and the means."""
    model = cast(MotionDeblurrer, load_deblurrer(arguments.checkpoint).deblurrer)
    rows: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in KINDS}
    for number, photo in enumerate(photographs(arguments.photos, arguments.count, arguments.seed)):
        margin = KERNEL // 2
        sharp = photo[..., margin:-margin, margin:-margin]
        for kind in KINDS:
            random = torch.Generator().manual_seed(1000 + number)
            field = motion(kind, tuple(sharp.shape[-2:]), random)
            taken = expose(to_linear(photo), field, generator=random, noise=NOISE[number % len(NOISE)])
            blurry = (taken * 255).round() / 255
            found = model.estimate(blurry, Exposure())
            sure = found.sureness()
            before, gains = picture_psnr(blurry, sharp), []
            for share in (0.0, sure):
                restored = model.restorer(blurry, found.field, Exposure(sure=share))
                gains.append((picture_psnr((restored.clamp(0, 1) * 255).round() / 255, sharp) - before).item())
            rows[kind].append((sure, *gains))
            print(f"{number} {kind}: sure {sure:.2f}, {gains[0]:.2f} -> {gains[1]:.2f}", flush=True)
    for kind, figures in rows.items():
        sure = np.array([row for row in figures if row[0]]).reshape(-1, 3)
        told = f"; of these {sure[:, 1].mean():.2f} -> {sure[:, 2].mean():.2f} dB" if len(sure) else ""
        least = f", the least change {(sure[:, 2] - sure[:, 1]).min():.2f}" if len(sure) else ""
        print(f"{kind}: of {len(figures)}, {np.mean(figures, axis=0)[2]:.2f} dB, sure of {len(sure)}{told}{least}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, metavar="PHOTOS")
    parser.add_argument("--checkpoint", type=Path, default=None, help="a model that sees motion (default: blind)")
    parser.add_argument("--count", type=int, default=12, help="photographs (default 12)")
    parser.add_argument("--seed", type=int, default=77, help="that draws them (default 77)")
    torch.set_num_threads(1)
    main(parser.parse_args())
