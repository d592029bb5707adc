"""Files and folders that are either whole or not there, and checksums of files."""

import errno
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def unwritable(folder: Path) -> str:
    """Tell why a folder of that name, or a file in it, cannot be made; empty if it can. What was tried is removed."""
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))  # never raises
    try:
        with tempfile.TemporaryDirectory(prefix=".part-", dir=there) as place:
            Path(place, folder.relative_to(there)).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"{there} is a file" if there.is_file() else error.strerror or str(error)
    return ""


FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a full disk and a used quota are told by, without the file's name."""


@contextmanager
def naming(path: Path, part: Path) -> Iterator[None]:
    """Let the system's errors name a file as people know it, not by its temporary name; if the disk is full, too."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in FULL:
            error.filename = str(path)
        elif str(error.filename).startswith(str(part)):
            error.filename = str(error.filename).replace(str(part), str(path), 1)
        raise


@contextmanager
def whole_file(path: Path | str) -> Iterator[Path]:
    """Lend a temporary name in the same folder, which becomes ``path`` only if the block ends well.

    The temporary name keeps the suffix, by which writers choose a format, and is short, so that a name as long as
    the file system allows still works. Folders are made as needed.

    Args:
        path: the final name.

    Yields:
        The name to write to.

    Raises:
        OSError: what the block raises, or the folder; one about the temporary name, or a full disk, is about ``path``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    try:
        with naming(path, part):
            yield part
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, whole or not at all; what of a file's name is not UTF-8 becomes an escape, as in print."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Lend a folder beside ``path``, which takes its name only if the block ends well.

    Args:
        path: the final name, of nothing or of an empty folder.

    Yields:
        The folder to write to, not made yet.

    Raises:
        FileExistsError: something is there.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(f"{path} holds something else, but a new folder is needed. Remove it, or name another.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with naming(path, part):
            yield part
            if path.is_dir():
                path.rmdir()  # empty
            part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def os_error(error: BaseException | None) -> OSError | None:
    """Find what the system said of a disk or a folder in what a library made of it: torch's writer, RuntimeError."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error


def sha256(path: Path) -> str:
    """Give the checksum of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
