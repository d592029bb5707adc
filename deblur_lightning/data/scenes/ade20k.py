"""ADE20K (Zhou et al. 2017): photographs whose segments are the moving objects."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur_lightning.data.absent import AbsentError
from deblur_lightning.data.frames import DAMAGED, CorruptFrameError, frame_size
from deblur_lightning.data.scenes.photo_files import PhotoFile
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, Segments
from deblur_lightning.data.scenes.photo_source import Part, PhotoSource


class ADE20K(PhotoSource):
    """ADE20K with its segmentation, in either layout it is distributed in.

    The scene-parsing form, ``images/training/*.jpg`` with ``annotations/training/*.png``, numbers classes: each
    connected region is a segment. The full form, ``*_seg.png`` beside each photo, numbers instances.

    Args:
        root: the folder that holds ``images`` and ``annotations``, or ``training`` and ``validation``.
        weight: how often it is drawn from, relative to the other sources.
        min_area: pixels that a segment needs within a scene to move on its own.
        memory: photos stay decoded if all of a split take no more than this, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: make most scenes look as if they had moved, see `decoy`.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
    """

    name = "ade20k"

    def __init__(
        self,
        root: Path,
        weight: float = 1.0,
        min_area: int = 4000,
        memory: int = 1000,
        skip_corrupt: bool = False,
        decoys: bool = False,
        softness: float = SOFTNESS,
    ) -> None:
        super().__init__(
            root, weight, min_area=min_area, softness=softness, memory=memory, skip_corrupt=skip_corrupt, decoys=decoys
        )

    def find(self, part: Part) -> list[PhotoFile]:
        return ade20k_photos(self.root, part)


def ade20k_photos(root: Path, part: Part) -> list[PhotoFile]:
    """List the photos of ``training`` or ``validation`` with their segmentations, in either layout.

    Raises:
        FileNotFoundError: no such folder, no training photo, or a photo without its segmentation.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root} is no folder. Pass the one that holds ADE20K.")
    parsing = root / "images" / part
    if parsing.is_dir():
        pairs = [(path, root / "annotations" / part / f"{path.stem}.png") for path in sorted(parsing.rglob("*.jpg"))]
    else:
        pairs = [
            (path, path.with_name(f"{path.stem}_seg.png"))
            for folder in sorted(root.rglob(part))
            for path in sorted(folder.rglob("*.jpg"))
        ]
    if not pairs and part == "training":
        raise AbsentError(
            f"{root} holds neither images/training/*.jpg nor training/**/*.jpg. Pass the folder that holds them."
        )
    lacking = [(photo, annotation) for photo, annotation in pairs if not annotation.is_file()]
    if lacking:
        photo, annotation = lacking[0]
        kind = AbsentError if len(lacking) == len(pairs) else FileNotFoundError
        raise kind(f"{annotation} is missing, the segmentation of {photo.name}. Unpack it too.")
    return [
        PhotoFile(photo, partial(read_regions, annotation), partial(frame_size, annotation))
        for photo, annotation in pairs
    ]


def read_regions(path: Path) -> Segments:
    """Read a segmentation: connected regions of class numbers, or the instance numbers in blue.

    Raises:
        CorruptFrameError: a damaged file.
    """
    from skimage.measure import label

    numbers = read_numbers(path)
    if numbers.ndim == 3:
        return numbers[..., 2].astype(np.int32)
    return label(numbers, background=0, connectivity=1).astype(np.int32)


def read_numbers(path: Path) -> NDArray[np.generic]:
    """Read a picture's numbers as they are stored, ``[H, W]`` or ``[H, W, C]``.

    Raises:
        CorruptFrameError: a damaged file.
    """
    try:
        with Image.open(path) as picture:
            return np.array(picture)
    except DAMAGED as error:
        raise CorruptFrameError(f"{path} is no map of segments ({error}). Copy it again from its source.") from error
