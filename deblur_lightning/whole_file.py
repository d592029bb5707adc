"""Files that are either whole or not there, and their checksums."""

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        OSError: what the block raises, or the folder; one about the temporary name is about ``path`` instead.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        if error.filename in (str(part), part):
            error.filename = str(path)  # people know no other name
        raise
    finally:
        part.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Give the checksum of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
