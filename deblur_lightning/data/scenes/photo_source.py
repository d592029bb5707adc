"""PhotoSource: what every source of photographs on disk shares; a subclass only finds its files."""

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from deblur_lightning.data.checks import check_share
from deblur_lightning.data.frames import CorruptFrameError
from deblur_lightning.data.scenes.decoys import draw_decoys
from deblur_lightning.data.scenes.photo_files import PhotoFile, kept_in_memory, photo_paths, sound_photos, split_files
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, Objects, PhotoScenes
from deblur_lightning.data.scenes.sources import DrawScene, SceneSource, Split

Part = Literal["training", "validation", "test"]


class PhotoSource(SceneSource):
    """Photographs on disk; a subclass finds them (`find`), the rest is done here.

    Damaged photos are sifted out first, then splits are chosen. The data set's validation photos are shared
    between validation and test; if there are fewer than two, each gets a tenth of the training photos.

    Args:
        root: the folder.
        weight: how often it is drawn from, relative to the other sources.
        objects: what moves in photos without segmentation: ``blobs``, filled with another part of the photo, or
            ``none``.
        min_area: pixels that a segment needs within a scene to move on its own.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        memory: photos stay decoded if all of a split take no more than this, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: instead make most scenes look as if they had moved, see `decoy`.
        native: share of scenes that are pixel for pixel, see `PhotoScenes`.

    Raises:
        ValueError: ``native`` is no share.
    """

    def __init__(
        self,
        root: Path,
        weight: float = 1.0,
        objects: Objects = "none",
        min_area: int = 400,
        softness: float = SOFTNESS,
        memory: int = 1000,
        skip_corrupt: bool = False,
        decoys: bool = False,
        native: float = 0.0,
    ) -> None:
        check_share("native", native)
        self.root, self.weight, self.objects, self.min_area = Path(root).expanduser(), weight, objects, min_area
        self.softness, self.memory, self.skip_corrupt, self.decoys = softness, memory, skip_corrupt, decoys
        self.native = native
        self._sound: dict[Part, list[PhotoFile]] = {}

    @abstractmethod
    def find(self, part: Part) -> Sequence[PhotoFile]:
        """List the photos that the data set has for a part, in an order that never changes.

        Only sources that have a test part ask for it, in their `_of`.

        Raises:
            FileNotFoundError: nothing to train on, or a photo without its segmentation.
            ValueError: annotations that cannot be read.
        """

    def open(self, split: Split, size: int, max_objects: int) -> DrawScene:
        photos = self._large(self._of(split), split, size)
        softness = 0.0 if self.decoys else self.softness
        draw = PhotoScenes(
            photos, size, max_objects, self.objects, self.min_area, softness=softness, skip_corrupt=self.skip_corrupt,
            native=self.native,
        )  # fmt: skip
        return draw_decoys(draw) if self.decoys else draw

    def _of(self, split: Split) -> list[PhotoFile]:
        """Take the sound photos of a split."""
        validation = self._part("validation")
        if len(validation) < 2:
            return split_files(self._part("training"), split, self.root)
        if split == "train":
            return self._part("training")
        return validation[::2] if split == "val" else validation[1::2]

    def _part(self, part: Part) -> list[PhotoFile]:
        """Find the photos of a part and leave damaged ones out, once."""
        if part not in self._sound:
            found = self.find(part)
            sound, damaged = sound_photos(found)
            self._sound[part] = self._without(damaged, found, sound, part)
        return self._sound[part]

    def _large(self, photos: Sequence[PhotoFile], split: Split, size: int) -> list[PhotoFile]:
        """Take the photos that scenes can be cut from, and decode them if they fit in memory."""
        large = [photo for photo in photos if min(photo.size()) >= size]
        if not large:
            most = max((min(photo.size()) for photo in photos), default=0)
            raise ValueError(
                f"{self.root}: scenes are {size} x {size} (crop_size + kernel_size - 1), but the largest of "
                f"{len(photos)} {split} photos allows {most}. Lower crop_size, or pass larger photos."
            )
        if len(large) < len(photos):
            warnings.warn(
                f"{self.root}: {len(photos) - len(large)} of {len(photos)} {split} photos are smaller than "
                f"{size} x {size} and left out.",
                stacklevel=3,
            )
        kept, damaged = kept_in_memory(large, self.memory)
        return self._without(damaged, large, kept, split)

    def _without(
        self, damaged: Sequence[CorruptFrameError], found: Sequence[PhotoFile], sound: list[PhotoFile], part: str
    ) -> list[PhotoFile]:
        """Say which photos are left out, or stop at them."""
        if damaged and not self.skip_corrupt:
            raise damaged[0]
        if found and not sound:
            raise ValueError(f"{damaged[0]} All {len(found)} {part} photos are damaged.")
        if damaged:
            warnings.warn(
                f"{self.root}: {len(damaged)} of {len(found)} {part} photos are damaged and left out: {damaged[0]}",
                stacklevel=4,
            )
        return sound


class PhotoFolder(PhotoSource):
    """Any folder of photos, and its subfolders. A tenth validates and a tenth tests, chosen by name.

    Args:
        root: the folder.
        weight: how often it is drawn from, relative to the other sources.
        objects: ``blobs``, filled with another part of the photo, or ``none`` for camera shake alone.
        memory: photos stay decoded if all of a split take no more than this, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: make most scenes look as if they had moved, see `decoy`.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        native: share of scenes that are pixel for pixel, see `PhotoScenes`.
    """

    name = "folder"

    def __init__(
        self,
        root: Path,
        weight: float = 1.0,
        objects: Objects = "blobs",
        memory: int = 1000,
        skip_corrupt: bool = False,
        decoys: bool = False,
        softness: float = SOFTNESS,
        native: float = 0.0,
    ) -> None:
        super().__init__(
            root, weight, objects, softness=softness, memory=memory, skip_corrupt=skip_corrupt, decoys=decoys,
            native=native,
        )  # fmt: skip

    def find(self, part: Part) -> list[PhotoFile]:
        return [PhotoFile(path) for path in photo_paths(self.root)] if part == "training" else []
