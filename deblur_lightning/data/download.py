"""Large archives from the web: resumed where they stopped, checked, unpacked picture by picture."""

import hashlib
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deblur_lightning.whole_file import whole_file

CHUNK = 1 << 20

Progress = Callable[[int, int | None], None]
"""Called with the bytes there are so far and in all (None where the server does not say)."""


def download(url: str, path: Path, md5: str, progress: Progress | None = None, timeout: float = 60.0) -> None:
    """Fetch a file that appears under its name only when it is whole and its checksum right.

    What an interrupted call has fetched waits beside it as ``NAME.part``, and the next call goes on there.

    Args:
        url: http or https.
        path: where to; nothing is done if it exists with the right checksum.
        md5: hexadecimal digits.
        progress: told of every chunk.
        timeout: seconds without data after which the server counts as silent.

    Raises:
        OSError: the server cannot be reached, says no, or stops early; call again to go on.
        ValueError: the file is whole but its checksum is wrong; it is deleted.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"url is {url}, but files are fetched by http or https. Pass such an address.")
    if path.is_file() and _md5(path) == md5:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        _fetch(url, part, progress, timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing beyond what is there: the checksum decides
            raise OSError(f"{url}: the server answers {error.code} {error.reason}. Look whether it moved.") from error
    except OSError as error:
        raise OSError(f"{url} cannot be fetched ({error}). Check the connection; a new call resumes.") from error
    found = _md5(part)
    if found != md5:
        part.unlink()
        raise ValueError(f"{path} came with md5 {found}, but {md5} is published. It was deleted; fetch it again.")
    part.replace(path)


def unpack(archive: Path, folder: Path, suffix: str = ".png") -> int:
    """Unpack a zip's files of one suffix, each whole or not at all; those there already, of the right size, are kept.

    Returns:
        The number of files of that suffix in the archive.

    Raises:
        ValueError: the archive is damaged, or a name in it leads out of the folder.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [member for member in zipped.infolist() if member.filename.lower().endswith(suffix)]
            for member in members:
                target = folder / member.filename
                if not target.resolve().is_relative_to(folder.resolve()):
                    raise ValueError(f"{archive}: {member.filename} leads out of {folder}. Do not trust this archive.")
                if target.is_file() and target.stat().st_size == member.file_size:
                    continue
                with whole_file(target) as part, zipped.open(member) as source, part.open("wb") as sink:
                    shutil.copyfileobj(source, sink, CHUNK)
            return len(members)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{archive} is a damaged zip ({error}). Delete it and fetch it again.") from error


@contextmanager
def progress_bar(name: str) -> Iterator[Progress]:
    """Show a bar on stderr while a file is fetched."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task(name, total=None)
        yield lambda there, total: bars.update(task, completed=there, total=total)


def _fetch(url: str, part: Path, progress: Progress | None, timeout: float) -> None:
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})  # noqa: S310 - checked
    with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310 - checked
        if response.status != 206:
            there = 0  # a server that cannot resume sends all again
        length = response.headers.get("Content-Length")
        total = there + int(length) if length else None
        with part.open("ab" if there else "wb") as file:
            while data := response.read(CHUNK):
                file.write(data)
                there += len(data)
                if progress:
                    progress(there, total)
    if total is not None and there < total:
        raise OSError(f"it stopped after {there} of {total} bytes")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
