"""The photographs of any folder, with their segments where these are found."""

import re
from functools import partial
from pathlib import Path

import numpy as np

from deblur_lightning.data.frames import frame_size, frames_below
from deblur_lightning.data.scenes.ade20k import read_numbers, read_regions
from deblur_lightning.data.scenes.bsds500 import read_segments
from deblur_lightning.data.scenes.coco import coco_photos
from deblur_lightning.data.scenes.photo_files import PhotoFile
from deblur_lightning.data.scenes.photo_scenes import Segments
from deblur_lightning.data.synthesis.pair_folder import SETTINGS
from deblur_lightning.photos.finding import find_photos, no_photo

IMAGES = "images"  # the folder that ADE20K and BSDS500 keep photos in
MAP_FOLDERS = {"groundTruth": ".mat", "annotations": ".png"}  # beside it, of BSDS500 and ADE20K
MAP_BESIDE = re.compile(r"_(seg|parts_\d+)$")  # ADE20K's full form
COCO_FOLDER = re.compile(r"(train|val)20\d\d")


def find_photographs(folder: Path, segments: Path | None = None, besides: Path | None = None) -> list[PhotoFile]:
    """List the photographs in a folder and below, in an order that never changes.

    Segments are found by themselves in the layouts of BSDS500, ADE20K and COCO, also where ``folder`` is a part of such
    a data set, as ``BSDS500/data/images/train``. Hidden files, links to folders and pairs made before are left out.

    Args:
        folder: of photos.
        segments: a folder of maps named as the photos: pictures whose pixels are segment numbers or colours, 0 for
            none, or BSDS500's ``.mat``.
        besides: a folder to leave out, as that of what is made.

    Raises:
        FileNotFoundError: no such folder, no photo in it, or no map of any of them in ``segments``.
    """
    folder = folder.expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder. Pass the folder that holds the photos.")
    if segments is None and (annotated := _of_coco(folder)):
        return annotated
    paths = _of_no_pairs(folder, list(frames_below(folder, besides)))
    maps = {path: _map_in(segments, path, folder) if segments else _map_of(path) for path in paths}
    taken = {found.absolute() for found in maps.values() if found}
    alone = [path for path in paths if path.absolute() not in taken and not MAP_BESIDE.search(path.stem)]
    photos = [_photo(path, maps[path]) for path in alone]
    if not photos:
        raise FileNotFoundError(no_photo(folder, find_photos(folder).passed_over))
    if segments is not None and not any(photo.segments for photo in photos):
        raise FileNotFoundError(
            f"{segments} holds no map of {photos[0].path.name}, nor of another photo. Name maps as the photos."
        )
    return photos


def read_map(path: Path) -> Segments:
    """Read a map of segments: each connected region of one number or colour is one; 0 and black are none.

    Returns:
        ``[H, W]``, segment numbers from 1 on.

    Raises:
        CorruptFrameError: a damaged file.
    """
    from skimage.measure import label

    if path.suffix.lower() == ".mat":
        return read_segments(path)
    numbers = read_numbers(path).astype(np.int64)
    if numbers.ndim == 3:
        numbers = numbers[..., :3] @ np.array([1 << 16, 1 << 8, 1])
    return label(numbers, background=0, connectivity=1).astype(np.int32)


def _of_no_pairs(folder: Path, paths: list[Path]) -> list[Path]:
    """Leave out pictures in folders of pairs, see `PairFolder`, below the folder that was named."""
    places = {place for path in paths for place in path.relative_to(folder).parents if place.name}
    made = {place for place in places if (folder / place / SETTINGS).is_file() and (folder / place / "sharp").is_dir()}
    return [path for path in paths if made.isdisjoint(path.relative_to(folder).parents)]


def _of_coco(folder: Path) -> list[PhotoFile]:
    """List COCO's photos, of one part or of both, if a folder is COCO's and the annotations are there."""
    named = COCO_FOLDER.fullmatch(folder.name)
    root = folder.parent if named else folder
    if not any(root.glob("annotations/instances_*.json")) and not any(root.glob("instances_*.json")):
        return []
    parts = [named[1]] if named else [part for part in ("train", "val") if any(root.glob(f"{part}20*/"))]
    return [photo for part in parts for photo in coco_photos(root, part)]


def _photo(path: Path, segments: Path | None) -> PhotoFile:
    if segments is None:
        return PhotoFile(path)
    if MAP_BESIDE.search(segments.stem):
        return PhotoFile(path, partial(read_regions, segments), partial(frame_size, segments, upright=False))
    size = None if segments.suffix == ".mat" else partial(frame_size, segments, upright=False)
    return PhotoFile(path, partial(read_map, segments), size)


def _map_of(path: Path) -> Path | None:
    """Find a photo's map by its own place: ``_seg.png`` beside it, or a folder beside ``images``."""
    places = [path.with_name(f"{path.stem}_seg.png")]
    absolute = path.absolute()
    for depth, parent in enumerate(absolute.parents):
        if parent.name == IMAGES:
            below = Path(*absolute.parts[-depth - 1 :])
            places += [parent.parent / name / below.with_suffix(suffix) for name, suffix in MAP_FOLDERS.items()]
    return next((place for place in places if place.is_file()), None)


def _map_in(segments: Path, path: Path, folder: Path) -> Path | None:
    """Find a photo's map in a folder that mirrors the photos', or among its files."""
    below = path.relative_to(folder)
    places = [segments / name.with_suffix(suffix) for name in (below, Path(below.name)) for suffix in (".png", ".mat")]
    return next((place for place in places if place.is_file()), None)
