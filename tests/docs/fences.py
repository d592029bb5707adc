"""Fenced blocks of the documentation, and what a comment before each tells a test to do with it."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^(?:<!-- test: ([^\n]*?) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ASSIGNMENT = re.compile(r"[A-Z_]+=\S*")


class Block(NamedTuple):
    """A block: its language, the comment's words ('run' without one) and its text."""

    language: str
    words: tuple[str, ...]
    text: str


def blocks(page: Path) -> list[Block]:
    """Find a page's blocks. A comment reads ``<!-- test: run, quick -->`` and stands right before its fence."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(language, tuple(re.split(r",? ", words or "run")), text) for words, language, text in found]


def commands(text: str) -> list[list[str]]:
    """Split a shell block into the words of its commands, without comments and variables set before a command."""
    lines = text.replace("\\\n", " ").splitlines()
    split = [shlex.split(line, comments=True) for line in lines]
    return [[word for word in words if not ASSIGNMENT.fullmatch(word)] for words in split if words]
