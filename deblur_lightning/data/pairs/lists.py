"""Lists of pairs: two paths a row, spaces or Windows' separators in them, in whichever order their names tell."""

import codecs
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from deblur_lightning.data.pairs.pairing import Pair, UnpairedError, role_of, sequences_of, unique, without_role
from deblur_lightning.photos import READ_SUFFIXES

LIST_SUFFIXES = (".txt", ".csv", ".tsv", ".lst")
PATH = re.compile(
    rf"[\s,;]*[\"']?([^\t\"']+?(?:{'|'.join(map(re.escape, sorted(READ_SUFFIXES)))}))[\"']?(?=[\s,;]|$)", re.IGNORECASE
)
"""A picture's path: up to the first of its suffixes that something separates from what follows."""

LONGEST = 200  # characters of a path in a message
LOOKED_AT = 5  # first rows of a file, by which it is taken for a list


class Row(NamedTuple):
    """Two paths as a list has them, ``/`` between folders."""

    number: int
    first: str
    second: str


def is_list(path: Path) -> bool:
    """Tell whether a text file's first rows name two pictures each, or all but a heading do."""
    if path.suffix.lower() not in LIST_SUFFIXES:
        return False
    try:
        rows = _rows(path)[:LOOKED_AT]
    except (OSError, ValueError):
        return False
    return any(len(PATH.findall(row)) >= 2 for _, row in rows)


def pairs_of_list(path: Path) -> list[Pair]:
    """Read a list of ``sharp blurry`` rows, paths below the list's folder or one above it.

    Where a folder's or a file's name says that the first is the blurry one, as ``blur/0.png sharp/0.png``, rows are
    taken as ``blurry sharp``.

    Args:
        path: a text file; spaces, tabs, commas or semicolons stand between paths, and paths may hold spaces.

    Raises:
        FileNotFoundError: a file that the list names is missing.
        ValueError: a row without two paths, two names that both say blurry or both sharp, rows in different orders,
            or no row.
    """
    rows = [_parsed(path, number, row) for number, row in _rows(path)]
    if not rows:
        raise ValueError(f"{path} is empty, but rows of 'sharp blurry' are needed. Check the file.")
    pairs: list[Pair] = []
    for row, blurry_first in zip(rows, _orders(path, rows), strict=True):
        blurry, sharp = (row.first, row.second) if blurry_first else (row.second, row.first)
        below = PurePosixPath(blurry)
        sequence = below.parent.parent if role_of(below.parent.name) == "blurry" else PurePosixPath()
        name = below.with_suffix("").as_posix().lstrip("./")
        blurry_file, sharp_file = _listed(path, blurry), _listed(path, sharp)
        pairs.append(Pair(name, sequence.as_posix(), blurry_file, sharp_file))
    told, sequences = {pair.sequence for pair in pairs}, sequences_of(_keys(pairs))
    if told == {"."} or (len(told) == 1 and len(set(sequences)) < len(pairs)):  # several videos in one folder
        pairs = [pair._replace(sequence=sequence) for pair, sequence in zip(pairs, sequences, strict=True)]
    return unique(pairs, path)


def _rows(path: Path) -> list[tuple[int, str]]:
    """Read a text's rows that say something, each with its number, in whichever encoding an editor wrote."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    numbered = enumerate((row.strip() for row in text.splitlines()), start=1)
    return [(number, row) for number, row in numbered if row and not row.startswith("#")]


def _parsed(path: Path, number: int, row: str) -> Row:
    found = [entry.strip().replace("\\", "/") for entry in PATH.findall(row)]
    if len(found) < 2:
        raise ValueError(
            f"{path} has {len(found) or 'no'} path{'s'[: len(found) != 1]} of a picture in row {number}, but rows are "
            "'sharp blurry'. Complete it."
        )
    return Row(number, found[0], found[1])


def _orders(path: Path, rows: list[Row]) -> list[bool]:
    """Tell for each row whether the blurry picture comes first; a row whose names say nothing follows the others."""
    said = [_blurry_first(path, row) for row in rows]
    known = {order for order in said if order is not None}
    if len(known) > 1:
        odd = rows[said.index(not next(order for order in said if order is not None))]
        raise ValueError(
            f"{path} has blurry and sharp pictures the other way round in row {odd.number} than before. "
            "Write all rows 'sharp blurry'."
        )
    return [bool(known and known.pop())] * len(rows)


def _blurry_first(path: Path, row: Row) -> bool | None:
    first, second = role_of(row.first), role_of(row.second)
    if first == second:
        if first is not None:
            raise ValueError(
                f"{path} names two {first} pictures in row {row.number}, {row.first} and {row.second}, but a pair "
                "has a blurry and a sharp one. Correct it."
            )
        return None
    return first == "blurry" or second == "sharp"


def _keys(pairs: list[Pair]) -> list[str]:
    """Give what tells pairs apart: of those in one folder the files' names, as `pairs_of_folders` takes them."""
    paths = [PurePosixPath(pair.name) for pair in pairs]
    together = len({path.parent for path in paths}) == 1
    return [without_role(path.name) if together else path.as_posix() for path in paths]


def _listed(list_file: Path, entry: str) -> Path:
    for base in (list_file.parent, list_file.parent.parent):
        with suppress(OSError):  # a name longer than the file system's
            if (base / entry).is_file():
                return base / entry
    named = entry if len(entry) <= LONGEST else f"{entry[:LONGEST]}…"
    raise UnpairedError(f"{list_file} lists {named}, which is not below its folder. Move the list beside the data.")
