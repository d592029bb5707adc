"""Pairs of photographs: everything checked, then made, then told."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from deblur_lightning.commands._output_paths import check_folder_writable
from deblur_lightning.commands._progress import Console
from deblur_lightning.data.frames import CorruptFrameError
from deblur_lightning.data.scenes.photo_files import PhotoFile, kept_in_memory, sound_photos
from deblur_lightning.data.synthesis.making import make_missing
from deblur_lightning.data.synthesis.pair_folder import DIGEST, SOURCE, PairFolder
from deblur_lightning.data.synthesis.photographs import find_photographs
from deblur_lightning.data.synthesis.settings import Blurring
from deblur_lightning.data.synthesis.windows import PhotoPairs
from deblur_lightning.sentences import count_of

MEMORY = 1000  # MB of decoded photos that are kept
NAMED = 8  # damaged photos, before the rest are counted


class Sources(NamedTuple):
    """Where photographs come from.

    Attributes:
        folder: of them.
        segments: the folder of their maps; None finds known ones.
        skip_corrupt: leave damaged photos out.
    """

    folder: Path
    segments: Path | None
    skip_corrupt: bool


def pairs_of_photographs(
    sources: Sources, output: Path, blurring: Blurring, count: int | None, workers: int, console: Console
) -> None:
    """Make a folder of pairs, or what is missing of one.

    Args:
        sources: the photographs.
        output: the folder.
        blurring: how windows are blurred.
        count: of pairs; None makes one of each photo.
        workers: processes.
        console: says what becomes of it.

    Raises:
        FileExistsError: ``output`` holds something else.
        FileNotFoundError: no photo there.
        ValueError: damaged photos, none that is large enough, or none with an object.
    """
    began = time.monotonic()
    photos = _large(_sound(sources, output, console), sources.folder, blurring, console)
    settings = {SOURCE: str(sources.folder), DIGEST: _digest(photos, sources.folder), **blurring.settings()}
    folder = PairFolder(output, {**settings, "count": count or len(photos)})
    if folder.whole:
        console.say(f"{output}: there already: {count_of(folder.count, 'pair')}.")
        return
    check_folder_writable(output)
    numbers = folder.begin()
    if len(numbers) < folder.count:
        console.say(f"{output}: goes on after {folder.count - len(numbers)} of {count_of(folder.count, 'pair')}.")
    if len(numbers) >= len(photos):
        photos = _without(*kept_in_memory(photos, MEMORY), sources.skip_corrupt, console)
    pairs = PhotoPairs(sources.folder.expanduser(), photos, blurring, skip_corrupt=sources.skip_corrupt)
    make_missing(folder, pairs, numbers, workers, console.watch(output.name))
    rows, seconds = folder.finish(), time.monotonic() - began
    kinds = Counter(row["kind"] for row in rows)
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    segmented = sum(photo.segments is not None for photo in photos)
    console.say(
        f"{output}: {count_of(len(rows), 'pair')} of {blurring.size} x {blurring.size} ({told}) "
        f"of {count_of(len(photos), 'photo')}, {segmented} with segments; {len(numbers) / seconds:.1f} pairs a second."
    )


def _sound(sources: Sources, output: Path, console: Console) -> list[PhotoFile]:
    found = find_photographs(sources.folder, sources.segments, output)
    return _without(*sound_photos(found), sources.skip_corrupt, console)


def _without(sound: list[PhotoFile], damaged: list[CorruptFrameError], skip: bool, console: Console) -> list[PhotoFile]:
    """Say which photos are left out, or stop at the first."""
    said = [str(error).replace("pass skip_corrupt=True", "pass --skip-corrupt") for error in damaged]
    if damaged and not (skip and sound):
        raise ValueError(said[0])
    if damaged:
        names = [str(error).partition(" is damaged")[0] for error in damaged]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        console.complain(f"damaged photos are left out ({len(damaged)}): {', '.join(names[:NAMED])}{more}")
    return sound


def _large(photos: list[PhotoFile], root: Path, blurring: Blurring, console: Console) -> list[PhotoFile]:
    """Take the photos that windows can be cut from."""
    size = blurring.scene_size
    large = [photo for photo in photos if min(photo.size()) >= size]
    if not large:
        most = max(min(photo.size()) for photo in photos)
        raise ValueError(
            f"{root}: windows are {size} x {size} (size + kernel size - 1), but the largest of "
            f"{count_of(len(photos), 'photo')} allows {most}. Pass larger ones, or a smaller --size or --kernel-size."
        )
    if len(large) < len(photos):
        console.say(f"{root}: smaller than {size} x {size}, {len(photos) - len(large)} of {len(photos)} photos.")
    return large


def _digest(photos: list[PhotoFile], root: Path) -> str:
    """Tell one list of photos from another: by names and sizes, and whether each has segments."""
    told = [(p.path.relative_to(root.expanduser()).as_posix(), p.size(), p.segments is not None) for p in photos]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
