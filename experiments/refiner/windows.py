"""Make windows that moved, with what estimation finds: python experiments/refiner/windows.py OUT --photos FOLDER.

To look for a kernel takes two seconds, so it is done once. Goes on where an earlier run was stopped; several runs with
seeds of their own may write side by side. Each file holds one window: its ``light``, ``planes`` (`kernel_hints`),
``noise``, and the ``true`` kernel: of several objects that of the largest, of a turning camera the mean.

    python experiments/refiner/windows.py OUT --second CHECKPOINT

looks at them a second time, as a model's refiner does (`refined_kernel`): it writes beside each window the planes that
come of the refiner's first answer, which is nearer to the truth than what was found, and wrong in other ways.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deblur_lightning.data import CameraMotion, MotionBlurDataModule, ObjectMotion, PhotoFolder, Samples, WheelPhotos
from deblur_lightning.data.scenes.motion_blur import MotionBlur
from deblur_lightning.data.scenes.sensor import Sensor
from deblur_lightning.deblurring import BlindEstimator, MotionDeblurrer, load_deblurrer
from deblur_lightning.estimation.kernel_hints import kernel_hints
from deblur_lightning.estimation.natural_kernel import TURNS
from deblur_lightning.estimation.pyramid import attempts, lit_window
from deblur_lightning.estimation.refined_kernel import read_by
from deblur_lightning.field import KernelField
from deblur_lightning.networks import KernelRefiner, SeeingNAFNet
from deblur_lightning.physics import to_linear
from deblur_lightning.whole_file import whole_file

SIDES = (192, 256, 256, 320)  # of the windows, in pixels
SIZE = 33  # of the kernels
LEAST_CONTRAST = 0.02  # of linear light: windows of less show nothing
SECOND = ".second.npz"  # ends the names of second looks
APART = 0.9  # of a picture's pixels have one kernel alone: then objects moved, not the camera
MOTIONS = (
    CameraMotion(6.0, (5.0, 32.0), turning=0.0, smooth=0.25, video=0.1),
    CameraMotion(1.2, (8.0, 32.0), turning=1.0, rotation=(0.02, 0.12), smooth=0.1, video=0.0),
    ObjectMotion(1.8, (6.0, 32.0), still=0.0, parallax=0.2, smooth=0.1, video=0.0),
)
USUAL = Sensor(linear=1.0, noise=(0.001, 0.02), brightness=(0.7, 1.1), bright=0.05, jpeg=0.2, quality=(80, 97))
CLEAN = Sensor(linear=1.0, noise=(0.0, 0.002), brightness=(0.7, 1.1), bright=0.05)
SHOWN = Sensor(linear=0.0, noise=(0.0, 0.01), brightness=(0.7, 1.1), bright=0.05, jpeg=0.2, quality=(80, 97))
SENSORS = (USUAL, USUAL, CLEAN, USUAL, SHOWN)  # take turns
GRAY = 4  # every so manieth window has no colours


@torch.no_grad()
def main(arguments: argparse.Namespace) -> None:
    """Write windows until there are as many as asked for, or look at those that are there a second time."""
    torch.set_num_threads(1)
    if arguments.second is not None:
        look_again(arguments.out, refiner_of(arguments.second))
    elif arguments.photos is not None:
        make_windows(arguments)
    else:
        raise ValueError("there are no photographs to move, and no model to look a second time. Pass --photos FOLDER.")


def make_windows(arguments: argparse.Namespace) -> None:
    """Write windows until there are as many as asked for."""
    seeing = seeing_network(arguments.model)
    scenes = [scenes_of(side, sensor, arguments) for sensor in SENSORS for side in SIDES]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.count):
        path = arguments.out / f"{arguments.seed}-{number:05d}.npz"
        if path.exists():
            continue
        sample, field = scenes[number % len(scenes)].with_field(number)
        blurry = sample["blurry"] if number // len(scenes) % GRAY else gray(sample["blurry"])
        light = to_linear(blurry).mean(0)
        if light.std() < LEAST_CONTRAST:
            continue
        lit, _, noise = lit_window(light)
        found = sorted((attempt() for attempt in attempts(light, SIZE)), key=lambda one: one.against)
        told = seeing.mean_kernel(blurry[None])
        planes = kernel_hints(lit, found[0].kernel, found[1].kernel, told, noise)
        write(path, light=lit, planes=planes, noise=torch.tensor(noise), true=kernel_of(field.widened(SIZE)))
        print(path, sample["name"], flush=True)


def look_again(folder: Path, refiner: KernelRefiner) -> None:
    """Write what a refiner is shown the second time beside each window."""
    for file in sorted(set(folder.glob("*.npz")) - set(folder.glob(f"*{SECOND}"))):
        path = file.with_name(file.stem + SECOND)
        if path.exists():
            continue
        with np.load(file) as window:
            light, planes, noise, true = (
                torch.from_numpy(window[name]).float() for name in ("light", "planes", "noise", "true")
            )
        kernel = read_by(refiner, planes, light, noise.item(), TURNS)
        write(path, planes=kernel_hints(light, kernel, planes[0], planes[2], noise.item()), noise=noise, true=true)
        print(path, flush=True)


def refiner_of(model: Path) -> KernelRefiner:
    """Give a model's refiner.

    Raises:
        ValueError: it has none.
    """
    deblurrer = load_deblurrer(model).deblurrer
    network = deblurrer.network if isinstance(deblurrer, MotionDeblurrer) else None
    refiner = network.refiner if isinstance(network, BlindEstimator) else None
    if refiner is None:
        raise ValueError(f"{model} has no refiner. Pass what refine.py wrote.")
    return refiner


def seeing_network(model: str) -> SeeingNAFNet:
    """Give the network that a model asks what it sees.

    Raises:
        ValueError: it asks none.
    """
    deblurrer = load_deblurrer(model).deblurrer
    network = deblurrer.restorer.seeing if isinstance(deblurrer, MotionDeblurrer) else None
    if network is None:
        raise ValueError(f"{model} asks no network what it sees. Pass --model blind.")
    return network


def scenes_of(side: int, sensor: Sensor, arguments: argparse.Namespace) -> MotionBlur:
    """Blur scenes of a size by a sensor."""
    # No photograph stays decoded: each size and sensor would hold all of them.
    sources = [PhotoFolder(arguments.photos, 8.0, softness=1.2, native=0.3, memory=0), WheelPhotos(softness=1.2)]
    samples = Samples(arguments.count, arguments.count, arguments.count)
    return MotionBlurDataModule(
        sources, list(MOTIONS), sensor, crop_size=side, samples=samples, seed=arguments.seed
    ).open("train")


def gray(picture: Tensor) -> Tensor:
    """Take a picture's colours away."""
    return picture.mean(0, keepdim=True).expand_as(picture)


def kernel_of(field: KernelField) -> Tensor:
    """Give the kernel ``[K, K]`` that is to be found of a field ``[1, B, K, K]``."""
    shares, basis = field.coefficients[0].mean((1, 2)), field.basis[0]
    alone = (field.coefficients[0].amax(0) > 0.99).float().mean() > APART
    return basis[shares.argmax()] if alone else torch.tensordot(shares, basis, 1)


def write(path: Path, **arrays: Tensor) -> None:
    """Write arrays in half precision, whole or not at all."""
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **{name: array.half().numpy() for name, array in arrays.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="as photographs.py makes it")
    parser.add_argument("--second", type=Path, metavar="CHECKPOINT", help="look a second time, by its refiner")
    parser.add_argument("--model", default="blind", help="checkpoint or bundled model whose network is asked")
    parser.add_argument("--count", type=int, default=1000, help="scenes that are looked at")
    parser.add_argument("--seed", type=int, default=1000)
    main(parser.parse_args())
