"""Make training windows with the motion that dense_field sees in them: python experiments/unrolled/estimates.py OUT ...

A learned restorer must know how wrong estimated fields are, and estimating takes a second or two a window: so it is
done once. Goes on where an earlier run was stopped; stop it whenever there are enough. Each file holds one window:
``blurry`` and ``sharp`` (8 bits), the true field (``basis``, ``coefficients``) and the estimated one (``seen_basis``,
``seen_coefficients``), and what `deconvolve` makes of each (``restored``, ``seen_restored``; 8 bits). Training windows
are there twice: in ``-other`` with the estimate that was not chosen, for fields can be wrong in many ways (of one in
``--others`` scenes). With ``--side 512`` four windows share an estimate; with 768 nine, made as of any photo of more
than 700 x 700 pixels, in a small part of the time.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data.scenes.bsds500 import BSDS500
from deblur_lightning.data.scenes.dead_leaves import DeadLeaves
from deblur_lightning.data.scenes.motion_blur import MotionBlurDataModule
from deblur_lightning.data.scenes.photo_source import PhotoFolder
from deblur_lightning.data.scenes.scene_module import Samples
from deblur_lightning.data.scenes.sources import SceneSource, Split
from deblur_lightning.data.scenes.wheel_photos import WheelPhotos
from deblur_lightning.estimation import dense_field
from deblur_lightning.estimation.dense_field import estimated_turning, estimated_uniform
from deblur_lightning.field import KernelField
from deblur_lightning.physics import to_linear
from deblur_lightning.restoration import deconvolve
from deblur_lightning.whole_file import whole_file

WINDOW = 256  # pixels each way


def main(arguments: argparse.Namespace) -> None:
    """Write windows until there are as many as asked for."""
    torch.set_num_threads(1)
    sources: list[SceneSource] = [
        PhotoFolder(arguments.photos, 4.0, softness=1.2, native=0.3),
        WheelPhotos(0.5, softness=1.2),
        DeadLeaves(0.5, pictures=64, softness=1.2),
    ]
    if arguments.bsds500 is not None:
        sources.insert(0, BSDS500(arguments.bsds500, 4.0, softness=1.2, native=0.4))
    split: Split = arguments.split
    samples = Samples(arguments.count, arguments.count, arguments.count)
    windows = MotionBlurDataModule(sources, crop_size=arguments.side, samples=samples, seed=arguments.seed).open(split)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.first, arguments.count):
        path = arguments.out / f"{number:05d}.npz"
        if path.exists() or path.with_stem(f"{path.stem}-0").exists():
            continue
        sample, field = windows.with_field(number)
        known = {name: levels(sample[name]) for name in ("blurry", "sharp")} | arrays(field, "", sample["blurry"])
        seen = dense_field(sample["blurry"].unsqueeze(0))
        if split == "train" and arguments.others and number % arguments.others == 0:
            write(path.with_stem(f"{path.stem}-other"), known, other_field(sample["blurry"], seen), sample["blurry"])
        write(path, known, seen, sample["blurry"])
        print(path, sample["name"], seen.basis.shape[1], flush=True)


def other_field(blurry: Tensor, seen: KernelField) -> KernelField:
    """Estimate the field that `dense_field` did not choose: one kernel in place of a camera's path, or the path."""
    light = to_linear(blurry).mean(0)
    if seen.basis.shape[1] > 2:
        return estimated_uniform(light, seen.kernel_size)
    turning = estimated_turning(light, seen.kernel_size)
    return seen if turning is None else turning.field


def write(path: Path, known: dict[str, np.ndarray], seen: KernelField, blurry: Tensor) -> None:
    """Write a scene with an estimated field, in windows where it is larger, the first last: where it is, all are."""
    told = known | arrays(seen, "seen_", blurry)
    steps = range(0, blurry.shape[-1], WINDOW)
    places = [(slice(top, top + WINDOW), slice(left, left + WINDOW)) for top in steps for left in steps]
    for number, place in reversed(list(enumerate(places))):
        part = {name: value if name.endswith("basis") else value[(..., *place)] for name, value in told.items()}
        to = path if len(places) == 1 else path.with_stem(f"{path.stem}-{number}")
        with whole_file(to) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(file, **part)


def levels(picture: Tensor) -> np.ndarray:
    """Round to 8 bits."""
    return (picture * 255).round().to(torch.uint8).numpy()


def arrays(field: KernelField, prefix: str, blurry: Tensor) -> dict[str, np.ndarray]:
    """Store a field of one picture in half precision, and what `deconvolve` makes of it."""
    parts = {f"{prefix}{name}": part[0].half().numpy() for name, part in field._asdict().items()}
    return parts | {f"{prefix}restored": levels(deconvolve(blurry.unsqueeze(0), field)[0])}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bsds500", type=Path, metavar="FOLDER")
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--split", choices=("train", "val"), default="train")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--others", type=int, default=1, metavar="N", help="one of N scenes has its -other; 0: none")
    parser.add_argument("--seed", type=int, default=0)
    sides = [WINDOW, 2 * WINDOW, 3 * WINDOW]
    parser.add_argument("--side", type=int, choices=sides, default=WINDOW, help="of a scene, in pixels")
    main(parser.parse_args())
