"""What a file is that was taken for weights: named, where it is no damaged one."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

POINTER = b"version https://git-lfs"
WEB_PAGE = (b"<!doctype", b"<html", b"<head", b"<?xml")
ARCHIVES = {
    b"\x1f\x8b": "a gzip archive", b"7z\xbc\xaf": "a 7-Zip archive", b"Rar!": "a RAR archive",
    b"\xfd7zXZ": "an xz archive", b"BZh": "a bzip2 archive",
}  # fmt: skip
OTHERS = {
    b"\x89HDF": "HDF5, as Keras saves it", b"\x93NUMPY": "a NumPy array", b"%PDF": "a PDF",
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture",
}  # fmt: skip
HEAD = 512  # bytes that tell
TARRED = slice(257, 262)


def other_kind(path: Path) -> str | None:
    """Say what a file is that holds no weights as torch.save or safetensors write them, with the remedy.

    Args:
        path: a file.

    Returns:
        The end of a sentence that begins with the path; None where it may be weights, whole or damaged.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(POINTER):
        return "is a pointer of Git LFS, not the file that it stands for. Run `git lfs pull`, or download the file."
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(WEB_PAGE):
        return "is a saved web page, not the file that it links to. Open its address in a browser and download that."
    archive = next((name for mark, name in ARCHIVES.items() if head.startswith(mark)), None)
    if archive or head[TARRED] == b"ustar":
        return f"is {archive or 'a tar archive'}, not a file of weights. Unpack it and pass what is inside."
    other = next((name for mark, name in OTHERS.items() if head.startswith(mark)), None)
    if other:
        return f"is {other}, not weights of PyTorch. Pass a file that torch.save or safetensors wrote."
    return _kind_of_zip(path) if head.startswith(b"PK") else None


def is_safetensors(path: Path) -> bool:
    """Tell by the first bytes: the length of a header in JSON, then that."""
    with path.open("rb") as file:
        head = file.read(10)
    return len(head) == 10 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def nested_weights(content: object) -> tuple[str, Mapping[str, Tensor]] | None:
    """Find the weights by name that a file holds under a key of its own, as ``{"params": …}``.

    Returns:
        The key and the weights, the largest where there are several; None where there are none.
    """
    if not isinstance(content, Mapping):
        return None
    found = {str(key): value for key, value in content.items() if is_weights(value)}
    if not found:
        return None
    key = max(found, key=lambda key: len(found[key]))
    return key, found[key]


def is_weights(content: object) -> bool:
    """Tell whether something is tensors by name."""
    return (
        isinstance(content, Mapping) and bool(content) and all(isinstance(value, Tensor) for value in content.values())
    )


def _kind_of_zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None  # damaged
    if any(name.endswith("/constants.pkl") for name in names):
        return "is a TorchScript program, and code in files is never run. Pass a file of weights alone."
    if any(name.endswith("/data.pkl") for name in names):
        return None  # torch.save's
    if names and all(name.endswith(".npy") for name in names):
        return "is NumPy arrays, not weights of PyTorch. Pass a file that torch.save or safetensors wrote."
    return "is a ZIP archive, not a file of weights. Unpack it and pass what is inside."
