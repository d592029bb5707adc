"""Pictures stacked in a MATLAB file, read one at a time: version 5 (plain or compressed) and version 7.3 (HDF5)."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

MATRIX, COMPRESSED, BYTES, ARRAY_OF_BYTES = 14, 15, 2, 9
"""Data types 14, 15, 2 and array class 9 of the MAT-file format, version 5."""


def stack_shape(path: Path, variable: str) -> tuple[int, ...]:
    """Return the shape ``(H, W, 3, F)`` of a stack of F colour pictures, without reading them.

    Raises:
        FileNotFoundError: no file.
        ValueError: the file is no MATLAB file, or does not hold such a stack of bytes under that name.
    """
    if _is_hdf5(path):
        import h5py

        with h5py.File(path, "r") as file:
            if variable not in file:
                raise _absent(path, variable)
            shape, kind = file[variable].shape[::-1], file[variable].dtype
    else:
        with path.open("rb") as file:
            shape, kind = _find(file, path, variable).shape, np.dtype(np.uint8)
    if len(shape) == 3:
        shape = (*shape, 1)  # MATLAB drops a last axis of one
    if len(shape) != 4 or shape[2] != 3 or kind != np.uint8:
        raise ValueError(f"{path}: {variable} is {kind} {list(shape)}, but H x W x 3 x frames of bytes are read.")
    return shape


def read_stack(path: Path, variable: str) -> Iterator[NDArray[np.uint8]]:
    """Read the pictures of a stack in turn, ``[H, W, 3]`` each; one is in memory at a time.

    Raises:
        FileNotFoundError: no file.
        ValueError: as `stack_shape`, or the file is damaged or ends early.
    """
    try:
        yield from _pictures(path, variable)
    except (OSError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path} is damaged ({error}). Fetch it again.") from error


def _pictures(path: Path, variable: str) -> Iterator[NDArray[np.uint8]]:
    height, width, channels, count = stack_shape(path, variable)
    if _is_hdf5(path):
        import h5py

        with h5py.File(path, "r") as file:
            stack = file[variable]
            for number in range(count):
                picture = stack[number] if stack.ndim == 4 else stack[:]
                yield np.ascontiguousarray(picture.transpose(2, 1, 0))
        return
    with path.open("rb") as file:
        source = _find(file, path, variable).pixels
        for number in range(count):
            data = source.read(height * width * channels)
            if len(data) < height * width * channels:
                raise ValueError(f"{path} ends within picture {number + 1} of {count}. Fetch it again.")
            yield np.ascontiguousarray(
                np.frombuffer(data, np.uint8).reshape(channels, width, height).transpose(2, 1, 0)
            )


class _Source(Protocol):
    def read(self, size: int) -> bytes: ...


class _Stack(NamedTuple):
    shape: tuple[int, ...]
    pixels: _Source


class _Inflated:
    """A compressed element as a stream."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.left = file, size
        self.inflate = zlib.decompressobj()
        self.ready = bytearray()

    def read(self, size: int) -> bytes:
        while len(self.ready) < size and not self.inflate.eof:
            waiting = self.inflate.unconsumed_tail
            if not waiting:
                waiting = self.file.read(min(self.left, 1 << 20))
                self.left -= len(waiting)
                if not waiting:
                    break
            self.ready += self.inflate.decompress(waiting, 1 << 22)
        taken = bytes(self.ready[:size])
        del self.ready[:size]
        return taken


def _is_hdf5(path: Path) -> bool:
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist, but sharp frames are read from it. Check the path.")
    with path.open("rb") as file:
        head = file.read(520)
    if head[512:520] == b"\x89HDF\r\n\x1a\n" or head[:8] == b"\x89HDF\r\n\x1a\n":
        return True
    if len(head) < 128 or head[126:128] not in (b"IM", b"MI"):
        raise ValueError(f"{path} is no MATLAB file of version 5 or 7.3. Save it with -v7 or -v7.3, or use the PNGs.")
    return False


def _find(file: BinaryIO, path: Path, variable: str) -> _Stack:
    """Go to a variable's pixels."""
    order = "<" if file.read(128)[126:] == b"IM" else ">"
    while len(tag := file.read(8)) == 8:
        kind, size = struct.unpack(order + "II", tag)
        end = file.tell() + size
        source: _Source = file
        try:
            if kind == COMPRESSED:
                source = _Inflated(file, size)
                kind, _ = struct.unpack(order + "II", source.read(8))
            if kind == MATRIX:
                name, stack = _matrix(source, order)
                if name == variable:
                    if stack is None:
                        raise ValueError(f"{path}: {variable} does not hold bytes, but 8-bit pictures are read.")
                    return stack
        except (struct.error, zlib.error) as error:
            raise ValueError(f"{path} is damaged ({error}). Fetch it again.") from error
        file.seek(end)
    raise _absent(path, variable)


def _matrix(source: _Source, order: str) -> tuple[str, _Stack | None]:
    """Read a matrix's head: flags, dimensions, name, and the tag of its numbers."""
    (_, flags), (_, dimensions), (_, name) = (_element(source, order) for _ in range(3))
    shape = struct.unpack(f"{order}{len(dimensions) // 4}i", dimensions)
    kind, size = struct.unpack(order + "II", source.read(8))
    of_bytes = struct.unpack(order + "I", flags[:4])[0] & 0xFF == ARRAY_OF_BYTES and kind == BYTES
    return name.decode("latin-1"), _Stack(shape, source) if of_bytes and size == np.prod(shape) else None


def _element(source: _Source, order: str) -> tuple[int, bytes]:
    tag = source.read(8)
    kind, size = struct.unpack(order + "II", tag)
    if kind >> 16:  # small: the type and the size share a word, the data follows in the same eight bytes
        return kind & 0xFFFF, tag[4 : 4 + (kind >> 16)]
    return kind, source.read(size + -size % 8)[:size]


def _absent(path: Path, variable: str) -> ValueError:
    return ValueError(f"{path} holds no variable {variable}. Fetch the authors' files, or use the PNGs.")
