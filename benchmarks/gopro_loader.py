"""A GoPro training crop: decoding whole PNGs against the memory-mapped cache; `python -m benchmarks.gopro_loader`."""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import albumentations
import numpy as np
import torch
from PIL import Image
from skimage import data
from torch import Tensor
from torch.nn.functional import interpolate

from deblur_lightning.data.frame_cache import FrameCache
from deblur_lightning.data.pairing import pairs_of_folders
from deblur_lightning.data.pairs import PairedImages

PAIRS, CROP, ROUNDS, CROPS_PER_ROUND = 8, 256, 9, 24


def write_frames(root: Path) -> None:
    """Write pairs of 1280 x 720 PNGs with a camera's detail: a photograph enlarged, with sensor noise of two levels."""
    generator = np.random.default_rng(0)
    photo = torch.from_numpy(data.coffee()).permute(2, 0, 1)[None].float()
    frame = interpolate(photo, size=(720, 1280), mode="bicubic").clamp(0, 255)[0].permute(1, 2, 0).numpy()
    for kind, number in itertools.product(("blur", "sharp"), range(PAIRS)):
        noisy = (frame + generator.normal(0, 2, frame.shape)).clip(0, 255).astype(np.uint8)
        (root / kind).mkdir(exist_ok=True)
        Image.fromarray(noisy).save(root / kind / f"{number}.png")


def plain_crop(root: Path) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Load as one would write it down: decode both, cut both, turn both."""
    change = albumentations.Compose(
        [albumentations.RandomCrop(CROP, CROP), albumentations.D4(p=1.0)], additional_targets={"sharp": "image"}
    )

    def load(index: int) -> tuple[Tensor, Tensor]:
        blurry, sharp = (np.array(Image.open(root / kind / f"{index}.png")) for kind in ("blur", "sharp"))
        changed = change(image=blurry, sharp=sharp)
        blurry, sharp = (
            torch.from_numpy(changed[key].transpose(2, 0, 1) / np.float32(255)) for key in ("image", "sharp")
        )
        return blurry, sharp

    return load


def milliseconds(load: Callable[[int], object]) -> float:
    """Time one crop, averaged over a round."""
    start = time.perf_counter()
    for index in range(CROPS_PER_ROUND):
        load(index % PAIRS)
    return 1000 * (time.perf_counter() - start) / CROPS_PER_ROUND


def main() -> None:
    """Print medians of interleaved rounds."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_frames(root)
        pairs = pairs_of_folders(root / "blur", root / "sharp")
        cache = FrameCache(root / "cache", [file for pair in pairs for file in pair.files()])
        start = time.perf_counter()
        cache.build()
        building = time.perf_counter() - start
        loaders = {
            "whole PNGs decoded": plain_crop(root),
            "PairedImages from files": PairedImages(pairs, CROP).__getitem__,
            "PairedImages from cache": PairedImages(pairs, CROP, frames=cache).__getitem__,
        }
        rounds = [{name: milliseconds(load) for name, load in loaders.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in loaders}
    plain = medians["whole PNGs decoded"]
    print(f"{CROP} x {CROP} crop of a 1280 x 720 pair, one core, warm files, median of {ROUNDS} rounds")
    for name, median in medians.items():
        print(f"{name:28s} {median:8.2f} ms {plain / median:7.1f} x")
    print(
        f"building the cache: {1000 * building / PAIRS:.0f} ms a pair, once; {cache.nbytes / PAIRS / 1e6:.2f} MB a pair"
    )


if __name__ == "__main__":
    main()
