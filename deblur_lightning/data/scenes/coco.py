"""COCO (Lin et al. 2014): photographs whose annotated instances are the moving objects."""

from collections import defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deblur_lightning.data.absent import AbsentError
from deblur_lightning.data.scenes.photo_files import PhotoFile
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, Segments
from deblur_lightning.data.scenes.photo_source import Part, PhotoSource
from deblur_lightning.texts import read_json

Polygon = NDArray[np.float32]
RunLengths = NDArray[np.int64]


class COCO(PhotoSource):
    """COCO with its instances, as unpacked: ``train2017/*.jpg`` (or 2014) with ``instances_train2017.json``.

    The annotations lie in ``annotations/`` or beside the photos' folders. Crowds stay background.

    Args:
        root: the folder that holds ``train2017`` and so on.
        weight: how often it is drawn from, relative to the other sources.
        min_area: pixels that an instance needs within a scene to move on its own.
        memory: photos stay decoded if all of a split take no more than this, in MB.
        skip_corrupt: leave damaged photos out with a warning, instead of stopping.
        decoys: make most scenes look as if they had moved, see `decoy`.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
    """

    name = "coco"

    def __init__(
        self,
        root: Path,
        weight: float = 1.0,
        min_area: int = 400,
        memory: int = 1000,
        skip_corrupt: bool = False,
        decoys: bool = False,
        softness: float = SOFTNESS,
    ) -> None:
        super().__init__(
            root, weight, min_area=min_area, softness=softness, memory=memory, skip_corrupt=skip_corrupt, decoys=decoys
        )

    def find(self, part: Part) -> list[PhotoFile]:
        if part == "training":
            return coco_photos(self.root, "train")
        return coco_photos(self.root, "val") if any(self.root.glob("val20*/")) else []


def coco_photos(root: Path, part: str) -> list[PhotoFile]:
    """List the annotated photos of ``train`` or ``val``, with what paints their instances.

    Raises:
        FileNotFoundError: the folder, the annotations or a photo are missing.
        ValueError: annotations that cannot be read, or an instance of another size than its photo.
    """
    folders = sorted(root.glob(f"{part}20*/"))
    if not folders:
        raise AbsentError(f"{root} holds no folder {part}2017 or {part}2014. Pass the folder that holds COCO.")
    folder = folders[-1]
    named = f"instances_{folder.name}.json"
    places = [place for place in (root / "annotations" / named, root / named) if place.is_file()]
    if not places:
        raise AbsentError(f"{root / 'annotations' / named} is missing. Unpack COCO's annotations there.")
    catalogue = read_json(places[0], "Unpack it again.")
    try:
        instances = defaultdict(list)
        for annotation in catalogue["annotations"]:
            if not annotation.get("iscrowd"):
                instances[annotation["image_id"]].append(annotation)
        return [_photo(folder, image, instances[image["id"]]) for image in catalogue["images"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{places[0]} is no list of COCO instances ({error!r}). Unpack it again.") from error


def _photo(folder: Path, image: dict[str, Any], instances: list[dict[str, Any]]) -> PhotoFile:
    path = folder / image["file_name"]
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing, but it is annotated. Unpack COCO's photos there.")
    size = (int(image["width"]), int(image["height"]))
    outlines: list[list[Polygon] | RunLengths] = []
    for instance in sorted(instances, key=lambda instance: -float(instance["area"])):
        shape = instance["segmentation"]
        if isinstance(shape, dict):
            if tuple(shape["size"][::-1]) != size:
                raise ValueError(
                    f"{path} is {size[0]} x {size[1]}, but its instance {instance['id']} is {shape['size'][1]} x "
                    f"{shape['size'][0]}. Pair each photo with its own annotations."
                )
            outlines.append(run_lengths(shape["counts"]))
        else:
            outlines.append([np.asarray(polygon, np.float32).reshape(-1, 2) for polygon in shape])
    return PhotoFile(path, partial(paint_instances, size, outlines), partial(tuple[int, int], size))


def paint_instances(size: tuple[int, int], outlines: list[list[Polygon] | RunLengths]) -> Segments:
    """Paint instances, the smaller over the larger.

    Args:
        size: (width, height) of the photo.
        outlines: of each instance its polygons, ``[P, 2]`` as (x, y), or its run lengths; the largest first.

    Returns:
        ``[H, W]``: 0 for none, and 1 and above in the order of ``outlines``.
    """
    width, height = size
    picture = Image.new("I", size)
    painter = ImageDraw.Draw(picture)
    segments = np.zeros((height, width), np.int32)
    for number, outline in enumerate(outlines, 1):
        if isinstance(outline, list):
            for polygon in outline:
                if len(polygon) >= 3:
                    painter.polygon([(float(x), float(y)) for x, y in polygon - 0.5], fill=number)
        else:
            segments = np.array(picture, np.int32)
            segments[run_length_mask(outline, height, width)] = number
            picture = Image.fromarray(segments)
            painter = ImageDraw.Draw(picture)
    return np.array(picture, np.int32)


def run_length_mask(lengths: RunLengths, height: int, width: int) -> NDArray[np.bool_]:
    """Unroll run lengths: down the columns, off and on in turn, off first; ``[H, W]``."""
    flat = np.zeros(height * width, bool)
    edges = np.concatenate(([0], np.cumsum(lengths)))
    for index, (start, stop) in enumerate(pairwise(edges)):
        flat[start:stop] = index % 2 == 1
    return flat.reshape(width, height).T


def run_lengths(counts: list[int] | str) -> RunLengths:
    """Read run lengths, as they are or from COCO's text: 5 bits a character, the change from the last but one."""
    if not isinstance(counts, str):
        return np.asarray(counts, np.int64)
    lengths: list[int] = []
    value, shift = 0, 0
    for character in counts:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value, shift = 0, 0
    return np.asarray(lengths, np.int64)
