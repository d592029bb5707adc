"""What a training run logged, row by row: Lightning's CSV, or the file of an offline Weights & Biases run."""

import importlib
import struct
from collections.abc import Iterator
from pathlib import Path

from deblur_lightning.texts import parse_json, read_csv

BLOCK = 32 * 1024
HEAD = struct.Struct("<IHB")  # checksum, length, and whether the piece is whole (1), first, middle or last (4)
START = struct.Struct("<4sHB")


def find_log(path: Path) -> Path:
    """Find a run's log: the file itself, or the newest ``metrics.csv`` or ``*.wandb`` in a folder, at any depth.

    Raises:
        FileNotFoundError: there is none.
    """
    if path.is_dir():
        logs = [*path.rglob("metrics.csv"), *path.rglob("*.wandb")]
        path = max(logs, key=lambda log: log.stat().st_mtime, default=path / "metrics.csv")
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing, but curves are drawn from it. Train with CSVLogger first.")
    return path


def read_csv_log(path: Path) -> Iterator[dict[str, str]]:
    """Read the rows of a ``metrics.csv`` as CSVLogger writes it."""
    yield from read_csv(path)[1]


def read_wandb_log(path: Path) -> Iterator[dict[str, str]]:
    """Read the logged rows of an offline run, of numbers alone; what a killed run left half written ends them.

    The file is a LevelDB log of messages that the ``wandb`` package defines, but no longer reads.

    Raises:
        ValueError: another file, or a damaged one.
    """
    from google.protobuf.message import DecodeError

    messages = importlib.import_module("wandb.proto.wandb_internal_pb2")  # which picks the installed protobuf's version
    data = path.read_bytes()
    if len(data) < START.size or START.unpack_from(data)[:2] != (b":W&B", 0xBEE1):
        raise ValueError(f"{path} is no log of an offline run. Pass the run's .wandb file, or a metrics.csv.")
    for message in _messages(data):
        try:
            record = messages.Record.FromString(message)
        except DecodeError:
            return
        if record.WhichOneof("record_type") == "history":
            items = {item.key or "/".join(item.nested_key): item.value_json for item in record.history.item}
            try:
                numbers = {key: text for key, text in items.items() if isinstance(parse_json(text), int | float)}
            except ValueError as error:
                raise ValueError(f"{path} is damaged ({error}). Pass the log of another run.") from error
            yield numbers


def _messages(data: bytes) -> Iterator[bytes]:
    """Join the pieces of each message, which end at blocks' ends."""
    place, message = START.size, b""
    while place + HEAD.size <= len(data):
        left = BLOCK - place % BLOCK
        if left < HEAD.size:
            place += left
            continue
        _, length, kind = HEAD.unpack_from(data, place)
        place += HEAD.size
        if kind not in (1, 2, 3, 4) or place + length > len(data):
            return
        message = (message if kind in (3, 4) else b"") + data[place : place + length]
        place += length
        if kind in (1, 4):
            yield message
