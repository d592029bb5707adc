"""What streaks of light tell of a shake at night: python experiments/kernels/night.py [FOLDER …].

The three kept-back photographs of scikit-image are darkened, lamps are put into them, and a moving camera takes them:
light adds up, clips, and has noise of 1%. Printed are how many scenes were read (`light_streaks`), how like the kernels
are to the true ones, and what the default model gains with and without streaks: PSNR between the lamps, at the best
shift. With ``--times 3`` scenes and shake are as many times as large. Photographs of each FOLDER, at their own, half
and a quarter of their size, are counted where streaks are read off them: of sharp ones, none should.
"""

import argparse
from pathlib import Path
from typing import cast
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from deblur_lightning.data.scenes.wheel_photos import WHEEL_PHOTOS, wheel_photo
from deblur_lightning.deblurring import MotionDeblurrer, load_deblurrer
from deblur_lightning.deblurring.long_motion import LongMotion
from deblur_lightning.deblurring.motion import DRAWN
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.metrics import picture_psnr
from deblur_lightning.photos import find_photos, read_photo
from deblur_lightning.physics import blur, shake_kernels, to_display, to_linear

SIDE, KERNEL, BORDER, SHIFT = 300, 33, 24, 3
NOISE = 0.01
COLUMNS = ("likeness", "blurry", "without streaks", "with streaks")
READS = "deblur_lightning.estimation.dense_field.light_streaks"


def scene(name: str, random: np.random.Generator, times: int) -> Tensor:
    """Draw a photograph at night with 6 to 39 lamps of 2 to 100 times full light, ``[1, 3, H, W]``, linear."""
    photo = torch.from_numpy(wheel_photo(name).copy()).permute(2, 0, 1)[None] / 255
    top, left = (int(random.integers(length - SIDE + 1)) for length in photo.shape[2:])
    window = photo[..., top : top + SIDE, left : left + SIDE]
    large = F.interpolate(window, scale_factor=times, mode="bilinear", align_corners=False)
    light = to_linear(large) * random.uniform(0.05, 0.35)
    place = torch.arange(times * SIDE) / times
    for _ in range(random.integers(6, 40)):
        row, column = random.uniform(BORDER, SIDE - BORDER, 2)
        width, power = random.uniform(0.5, 1.6), 10 ** random.uniform(0.3, 2)
        down, across = (torch.exp(-((place - centre) ** 2) / (2 * width**2)) for centre in (row, column))
        light += power * torch.from_numpy(random.uniform(0.6, 1, 3)).float().view(3, 1, 1) * torch.outer(down, across)
    return light


def taken(light: Tensor, kernel: Tensor, random: np.random.Generator) -> Tensor:
    """Take a scene by a moving camera; display values of 8 bits."""
    field = KernelField(kernel[None, None], torch.ones(1, 1, *light.shape[2:]))
    noisy = blur(light, field) + NOISE * torch.from_numpy(random.normal(size=tuple(light.shape))).float()
    return (to_display(noisy.clamp(0, 1)) * 255).round() / 255


def psnr_between(picture: Tensor, light: Tensor, times: int) -> float:
    """Compare with a scene between its lamps, at the best shift of whole pixels."""
    bright = (light.amax(1, keepdim=True) > 0.6).float()
    inner = (..., *(slice(times * BORDER, -times * BORDER),) * 2)
    between = (F.max_pool2d(bright, 6 * times + 1, 1, 3 * times) == 0)[inner].expand(-1, 3, -1, -1)
    sharp, shifts = to_display(light.clamp(0, 1))[inner][between], range(-times * SHIFT, times * SHIFT + 1)
    moved = (picture.roll((down, right), (2, 3))[inner][between] for down in shifts for right in shifts)
    return max(picture_psnr(one.view(1, 1, 1, -1), sharp.view(1, 1, 1, -1)).item() for one in moved)


def likeness(kernel: Tensor, other: Tensor) -> float:
    """Correlate two kernels at the best shift, normalised."""
    both = F.conv2d(F.pad(kernel, (other.shape[-1] // 2,) * 4)[None, None], other[None, None])
    return (both.amax() / (kernel.norm() * other.norm())).item()


def main(count: int, times: int, folders: list[Path]) -> None:
    """Print the table, and what is read off the folders' photographs."""
    model = load_deblurrer("blind")
    motion = cast(MotionDeblurrer, model.deblurrer)
    rows = []
    for number in range(count):
        random = np.random.default_rng((7, number))
        light = scene(WHEEL_PHOTOS["test"][number % 3], random, times)
        seed = torch.Generator().manual_seed(number)
        extent = times * 10, times * 28
        kernel = shake_kernels(1, times * (KERNEL - 1) + 1, generator=seed, extent=extent)[0]
        blurry = taken(light, kernel, random)
        answer = model(blurry)
        if DRAWN not in answer.notes:
            continue
        with patch(READS, lambda *_: None):
            without = model(blurry).picture
        before, *after = (psnr_between(one, light, times) for one in (blurry, without, answer.picture))
        rows.append([likeness(answer.field.basis[0, 0], kernel), before, *(one - before for one in after)])
    print(f"read off {len(rows)} of {count} scenes" + ("; of these, in the mean (least):" if rows else ""))
    for number, what in enumerate(COLUMNS if rows else ()):
        figures = [row[number] for row in rows]
        print(f"{what}: {np.mean(figures):.2f} ({min(figures):.2f})")
    for folder in folders:
        photos = find_photos(folder).photos
        taken_for = [str(path) for path in photos if misread(read_photo(path)[0], motion)]
        print(f"{folder}: streaks read off {len(taken_for)} of {len(photos)} photographs", *taken_for)


def misread(photo: Tensor, model: MotionDeblurrer) -> bool:
    """Tell whether streaks would be read off a photograph at a size at which they are looked for (`LongMotion`)."""

    def unmoved(blurry: Tensor, exposure: Exposure) -> tuple[KernelField, Tensor, Exposure]:
        return delta_field(blurry, KERNEL), torch.tensor([False]), exposure

    return LongMotion()(unmoved, photo, Exposure(), model.drawn).exposure.drawn


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    parser.add_argument("--count", type=int, default=30, help="scenes (default 30)")
    parser.add_argument("--times", type=int, default=1, help="how many times as large (default 1)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    main(options.count, options.times, options.folders)
