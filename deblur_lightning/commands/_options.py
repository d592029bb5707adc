"""Options that several subcommands share."""

import math
from pathlib import Path
from typing import Annotated

import typer

from deblur_lightning.reports.results import STORE


def above_zero(param: typer.CallbackParam, value: float | None) -> float | None:
    """Refuse 0, negative numbers, infinity and NaN; a range of Typer's would take its limit."""
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{param.opts[-1]} is {value:g}, but it should be a number above 0.")
    return value


def that_is_there(store: Path) -> Path:
    """Refuse a store that is missing, but for the default one, which may have no result yet."""
    if store != STORE and not store.exists():
        raise typer.BadParameter(f"--store is {store}, but there is no such file. Check the path.")
    return store


MODELS = "a .ckpt or .safetensors file, or a bundled one: blind, learned or direct"
"""What `--checkpoint` takes."""

Checkpoint = Annotated[Path | None, typer.Option(metavar="FILE", help=f"The model: {MODELS}. Default: blind.")]

NamedCheckpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--checkpoint",
        metavar="[NAME=]FILE",
        help=f"A model: {MODELS}. Repeat for several. Default: blind.",
    ),
]

Gamma = Annotated[
    float | None,
    typer.Option(
        metavar="NUMBER",
        callback=above_zero,
        help="Exponent of the encoding: usually 2.2; 1 for linear pictures. Default: the model's.",
    ),
]

Outputs = Annotated[
    list[Path] | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write FILE.csv, .md or .json; repeat for several."),
]

Store = Annotated[Path, typer.Option(metavar="FILE", help="The results store that evaluations are added to.")]

StoreToRead = Annotated[
    Path, typer.Option("--store", metavar="FILE", callback=that_is_there, help="The results store that is read.")
]
