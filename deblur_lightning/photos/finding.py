"""Photos in a folder and below: those that are read, and pictures of kinds that are not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from deblur_lightning.photos.formats import RAW_SUFFIXES, READ_SUFFIXES, UNREAD_SUFFIXES, VIDEO_SUFFIXES
from deblur_lightning.photos.heic import SUFFIXES as HEIC_SUFFIXES
from deblur_lightning.sentences import count_of

REMEDIES = (
    (HEIC_SUFFIXES, "HEIC needs: pip install 'deblur-lightning[heic]'"),
    (RAW_SUFFIXES, "develop raw files to 16-bit TIFFs"),
    (VIDEO_SUFFIXES, "restore videos by: deblur restore-video"),
)
"""What helps those who have files of such suffixes."""


class FoundPhotos(NamedTuple):
    """What is in a folder, in order.

    Attributes:
        photos: files that `read_photo` is likely to read, by their names.
        passed_over: pictures of kinds that are not read.
    """

    photos: list[Path]
    passed_over: list[Path]

    def said(self) -> str:
        """Say how many are passed over and of which kinds; nothing if none is."""
        if not self.passed_over:
            return ""
        pictures = count_of(len(self.passed_over), "picture")
        return f"passed over {pictures} of kinds that are not read {kinds_not_read(self.passed_over)}"


def kinds_not_read(files: Iterable[Path]) -> str:
    """Tell the kinds of files that are not read, in brackets, and what helps."""
    found = {path.suffix.lower() for path in files}
    helping = (remedy for suffixes, remedy in REMEDIES if not found.isdisjoint(suffixes))
    return "; ".join((f"({', '.join(sorted(found))})", *helping))


def no_photo(folder: Path, passed_over: list[Path]) -> str:
    """Say that a folder holds no photo that is read, and what it holds instead."""
    if passed_over:
        return f"{folder} holds no photo that is read, only other kinds {kinds_not_read(passed_over)}."
    return f"{folder} holds no photo ({', '.join(sorted(READ_SUFFIXES))}). Check the folder."


def find_photos(folder: Path) -> FoundPhotos:
    """Look for photos in a folder and below; hidden files and links to folders are left out.

    Raises:
        FileNotFoundError: no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder, but photos are read from there. Check the path.")
    found = FoundPhotos([], [])
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent) / name
            if name.startswith("."):
                continue  # of the file system's, not of people's
            if path.suffix.lower() in READ_SUFFIXES:
                found.photos.append(path)
            elif path.suffix.lower() in UNREAD_SUFFIXES:
                found.passed_over.append(path)
    return found
