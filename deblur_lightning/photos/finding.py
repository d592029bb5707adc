"""Photos in a folder and below: those that are read, and pictures of kinds that are not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from deblur_lightning.photos.formats import READ_SUFFIXES, UNREAD_SUFFIXES
from deblur_lightning.sentences import count_of


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
        kinds = ", ".join(sorted({path.suffix.lower() for path in self.passed_over}))
        return f"passed over {count_of(len(self.passed_over), 'picture')} of kinds that are not read ({kinds})"


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
