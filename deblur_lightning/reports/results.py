"""The results store: one JSON line an evaluation, and a CSV of its pictures beside it.

Appending is one system call and a table is replaced whole, so a killed or a second run spoils nothing.
"""

import csv
import dataclasses
import datetime
import json
import math
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deblur_lightning.reports.file_names import file_stem
from deblur_lightning.sentences import count_of
from deblur_lightning.texts import parse_json, read_csv, read_text
from deblur_lightning.whole_file import naming, sha256, unwritable, whole_file

STORE = Path("results/results.jsonl")
PICTURES = "pictures"
"""Folder beside the store, for the scores of single pictures."""


def now() -> str:
    """Give the time as tables print it: UTC, to the second, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Result:
    """One finished evaluation: a method's mean scores on a dataset, and what they were computed with.

    Attributes:
        method: the method's name in tables; equal to the name in ``experiments/published.csv`` where one is published.
        dataset: ``sample``, ``GoPro``, ``Köhler``, ….
        metrics: means over the pictures by name: ``psnr`` in dB, ``ssim``, ``cw_ssim``, ``mssim``, ``kernel_error``, ….
        blur: GoPro's blur, ``blur`` or ``blur_gamma``; empty where the dataset has one blur only.
        pictures: how many pictures the means are over.
        seconds: wall time of the evaluation; of restoring alone where that can be told apart, each picture's added up,
            however many are done at once, and of several devices the slowest one's sum; 0 where it was not taken.
        checkpoint: the weights' :func:`file_hash`; empty for methods without any.
        config: path of the YAML or the command line that ran.
        commit: :func:`source_commit` of the code that ran.
        date: when the evaluation ended, as :func:`now` gives it.
        rows: the per-picture CSV, relative to the store's folder; empty where none was kept.
        device: :func:`device_name` of what computed, or scored what another program restored; empty where the store did
            not keep it yet.
        checkpoint_name: the weights' file as it was named; empty for methods without any, and where the store did not
            keep it yet.
        restores: whether ``seconds`` are of restoring; False where pictures came restored and were scored alone.

    Raises:
        ValueError: a name is empty, there is no metric, or a metric is not finite.
    """

    method: str
    dataset: str
    metrics: Mapping[str, float]
    blur: str = ""
    pictures: int = 0
    seconds: float = 0.0
    checkpoint: str = ""
    config: str = ""
    commit: str = ""
    date: str = field(default_factory=now)
    rows: str = ""
    device: str = ""
    checkpoint_name: str = ""
    restores: bool = True

    def __post_init__(self) -> None:
        for what in ("method", "dataset", "metrics"):
            if not getattr(self, what):
                raise ValueError(f"{what} is empty, but tables sort results by it. Name it.")
        for name, value in self.metrics.items():
            if not math.isfinite(value):
                raise ValueError(
                    f"{name} of {self.method} on {self.dataset} is {value}, but a result is a finite number. "
                    "Look for NaN or identical pairs in its per-picture scores."
                )

    @property
    def key(self) -> tuple[str, str, str]:
        """What a newer evaluation replaces in tables: method, dataset and blur."""
        return self.method, self.dataset, self.blur


def check_store(store: Path | str) -> None:
    """See that results can be added to a store, and pictures' scores beside it, before long work; nothing is left.

    Raises:
        OSError: why not, and the remedy.
    """
    store = Path(store)
    reason = unwritable(store.parent / PICTURES)
    if store.is_dir() or store.is_file():
        try:
            store.open("ab").close()
        except OSError as error:
            reason = reason or error.strerror or str(error)
    if reason:
        raise OSError(f"{store} cannot be written: {reason}. Choose another store.")


def append_result(
    result: Result, store: Path | str = STORE, rows: Sequence[Mapping[str, object]] | None = None
) -> Result:
    """Add an evaluation to the store, with its pictures' scores beside it.

    Args:
        result: the evaluation.
        store: the JSON-lines file; made with its folder where it does not exist.
        rows: one mapping a picture, all with the same keys, ``name`` first by custom; None or empty keeps no CSV.

    Returns:
        The result as stored, its ``rows`` naming the CSV.
    """
    store = Path(store)
    store.parent.mkdir(parents=True, exist_ok=True)
    if rows:
        name = "-".join((result.dataset, result.blur, result.method))
        stem = "-".join(filter(None, map(file_stem, (name, result.date))))
        path = _reserved(store.parent / PICTURES / f"{stem}.csv")
        write_rows(rows, path)
        result = dataclasses.replace(result, rows=path.relative_to(store.parent).as_posix())
    _append_line(json.dumps(dataclasses.asdict(result), ensure_ascii=False), store)
    return result


def _reserved(path: Path) -> Path:
    """Make an empty file, its name numbered where taken: names may differ in signs alone, within one second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place, number = path, 1
    while True:
        try:
            place.open("x").close()
        except FileExistsError:
            number += 1
            place = path.with_name(f"{path.stem}-{number}{path.suffix}")
        else:
            return place


def read_results(store: Path | str = STORE) -> list[Result]:
    """Read every evaluation, oldest first; a store that does not exist yet is empty.

    Raises:
        ValueError: a line is not a result.
    """
    store = Path(store)
    if not store.exists():
        return []
    results = []
    for number, line in enumerate(read_text(store).split("\n"), 1):  # names may hold other line ends
        if not line.strip():
            continue
        try:
            results.append(_result_of(parse_json(line)))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{store}, line {number}, is no result ({error}). Delete that line.") from error
    return results


def _result_of(fields: object) -> Result:
    """Make a result of what a line holds.

    Raises:
        TypeError: a field is missing, unknown or of another type than a result's.
        ValueError: as of `Result`.
    """
    if not isinstance(fields, dict):
        raise TypeError(f"it holds {fields!r:.40}, but a result has names and values")
    numbers = fields.get("metrics", {})
    if not isinstance(numbers, dict):
        raise TypeError(f"metrics is {numbers!r:.40}, but metrics are numbers by name")
    for name, value in {**numbers, "seconds": fields.get("seconds", 0.0)}.items():
        if type(value) not in (int, float):
            raise TypeError(f"{name} is {value!r:.40}, but a number is kept there")
    kinds = {"pictures": (int, "a whole number"), "restores": (bool, "true or false")}
    for name, value in fields.items():
        kind, said = kinds.get(name, (str, "text"))
        if name not in ("metrics", "seconds") and type(value) is not kind:
            raise TypeError(f"{name} is {value!r:.40}, but {said} is kept there")
    return Result(**fields)


def latest_results(results: Iterable[Result]) -> list[Result]:
    """Keep the newest evaluation of each method, dataset and blur, in the order of their first appearance."""
    newest: dict[tuple[str, str, str], Result] = {}
    for result in results:
        if result.key not in newest or result.date >= newest[result.key].date:
            newest[result.key] = result
    return list(newest.values())


def write_rows(rows: Sequence[Mapping[str, object]], path: Path | str) -> None:
    """Write per-picture scores as CSV; the first row's keys are the columns."""
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_rows(result: Result, store: Path | str = STORE) -> list[dict[str, str]]:
    """Read the per-picture scores of one evaluation; empty where none were kept.

    Raises:
        FileNotFoundError: the store names a CSV that is gone.
    """
    if not result.rows:
        return []
    path = Path(store).parent / result.rows
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing, but {store} names it. Run that evaluation again.")
    return read_picture_rows(path)


def read_picture_rows(path: Path) -> list[dict[str, str]]:
    """Read the scores of single pictures, one a row.

    Raises:
        ValueError: no column is called name, or as of `read_csv`.
    """
    columns, rows = read_csv(path)
    if columns and "name" not in columns:
        raise ValueError(f"{path} has no column name, but pictures are told by it. Pass a CSV of results/pictures.")
    return rows


def file_hash(path: Path | str) -> str:
    """Give the first 12 hexadecimal digits of a file's SHA-256: enough to tell checkpoints apart."""
    return sha256(Path(path))[:12]


def source_commit() -> str:
    """Name the commit of this source tree, with ``+`` where files differ from it; empty outside a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603 - a constant command
    except (OSError, subprocess.SubprocessError):
        return ""


def device_name(device: object = None) -> str:
    """Name what computes: a GPU by its product, a CPU by how many threads torch uses.

    Args:
        device: as torch names it; None takes a GPU if there is one.
    """
    import torch

    kind = torch.device(str(device or ("cuda" if torch.cuda.is_available() else "cpu")))
    if kind.type == "cuda":
        return f"cuda, {torch.cuda.get_device_name(kind)}"
    return f"cpu, {count_of(torch.get_num_threads(), 'thread')}" if kind.type == "cpu" else kind.type


def _append_line(line: str, path: Path) -> None:
    """Add one line by one write at the file's end, so that two runs that finish together both count."""
    with naming(path, path), path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        torn = file.read(1) not in (b"", b"\n")
        data = ("\n" * torn + line + "\n").encode(errors="backslashreplace")
        if file.write(data) != len(data):
            file.truncate(size)
            raise OSError(
                f"{path}: the disk is full, so this result was not stored. Free some space and evaluate again."
            )
