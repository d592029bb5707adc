"""The sample benchmark: photographs that training never sees, blurred by known fields, the same on every machine."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.data.checks import check_count, check_noise, check_workers
from deblur_lightning.data.scenes.blurred_window import blurred_window, window_sample
from deblur_lightning.data.scenes.hard_motion import KINDS, Kind, blob_objects, draw_field
from deblur_lightning.data.scenes.synthetic import SyntheticSample
from deblur_lightning.data.scenes.wheel_photos import WHEEL_PHOTOS, wheel_photo

PHOTOS = WHEEL_PHOTOS["test"]
SEED = 20210202


class Entry(NamedTuple):
    """One picture of the benchmark."""

    kind: Kind
    photo: str
    number: int

    @property
    def name(self) -> str:
        """The picture's name in tables, such as ``turning/coffee-1``."""
        return f"{self.kind}/{self.photo}-{self.number}"


class SampleBlur(Dataset[SyntheticSample]):
    """Windows of three photographs under the three kinds of hard motion; 1% noise, gamma 2.2, 8 bits.

    ``turning``: the camera shifts and turns; the field is a 5 x 5 grid of kernels, interpolated (`shake_field`).
    ``objects``: one or two blobs and the background, each with a kernel of its own (`scene_field`). ``still``: the same
    before a background that does not move. Blurred in float64, so that machines round alike; a picture is made when
    first asked for, in a fraction of a second.

    Args:
        crop_size: side of the pictures, in pixels.
        kernel_size: side K of the kernels, odd.
        per_photo: pictures of each kind from each photograph.
        noise: standard deviation at full well, see `expose`.
        gamma: display to linear light.

    Raises:
        ValueError: an even kernel size, windows larger than a photograph, no pictures, or a negative noise.
    """

    def __init__(
        self,
        crop_size: int = 256,
        kernel_size: int = 33,
        per_photo: int = 2,
        noise: float = 0.01,
        gamma: float = 2.2,
    ) -> None:
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {kernel_size}, but a kernel needs a central pixel. Pass {max(1, kernel_size | 1)}."
            )
        check_count("per_photo", per_photo)
        check_noise(noise)
        side, needed = min(min(wheel_photo(name).shape[:2]) for name in PHOTOS), crop_size + kernel_size - 1
        if not 1 <= crop_size <= side - kernel_size + 1:
            sums = {"kernel_size": (side - crop_size) // 2 * 2 + 1, "crop_size": side - kernel_size + 1}
            lower = [f"{name}={most}" for name, most in sums.items() if most >= 1]
            raise ValueError(
                f"windows are {needed} x {needed} (crop_size + kernel_size - 1), but the smallest photograph is {side} "
                f"pixels high. Pass {' or '.join(lower)} or less."
            )
        self.crop_size, self.kernel_size, self.noise, self.gamma = crop_size, kernel_size, noise, gamma
        self.entries = [
            Entry(kind, photo, number) for kind in KINDS for photo in PHOTOS for number in range(1, per_photo + 1)
        ]
        self._sample = cache(self._made)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> SyntheticSample:
        return self._sample(self.entries[index])

    def __getstate__(self) -> dict[str, object]:
        """Leave the pictures made so far out of what is sent to a loading process."""
        return {name: value for name, value in self.__dict__.items() if name != "_sample"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._sample = cache(self._made)

    def _made(self, entry: Entry) -> SyntheticSample:
        seeds = np.random.SeedSequence((SEED, KINDS.index(entry.kind), PHOTOS.index(entry.photo), entry.number))
        random = np.random.default_rng(seeds)
        generator = torch.Generator().manual_seed(int(seeds.generate_state(1)[0]))
        photo = wheel_photo(entry.photo)
        side = self.crop_size + self.kernel_size - 1
        top, left = (int(random.integers(length - side + 1)) for length in photo.shape[:2])
        window = photo[top : top + side, left : left + side]
        labels = np.zeros((side, side), np.uint8) if entry.kind == "turning" else blob_objects(side, random)
        field = draw_field(entry.kind, labels, self.kernel_size, generator)
        wide = field.normalised(torch.float64)
        blurred = blurred_window(window, wide, generator=generator, gamma=self.gamma, noise=self.noise)
        return window_sample(field, *blurred, entry.name)


class SampleBlurDataModule(LightningDataModule):
    """The sample benchmark as a test split, one picture per batch: fields of shake and of objects differ in B.

    Args:
        crop_size: side of the pictures, in pixels.
        kernel_size: side K of the kernels, odd.
        per_photo: pictures of each kind from each photograph.
        noise: standard deviation at full well, of linear light.
        gamma: display to linear light.
        num_workers: loading processes.
    """

    def __init__(
        self,
        crop_size: int = 256,
        kernel_size: int = 33,
        per_photo: int = 2,
        noise: float = 0.01,
        gamma: float = 2.2,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        check_workers(num_workers)
        self.num_workers = num_workers
        self.pictures = SampleBlur(crop_size, kernel_size, per_photo, noise, gamma)

    def val_dataloader(self) -> DataLoader[SyntheticSample]:
        return self.test_dataloader()

    def test_dataloader(self) -> DataLoader[SyntheticSample]:
        return DataLoader(self.pictures, batch_size=1, num_workers=self.num_workers)

    def predict_dataloader(self) -> DataLoader[SyntheticSample]:
        return self.test_dataloader()
