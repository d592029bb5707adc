"""A folder of pairs that is filled by and by, looks whole only when it is, and goes on where it was interrupted."""

import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from deblur_lightning.data.frames import CorruptFrameError, Frame, frame_size
from deblur_lightning.data.synthesis.field_files import load_field, save_field
from deblur_lightning.field import KernelField
from deblur_lightning.sentences import printable
from deblur_lightning.texts import read_csv, read_json
from deblur_lightning.whole_file import whole_file

Row = dict[str, str | int | float]

UNFINISHED = ".unfinished"  # hidden: no data module takes it for pairs
MANIFEST, SETTINGS = "manifest.csv", "settings.json"
PARTS = (SETTINGS, MANIFEST, "fields", "sharp", "blurry")  # in the order they appear in; pairs with `blurry`
FORMAT = 1  # raise when the same settings make other pictures
MADE_BY = "deblur synthesize"
STEM = 60  # characters of a photo's name that a pair's keeps: file systems take 255 bytes
SOURCE, DIGEST = "source", "source_digest"
"""Of the settings: where photographs are, which may move, and what tells that they are the same."""
UNTOLD: Row = {"interpolate": 1}
"""What settings that do not tell it were made with."""

DIGITS = 6


class MadePair(NamedTuple):
    """A pair and how it came to be.

    Attributes:
        name: of its files; ends in its number, see `name_of`.
        blurry: ``[H, W, 3]`` uint8.
        sharp: likewise.
        field: the motion, ``[1, B, K, K]`` and ``[1, B, H, W]``; None where it is not known.
        row: of the manifest, but for the name.
    """

    name: str
    blurry: Frame
    sharp: Frame
    field: KernelField | None
    row: Row


class PairFolder:
    """Pairs on disk: ``blurry`` and ``sharp`` PNGs, ``fields`` where known, a manifest and the settings.

    Until all are there, everything is in a hidden folder of it.

    Args:
        root: the folder.
        settings: all that decides the pairs, ``count`` among it. An interrupted job goes on only with equal ones.

    Raises:
        FileExistsError: the folder holds something else, or pairs of other settings.
    """

    def __init__(self, root: Path, settings: Mapping[str, str | int | float]) -> None:
        self.root, self.count = root.expanduser(), int(settings["count"])
        self.settings: Row = {"made_by": MADE_BY, "format": FORMAT, **settings}
        self.place = self.root / UNFINISHED
        there = read_settings(self.root) or read_settings(self.place)
        if there is None and self.root.exists() and not self._is_empty():
            raise FileExistsError(
                f"{self.root} holds something else, but a new folder is needed. Remove it, or name another."
            )
        for name, value in ({} if there is None else UNTOLD | there).items():
            if name == DIGEST and value != self.settings.get(name):
                raise FileExistsError(f"{self.root} holds pairs made of something else. Name another folder.")
            if name not in (SOURCE, DIGEST) and value != self.settings.get(name, UNTOLD.get(name)):
                raise FileExistsError(
                    f"{self.root} holds pairs whose {name.replace('_', ' ')} is {value}, not "
                    f"{self.settings.get(name)}. Name another folder, or pass what it was made with."
                )

    @property
    def whole(self) -> bool:
        """Whether every pair is there and nothing is left to do."""
        return (self.root / "blurry").is_dir() and not self.place.exists()

    def begin(self) -> list[int]:
        """Make the folder, if it is not there.

        Returns:
            Numbers of the pairs still to make, from 0.
        """
        if any((self.root / part).exists() for part in PARTS):
            return []  # interrupted while they were moved: all are made
        if read_settings(self.place) is None:
            with whole_file(self.place / SETTINGS) as part:
                part.write_text(json.dumps(self.settings, indent=1))
        made = {int(path.stem) for path in (self.place / "rows").glob("[0-9]*.json")}
        return [number for number in range(self.count) if number not in made]

    def write(self, number: int, pair: MadePair) -> None:
        """Write a pair's files, its row last: with it the pair is made."""
        for part, pixels in (("blurry", pair.blurry), ("sharp", pair.sharp)):
            with whole_file(self.place / part / f"{pair.name}.png") as file:
                Image.fromarray(pixels).save(file, compress_level=3)  # twice as fast as 6, 5% larger
        if pair.field is not None:
            save_field(self.place / "fields" / f"{pair.name}.npz", pair.field)
        with whole_file(self.place / "rows" / f"{number:0{DIGITS}}.json") as file:
            file.write_text(json.dumps({"name": pair.name, **pair.row}))

    def finish(self) -> list[dict[str, str]]:
        """Write the manifest and let the pairs appear.

        Returns:
            The manifest's rows.
        """
        if (self.place / "rows").is_dir():
            files = sorted((self.place / "rows").glob("[0-9]*.json"))
            rows = [read_json(path, "Remove it, and make the pairs again.") for path in files]
            with (
                whole_file(self.place / MANIFEST) as part,
                part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
            ):
                table = csv.DictWriter(file, list(rows[0]))
                table.writeheader()
                table.writerows(rows)
        for name in PARTS:
            if (self.place / name).exists():
                (self.place / name).rename(self.root / name)
        shutil.rmtree(self.place, ignore_errors=True)
        return read_manifest(self.root)

    def _is_empty(self) -> bool:
        return self.root.is_dir() and all(path.name.startswith(".") for path in self.root.iterdir())


def name_of(source: str, number: int) -> str:
    """Name a pair by what it is made of and its number: pairs of one photo are one sequence, and are held out together.

    Args:
        source: the photo's or video's name without suffix.
        number: from 0; in the name from 1.
    """
    return f"{printable(source)[:STEM].lstrip('.')}_{number + 1:0{DIGITS}}"


def read_manifest(root: Path) -> list[dict[str, str]]:
    """Read the rows of a folder of pairs.

    Raises:
        FileNotFoundError: none there.
        ValueError: no column is called name.
    """
    columns, rows = read_csv(root / MANIFEST)
    if "name" not in columns:
        raise ValueError(
            f"{root / MANIFEST} has no column name, but it lists pairs by it. Remove the folder, and make the pairs "
            "again."
        )
    return rows


def read_settings(folder: Path) -> Row | None:
    """Read what a folder's pairs were made with; None where it holds none that were made so.

    Raises:
        ValueError: the file is damaged.
    """
    path = folder / SETTINGS
    if not path.is_file():
        return None
    settings = read_json(path, "Remove the folder, and make the pairs again.")
    return settings if isinstance(settings, dict) and settings.get("made_by") == MADE_BY else None


def unfinished(root: Path) -> tuple[int, int] | None:
    """Tell how many pairs of an interrupted job are made, and of how many; None where no job was interrupted."""
    settings = read_settings(root / UNFINISHED)
    if settings is None:
        return None
    return len(list((root / UNFINISHED / "rows").glob("[0-9]*.json"))), int(settings["count"])


def faults_of_folder(root: Path) -> list[str]:
    """Name rows of a manifest without their files, and fields that are damaged or of another size than their pictures.

    What is wrong with pictures alone is `sound_pairs`' to tell.
    """
    faults = []
    for row in read_manifest(root):
        blurry, path = root / "blurry" / f"{row['name']}.png", root / "fields" / f"{row['name']}.npz"
        if not blurry.is_file():
            faults.append(f"{blurry} is missing, but {MANIFEST} lists it. Make the pairs again, or remove its row.")
        elif (root / "fields").is_dir():
            try:
                height, width = load_field(path).coefficients.shape[-2:]
                if (width, height) != (size := frame_size(blurry)):
                    faults.append(f"{path} is of {width} x {height} pixels, but {blurry} of {size[0]} x {size[1]}.")
            except CorruptFrameError:
                continue
            except ValueError as error:
                faults.append(str(error))
    return faults
