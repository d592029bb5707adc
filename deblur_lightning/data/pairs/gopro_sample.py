"""A small set made as GoPro was: a camera moves over a photograph, its sharp frames are averaged into blurry ones."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from deblur_lightning.data.checks import check_seed
from deblur_lightning.image import pixels_of
from deblur_lightning.texts import read_json
from deblur_lightning.whole_file import whole_folder

PHOTOGRAPHS = {"train": ("astronaut", "chelsea", "rocket", "retina", "hubble_deep_field"), "test": ("coffee",)}
"""Colour photographs in scikit-image's wheel, each in one split only."""

GAMMA = 2.2
MARGIN = 1.35  # how much larger than the frame the photograph is made, to leave room for the camera's path
MAX_ANGLE = math.radians(4)
SETTINGS = "sample.json"
FORMAT = 1  # raise when the same settings make other pictures


class Frames(NamedTuple):
    """One blurry frame and its sharp one, uint8 ``[H, W, 3]``."""

    blur: np.ndarray
    blur_gamma: np.ndarray
    sharp: np.ndarray


def write_gopro_sample(
    root: Path | str,
    frames: int = 8,
    width: int = 256,
    height: int = 192,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, int]:
    """Write a sample set in GOPRO_Large's layout, whole or not at all; nothing if it is there already.

    Args:
        root: the folder to make.
        frames: pairs per sequence; a photograph has two sequences.
        width: of a frame, in pixels.
        height: likewise.
        seed: of the camera's paths.
        progress: takes the share done, 0 to 1.

    Returns:
        Number of pairs of each split.

    Raises:
        ValueError: no frames, or frames of under 32 pixels.
        FileExistsError: the folder holds something else.
    """
    root = Path(root).expanduser()
    if not (frames >= 1 and min(width, height) >= 32):
        raise ValueError(f"frames are {frames} of {width} x {height}, but 1 of 32 x 32 is least. Pass more.")
    check_seed(seed)
    settings = {"format": FORMAT, "frames": frames, "width": width, "height": height, "seed": seed}
    counts = {split: 2 * frames * len(names) for split, names in PHOTOGRAPHS.items()}
    note = root / SETTINGS
    if note.is_file() and read_json(note, "Remove the folder, or name another.") == settings:
        return counts
    sequences = [(split, name, take) for split, names in PHOTOGRAPHS.items() for name in names for take in range(2)]
    with whole_folder(root) as part:
        for number, (split, name, take) in enumerate(sequences):
            progress(number / len(sequences))
            generator = np.random.default_rng((seed, *name.encode(), take))
            made = shoot(photograph(name), frames, width, height, generator)
            _write(part / split / f"{name}_{take:02d}", made)
        (part / SETTINGS).write_text(json.dumps(settings))
    return counts


def photograph(name: str) -> Tensor:
    """Load one of scikit-image's photographs, ``[1, 3, H, W]``, float64 in [0, 1]."""
    from skimage import data

    return torch.from_numpy(getattr(data, name)().astype(np.float64) / 255).permute(2, 0, 1)[None]


def shoot(photo: Tensor, frames: int, width: int, height: int, generator: np.random.Generator) -> Iterator[Frames]:
    """Film a photograph with a moving, rolling camera and average 7 to 15 frames to each blurry one.

    Args:
        photo: ``[1, 3, H, W]`` in [0, 1], display values.
        frames: blurry frames.
        width: of a frame, in pixels.
        height: likewise.
        generator: draws the path and the exposures.

    Yields:
        The mean as recorded, the mean in linear light, and the middle frame.
    """
    zoom = MARGIN * max(height / photo.shape[-2], width / photo.shape[-1])
    photo = interpolate(photo, scale_factor=zoom, mode="bicubic", antialias=zoom < 1).clamp(0, 1)
    reach = 0.5 * torch.tensor([photo.shape[-1] - width, photo.shape[-2] - height], dtype=torch.float64)
    exposures = 2 * generator.integers(3, 8, frames) + 1
    rate = 2 * math.pi * generator.uniform(0.004, 0.009, (3, 2))  # radians a frame: up to 2 pixels a frame
    phase = generator.uniform(0, 2 * math.pi, (3, 2))
    start = 0
    for count in exposures:
        time = np.arange(start, start + count)[:, None, None]
        start += 3 * int(count)
        wave = torch.from_numpy(np.sin(rate * time + phase).mean(axis=2))
        recorded = _view(photo, 0.6 * reach * wave[:, :2], MAX_ANGLE * wave[:, 2], width, height)
        recorded = (recorded * 255).round() / 255
        yield Frames(
            *map(pixels_of, (recorded.mean(dim=0), (recorded**GAMMA).mean(dim=0) ** (1 / GAMMA), recorded[count // 2]))
        )


def _view(photo: Tensor, shift: Tensor, angle: Tensor, width: int, height: int) -> Tensor:
    """Cut turned windows ``[T, 3, height, width]`` out of a photograph around its centre plus shifts in pixels."""
    size = torch.tensor([photo.shape[-1], photo.shape[-2]], dtype=photo.dtype)
    y, x = torch.meshgrid(
        torch.arange(height, dtype=photo.dtype) - (height - 1) / 2,
        torch.arange(width, dtype=photo.dtype) - (width - 1) / 2,
        indexing="ij",
    )
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    position = torch.stack((cosine * x - sine * y, sine * x + cosine * y), dim=-1) + shift[:, None, None]
    views = grid_sample(
        photo.expand(len(shift), -1, -1, -1),
        position * 2 / size,
        mode="bicubic",
        padding_mode="reflection",
        align_corners=False,
    )
    return views.clamp(0, 1)


def _write(folder: Path, made: Iterator[Frames]) -> None:
    for kind in Frames._fields:
        (folder / kind).mkdir(parents=True)
    for number, frames in enumerate(made, start=1):
        for kind, pixels in frames._asdict().items():
            Image.fromarray(pixels).save(folder / kind / f"{number:06d}.png")
