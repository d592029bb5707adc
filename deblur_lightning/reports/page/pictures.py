"""The page's pictures: a folder each, holding its versions, its motion fields and a record of both.

Fields are scripts, not data files: a page opened from a disk may run scripts beside it, but read no other file.
"""

import hashlib
import json
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict, get_origin

import numpy as np
from PIL import Image
from torch import Tensor

from deblur_lightning.field import KernelField
from deblur_lightning.reports.figures.canvas import one_picture
from deblur_lightning.reports.page.packing import pack_field
from deblur_lightning.sentences import printable
from deblur_lightning.texts import parse_json
from deblur_lightning.whole_file import whole_file, write_text

BLURRY, SHARP = "Blurry", "Sharp"
RECORD = "picture.json"
LOSSLESS_PIXELS = 200_000
"""Smaller pictures are kept exactly: artefacts of 8 bits are then the method's own."""
THUMBNAIL = (192, 144)
LONGEST = 16_383
"""Pixels of the longest side that WebP holds."""


class Version(TypedDict):
    """A picture, or a motion field, and the file that holds it, beside the record."""

    title: str
    file: str


class PagePicture(TypedDict):
    """What the page knows of a picture; ``slug`` is its folder's name, ``reduced`` is 2 where it has half the size.

    ``notes`` says by title how a version was restored, and how far that was trusted. ``given`` are the titles of those
    that were given the true motion: bounds, not models.
    """

    slug: str
    name: str
    dataset: str
    width: int
    height: int
    thumbnail: str
    pictures: list[Version]
    fields: list[Version]
    scores: dict[str, dict[str, float]]
    reduced: NotRequired[int]
    notes: NotRequired[dict[str, str]]
    given: NotRequired[list[str]]


def add_picture(
    folder: Path | str,
    dataset: str,
    name: str,
    pictures: Mapping[str, Tensor],
    fields: Mapping[str, KernelField] | None = None,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    reduced: int = 1,
    notes: Mapping[str, Sequence[str]] | None = None,
    given: Sequence[str] = (),
) -> PagePicture:
    """Write a picture's versions and fields; those of another evaluation of the same picture stay beside them.

    Args:
        folder: the pages's pictures, such as ``results/page``.
        dataset: where the picture is from; names are unique within it.
        name: the picture's.
        pictures: versions by title, ``[3 or 1, H, W]`` or ``[1, …]`` in [0, 1], all of one size; ``Blurry`` comes
            first and ``Sharp`` last.
        fields: motion fields by the title of their method, N = 1.
        scores: figures by title and metric; those that are not finite are left out.
        reduced: how many pixels of the photo, each way, one of these pictures stands for.
        notes: what is to be said of restored versions by title, see `Deblurred`.
        given: titles of versions that were given the true motion.

    Returns:
        The record, as :func:`read_pictures` reads it.

    Raises:
        ValueError: no picture, or pictures of several sizes.
    """
    shown = {title: one_picture(picture) for title, picture in pictures.items()}
    sizes = {picture.shape[:2] for picture in shown.values()}
    if len(sizes) != 1:
        raise ValueError(f"pictures of {name} have {len(sizes)} sizes, but they are laid over each other. Cut to one.")
    ((height, width),) = sizes
    slug = _slug(dataset, name)
    home = Path(folder) / slug
    old = _read(home / RECORD)
    if old is None or (old["height"], old["width"]) != (height, width):
        old = None
    kept = {one["title"]: one for one in old["pictures"]} if old else {}
    for title, picture in shown.items():
        kept[title] = Version(title=title, file=_write_picture(home, title, picture))
    known = {one["title"]: one for one in old["fields"]} if old else {}
    for title, field in (fields or {}).items():
        known[title] = Version(title=title, file=_write_field(home, title, field))
    figures = dict(old["scores"]) if old else {}
    for title, metrics in (scores or {}).items():
        figures[title] = {metric: round(value, 6) for metric, value in metrics.items() if math.isfinite(value)}
    said = dict(old.get("notes", {})) if old else {}
    said |= {title: _sentence(phrases) for title, phrases in (notes or {}).items()}
    order = {BLURRY: 0, SHARP: 2}
    record = PagePicture(
        slug=slug,
        name=name,
        dataset=dataset,
        width=width,
        height=height,
        thumbnail=_write_thumbnail(home, next(iter(shown.values()))),
        pictures=sorted(kept.values(), key=lambda one: order.get(one["title"], 1)),
        fields=list(known.values()),
        scores=figures,
        reduced=reduced,
        notes=said,
        given=list(dict.fromkeys((*(old.get("given", []) if old else ()), *given))),
    )
    write_text(home / RECORD, json.dumps(record, ensure_ascii=False))
    return record


def read_pictures(folder: Path | str) -> list[PagePicture]:
    """Read every picture's record, by dataset and name; what is no whole picture is passed over."""
    found = (_read(path) for path in Path(folder).glob(f"*/{RECORD}"))
    return sorted((one for one in found if one), key=lambda one: (one["dataset"], one["name"]))


def remove_picture(folder: Path | str, slug: str) -> None:
    """Remove a picture and all its files, if it is there."""
    home = Path(folder) / slug
    if home.parent == Path(folder) and (home / RECORD).is_file():
        shutil.rmtree(home)


def _read(path: Path) -> PagePicture | None:
    try:
        record: PagePicture = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if _is_whole(record) and record["slug"] == path.parent.name else None


def _is_whole(record: object) -> bool:
    """Tell whether what a file holds has a record's keys, each of its kind, and a picture."""
    kinds: dict[str, Any] = PagePicture.__annotations__
    needed = PagePicture.__required_keys__
    if not (isinstance(record, dict) and needed <= record.keys() <= kinds.keys()):
        return False
    return bool(record["pictures"]) and all(
        isinstance(record[key], get_origin(kinds[key]) or kinds[key]) for key in needed
    )


def _sentence(phrases: Sequence[str]) -> str:
    """Make short phrases a sentence; none stays empty."""
    said = "; ".join(phrases)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _slug(dataset: str, name: str) -> str:
    """Give a name that is safe in files and addresses, and unique to a picture."""
    told = re.sub(r"[^a-z0-9]+", "-", f"{dataset}-{name}".lower()).strip("-")[:48]
    return f"{told}-{hashlib.sha256(printable(f'{dataset}/{name}').encode()).hexdigest()[:8]}"


def _write_picture(home: Path, title: str, picture: np.ndarray) -> str:
    file = f"{_slug('picture', title)}.webp"
    shown = Image.fromarray((picture * 255).round().astype(np.uint8))
    exact = shown.width * shown.height <= LOSSLESS_PIXELS
    with whole_file(home / file) as part:
        shown.save(part, lossless=exact, quality=90, method=0 if exact else 3)  # a twentieth of the time, 11% larger
    return file


def _write_thumbnail(home: Path, picture: np.ndarray) -> str:
    shown = Image.fromarray((picture * 255).round().astype(np.uint8))
    shown.thumbnail(THUMBNAIL)
    with whole_file(home / "thumbnail.webp") as part:
        shown.save(part, quality=80)
    return "thumbnail.webp"


def _write_field(home: Path, title: str, field: KernelField) -> str:
    file = f"{_slug('field', title)}.js"
    with whole_file(home / file) as part:
        part.write_text(f"deblurField({json.dumps(f'{home.name}/{file}')}, {json.dumps(pack_field(field))})\n", "ascii")
    return file
