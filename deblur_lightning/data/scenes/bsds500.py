"""BSDS500 (Arbelaez et al. 2011): photographs whose segments, drawn by people, are the moving objects."""

from functools import partial
from pathlib import Path

import numpy as np

from deblur_lightning.data.frames import CorruptFrameError
from deblur_lightning.data.scenes.photo_files import PhotoFile
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, Segments
from deblur_lightning.data.scenes.photo_source import Part, PhotoSource
from deblur_lightning.data.scenes.sources import Split

PARTS: dict[Split, Part] = {"train": "training", "val": "validation", "test": "test"}
FOLDERS: dict[Part, str] = {part: split for split, part in PARTS.items()}
FEWEST = 3  # segments: below them there is hardly an object to choose


class BSDS500(PhotoSource):
    """The Berkeley segmentation data, in its own layout and its own three splits.

    ``images/{train,val,test}/*.jpg`` with ``groundTruth/{train,val,test}/*.mat``, 481 x 321 pixels, for non-commercial
    research and education. Several people segmented each photo; the segmentation with the fewest
    segments, but at least three, tells whole objects apart best, and is used.

    Args:
        root: the folder that holds ``images`` and ``groundTruth``, ``BSDS500/data`` in the original archive.
        weight: how often it is drawn from, relative to the other sources.
        min_area: pixels that a segment needs within a scene to move on its own.
        memory: photos stay decoded if all of a split take no more than this, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: make most scenes look as if they had moved, see `decoy`.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        native: share of scenes that are pixel for pixel, see `PhotoScenes`.
    """

    name = "bsds500"

    def __init__(
        self,
        root: Path,
        weight: float = 1.0,
        min_area: int = 1500,
        memory: int = 1000,
        skip_corrupt: bool = False,
        decoys: bool = False,
        softness: float = SOFTNESS,
        native: float = 0.0,
    ) -> None:
        super().__init__(
            root, weight, min_area=min_area, softness=softness, memory=memory, skip_corrupt=skip_corrupt, decoys=decoys,
            native=native,
        )  # fmt: skip

    def find(self, part: Part) -> list[PhotoFile]:
        return bsds500_photos(self.root, FOLDERS[part])

    def _of(self, split: Split) -> list[PhotoFile]:
        return self._part(PARTS[split])


def bsds500_photos(root: Path, folder: str) -> list[PhotoFile]:
    """List the photos of ``train``, ``val`` or ``test`` with their segmentations.

    Raises:
        FileNotFoundError: no photo, or one without its segmentation.
    """
    photos = sorted((root / "images" / folder).glob("*.jpg"))
    if not photos:
        raise FileNotFoundError(
            f"{root} holds no images/{folder}/*.jpg, but BSDS500's photos are read there. Pass BSDS500/data."
        )
    files = []
    for photo in photos:
        segmentation = root / "groundTruth" / folder / f"{photo.stem}.mat"
        if not segmentation.is_file():
            raise FileNotFoundError(f"{segmentation} is missing, the segmentation of {photo.name}. Unpack it too.")
        files.append(PhotoFile(photo, partial(read_segments, segmentation)))
    return files


def read_segments(path: Path) -> Segments:
    """Read one person's segment numbers, ``[H, W]``, from 1 on, out of a file of BSDS500.

    Raises:
        CorruptFrameError: no such file of MATLAB's, or one without segmentations.
    """
    from scipy.io import loadmat

    try:
        people = loadmat(path, variable_names=["groundTruth"])["groundTruth"].ravel()
        drawn = [np.asarray(person["Segmentation"][0, 0]).astype(np.int32) for person in people]
        return min(drawn, key=lambda segments: (segments.max() < FEWEST, segments.max()))
    except (ValueError, LookupError, TypeError, NotImplementedError, OSError) as error:
        raise CorruptFrameError(
            f"{path} is no segmentation of BSDS500 ({error}). Copy it again from its source."
        ) from error
