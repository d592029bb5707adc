"""Texts, tables and JSON as files hold them, read whole or refused with the file's name."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any


def read_text(path: Path) -> str:
    """Read a text, line ends as they are, without the mark that Excel and Windows' editors put before it.

    Raises:
        ValueError: it is none.
        OSError: it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text, but text is read from there. Check the path.") from error


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Read a table.

    Returns:
        The columns' names, which are in the first line, and the rows; cells that a row lacks are empty.

    Raises:
        ValueError: it is no text or no table, or a row has more cells than the first line.
        OSError: it cannot be read.
    """
    reader, rows = csv.DictReader(io.StringIO(read_text(path), newline=""), restval=""), []
    try:
        for row in reader:
            if None in row:
                raise ValueError(f"{path}, line {reader.line_num}, has more cells than the first line. Correct it.")
            rows.append(row)
    except csv.Error as error:
        raise ValueError(f"{path} is damaged ({error}). Correct it.") from error
    return list(reader.fieldnames or ()), rows


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - whatever it holds
    """Parse JSON.

    Raises:
        ValueError: it is none, or its brackets are nested more deeply than Python reads them.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("brackets are nested too deeply") from error


def read_json(path: Path, remedy: str) -> Any:  # noqa: ANN401 - whatever it holds
    """Read a file of JSON.

    Args:
        path: the file.
        remedy: the sentence that says what to do where it is damaged.

    Raises:
        ValueError: as of `parse_json`, with the file's name.
        OSError: it cannot be read.
    """
    try:
        return parse_json(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}). {remedy}") from error
