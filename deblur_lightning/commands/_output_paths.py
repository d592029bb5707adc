"""Where results may go: what is wrong with an output's name or folder, told before long work."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from deblur_lightning.whole_file import unwritable, write_text

PICTURES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".pdf", ".svg", ".eps"))
"""Suffixes that promise a picture."""


def check_folder_writable(folder: Path) -> None:
    """Raise unless a folder of that name, or a file in it, can be made: see `unwritable`; known before long work.

    Raises:
        OSError: why it cannot be written, and the remedy.
    """
    if reason := unwritable(folder):
        reason = "it is a file" if folder.is_file() else reason
        raise OSError(f"{folder} cannot be written: {reason}. Choose another output folder.")


def check_file(output: Path, *, overwrite: bool) -> None:
    """Raise where a file cannot take a name, before long work.

    Args:
        output: as typed.
        overwrite: whether a file that is there may be replaced.

    Raises:
        ValueError: a folder has that name, or a file that is to be kept.
    """
    if output.is_dir():
        raise ValueError(f"{output} is a folder, but a file is written. Choose another name.")
    if output.exists() and not overwrite:
        raise ValueError(f"{output} is there already and is kept. Pass --overwrite to replace it.")


def is_ours(path: Path, mark: str) -> bool:
    """Tell whether a file has one of the marks of `deblur_lightning.reports.marks`."""
    return path.is_file() and mark.encode() in path.read_bytes()


def check_replaceable(paths: Iterable[Path], mark: str) -> None:
    """Raise where a file that was not made here would be replaced, before long work.

    Args:
        paths: what is to be written.
        mark: what ours are told by, see `is_ours`.

    Raises:
        ValueError: such a file is there.
    """
    for path in paths:
        if os.path.lexists(path) and not is_ours(path, mark):
            raise ValueError(f"{path} is there and was not made by deblur, so it is kept. Choose another --output.")


def refuse_suffix(output: Path, suffixes: Collection[str], written: str) -> None:
    """Raise where a name promises another kind of file than is written, before a folder of that name is made.

    Args:
        output: as typed.
        suffixes: of the files that are not written under this name.
        written: what is.

    Raises:
        ValueError: the name ends in one of them, and is no folder that is there.
    """
    if output.suffix.lower() in suffixes and not output.is_dir():
        raise ValueError(f"--output is {output}, but it names {written}. Leave out {output.suffix}.")


def check_outputs(outputs: Collection[Path], known: Collection[str]) -> None:
    """See that every file is of a kind that is written, and that its folder can be written to, before long work.

    Args:
        outputs: as typed.
        known: suffixes of what is written.

    Raises:
        ValueError: another suffix.
        OSError: see `check_folder_writable`.
    """
    for path in outputs:
        if path.suffix.lower() not in known:
            raise ValueError(f"--output is {path}, but {', '.join(known)} are written. Choose one of these.")
        check_folder_writable(path.parent)


def write_outputs(outputs: Collection[Path], texts: Callable[[str], str]) -> None:
    """Write what is asked for, each file whole or not there; ``texts`` makes it from the suffix in small letters."""
    for path in outputs:
        write_text(path, texts(path.suffix.lower()))


def figure_stem(output: Path, drawn: Collection[str]) -> Path:
    """Give the name of a figure without the suffix that it is drawn in; other dots belong to the name.

    Args:
        output: as typed.
        drawn: suffixes that are written.

    Raises:
        ValueError: a folder, or a suffix of pictures that is not written.
    """
    if output.is_dir():
        raise ValueError(f"--output is {output}, a folder, but a figure needs a name. Pass {output / 'NAME'}.")
    if output.suffix in drawn:
        return output.with_suffix("")
    refuse_suffix(output, PICTURES, f"a figure, which is written as {' and '.join(drawn)}")
    return output


def figure_files(stem: Path, drawn: Iterable[str]) -> list[Path]:
    """Give the names of a figure's files; see `figure_stem`."""
    return [stem.with_name(f"{stem.name}{suffix}") for suffix in drawn]
