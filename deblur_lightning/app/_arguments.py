"""Arguments that several subcommands share, and what numbers they take."""

import argparse
from pathlib import Path


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of the model."""
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help=".ckpt or .safetensors (default: the model that comes along)"
    )
    parser.add_argument("--gamma", type=positive, help="display to linear light; 1 for linear pictures (usually 2.2)")


def add_named_checkpoints(parser: argparse.ArgumentParser) -> None:
    """Add models to compare, in order, each with the name it shall have."""
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help=".ckpt or .safetensors; again for each further model (default: the model that comes along)",
    )


def count(text: str) -> int:
    """Read a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1. Pass one.")
    return int(text)


def positive(text: str) -> float:
    """Read a number above 0."""
    return _number(text, 0, float("inf"), "above 0")


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    return _number(text, -1e-300, 1, "from 0 to 1")


def _number(text: str, above: float, most: float, described: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not above < number <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number {described}. Pass one.")
    return number
