"""A photo that the live page keeps at its full size: its file, and what each model made of it."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    from deblur_lightning.photos import PhotoRecord

MASK_PIXELS = 8_000_000
"""Pixels of the largest mask taken; the page sends a fifth of that."""


class KeptPhoto:
    """A photo's file and its restored versions, on disk.

    Args:
        home: a folder of its own.
        name: the file's name, a plain one.
        data: the file.
        dataset: what the page lists the photo under.
    """

    def __init__(self, home: Path, name: str, data: bytes, dataset: str) -> None:
        self.home, self.name, self.dataset = home, name, dataset
        self.versions: dict[str, Path] = {}
        home.mkdir(parents=True)
        (home / "source").mkdir()
        self.source = home / "source" / name
        self.source.write_bytes(data)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in (self.source, *self.versions.values()))

    def read(self, pixel_limit: int) -> tuple[Tensor, PhotoRecord]:
        """Read the photo.

        Raises:
            ValueError: no picture, a damaged or a too large one; the message starts with its name.
        """
        from deblur_lightning.photos import read_photo

        with self.named():
            return read_photo(self.source, pixel_limit)

    def measure(self, pixel_limit: int) -> int:
        """Count the photo's pixels by its header.

        Raises:
            ValueError: as `read`, as far as a header tells.
        """
        from deblur_lightning.photos import photo_size

        with self.named():
            width, height = photo_size(self.source, pixel_limit)
        return width * height

    def keep(self, version: str, restored: Tensor, record: PhotoRecord) -> None:
        """Keep a restored version ``[1, C, H, W]``, as exact as the photo's file will hold it."""
        white = 2**record.bits - 1
        path = self.versions.get(version, self.home / f"{len(self.versions)}.npy")
        np.save(path, (restored[0] * white).round().numpy().astype(np.uint16 if record.bits == 16 else np.uint8))
        self.versions[version] = path

    def saved(self, version: str, strength: float, mask: bytes, pixel_limit: int) -> tuple[str, bytes]:
        """Make the file of a restored version: the photo's size, format and EXIF.

        Args:
            version: whose.
            strength: share of the restoration, 0 to 1.
            mask: a gray PNG laid over the photo, of any size: white restores, black keeps the original; empty restores
                all.
            pixel_limit: as the photo was read with.

        Returns:
            The file's name and its content.

        Raises:
            ValueError: no such version, a strength beyond 0 to 1, or no such mask.
        """
        from deblur_lightning.photos import write_photo

        if version not in self.versions:
            raise ValueError(f"{self.name} was not restored by {version}. Restore it by that model first.")
        if not 0 <= strength <= 1:
            raise ValueError(f"strength is {strength}, but it is a share. Pass 0 (nothing) to 1 (all).")
        blurry, record = self.read(pixel_limit)
        with self.named():
            values = np.load(self.versions[version]).astype(np.float32)
        restored = torch.from_numpy(values)[None].div_(2**record.bits - 1)
        share = strength * read_mask(mask, (blurry.shape[-2], blurry.shape[-1])) if mask else strength
        blended = restored.sub_(blurry).mul_(share).add_(blurry).clamp_(0, 1)
        name = self.file_name(record)
        with tempfile.TemporaryDirectory(prefix="deblur-") as place:
            target = Path(place, name)
            write_photo(target, blended, record.for_name(target))
            return name, target.read_bytes()

    def file_name(self, record: PhotoRecord) -> str:
        """Name the restored photo's file."""
        named = Path(record.file_name(self.name))
        return f"{named.stem} restored{named.suffix}"

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Call the photo by its name where something is wrong with its files, or they were removed meanwhile."""
        try:
            yield
        except FileNotFoundError as error:
            raise ValueError(
                f"{self.name} is no longer kept, for newer photos took its place. Drop it again."
            ) from error
        except ValueError as error:
            raise type(error)(str(error).replace(str(self.source), self.name)) from error

    def remove(self) -> None:
        """Remove its files."""
        shutil.rmtree(self.home, ignore_errors=True)


def read_mask(data: bytes, size: tuple[int, int]) -> Tensor:
    """Read a mask and lay it over a photo.

    Args:
        data: a PNG.
        size: the photo's height and width.

    Returns:
        ``[H, W]``, 0 to 1: the share of the restoration that each pixel takes.

    Raises:
        ValueError: no PNG, a damaged or a too large one.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as mask:
            width, height = mask.size
            deep = mask.mode.startswith("I")  # 16 bits, which Pillow would clip
            if width * height <= MASK_PIXELS:
                shares = np.asarray(mask if deep else mask.convert("L"), np.float32) / (65535 if deep else 255)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError("mask is no PNG, or a damaged one. Send a gray PNG, white where to restore.") from error
    if width * height > MASK_PIXELS:
        raise ValueError(f"mask has {width} x {height} pixels, but {MASK_PIXELS} are taken at most.")
    return torch.from_numpy(np.array(Image.fromarray(shares).resize(size[::-1], Image.Resampling.BILINEAR)))
