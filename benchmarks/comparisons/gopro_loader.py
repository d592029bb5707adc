"""A GoPro training crop, 256 x 256 of a 1280 x 720 pair: decoding whole PNGs beside the memory-mapped cache."""

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from benchmarks.comparison import Case
from deblur_lightning.data.pairs.frame_cache import FrameCache
from deblur_lightning.data.pairs.paired_images import PairedImages
from deblur_lightning.data.pairs.pairing import pairs_of_folders

PAIRS, CROP = 8, 256


def cases() -> Iterator[Case]:
    """One crop of every pair, in turn; files are warm."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_frames(root)
        pairs = pairs_of_folders(root / "blur", root / "sharp")
        cache = FrameCache(root / "cache", [file for pair in pairs for file in pair.files()])
        cache.build()
        yield Case(
            f"{PAIRS} crops",
            {
                "whole PNGs decoded": partial(each, plain_crop(root)),
                "PairedImages, files": partial(each, PairedImages(pairs, CROP).__getitem__),
                "PairedImages, cache": partial(each, PairedImages(pairs, CROP, frames=cache).__getitem__),
            },
        )


def each(load: Callable[[int], object]) -> None:
    """Load a crop of every pair."""
    for index in range(PAIRS):
        load(index)


def write_frames(root: Path) -> None:
    """Write pairs of PNGs with a camera's detail: a photograph enlarged, with a sensor's noise."""
    from skimage import data

    generator = np.random.default_rng(0)
    photo = torch.from_numpy(data.coffee()).permute(2, 0, 1)[None].float()
    frame = interpolate(photo, size=(720, 1280), mode="bicubic").clamp(0, 255)[0].permute(1, 2, 0).numpy()
    for kind, number in itertools.product(("blur", "sharp"), range(PAIRS)):
        noisy = (frame + generator.normal(0, 2, frame.shape)).clip(0, 255).astype(np.uint8)
        (root / kind).mkdir(exist_ok=True)
        Image.fromarray(noisy).save(root / kind / f"{number}.png")


def plain_crop(root: Path) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Load as one would write it down: decode both, cut both, turn both."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version
    import albumentations

    change = albumentations.Compose(
        [albumentations.RandomCrop(CROP, CROP), albumentations.D4(p=1.0)], additional_targets={"sharp": "image"}
    )

    def load(index: int) -> tuple[Tensor, Tensor]:
        blurry, sharp = (np.array(Image.open(root / kind / f"{index}.png")) for kind in ("blur", "sharp"))
        changed = change(image=blurry, sharp=sharp)
        return tensor(changed["image"]), tensor(changed["sharp"])

    return load


def tensor(frame: np.ndarray) -> Tensor:
    """Bring a frame to ``[3, H, W]`` in [0, 1]."""
    return torch.from_numpy(frame.transpose(2, 0, 1) / np.float32(255))
