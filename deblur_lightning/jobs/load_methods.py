"""Load models to compare, each under a name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.reports.method_names import method_name

if TYPE_CHECKING:
    from deblur_lightning.jobs.restorer import Restorer


def load_methods(checkpoints: Sequence[tuple[str, Path]]) -> dict[str, Restorer]:
    """Load models by their names: the given one, or the method's, with the file's name where two would be alike.

    Args:
        checkpoints: name, which may be empty, and file.

    Raises:
        ValueError: a file that is no checkpoint of ours.
    """
    from deblur_lightning.jobs.load_restorer import load_restorer

    loaded = [(name, path, load_restorer(path)) for name, path in checkpoints]
    kinds = [method_name(type(restorer.module).__name__) for _, _, restorer in loaded]
    unnamed = [kind for (name, _, _), kind in zip(loaded, kinds, strict=True) if not name]
    methods: dict[str, Restorer] = {}
    for (name, path, restorer), kind in zip(loaded, kinds, strict=True):
        alike = unnamed.count(kind) > 1
        choices = (name, *(() if alike else (kind,)), f"{kind}, {path.stem}", f"{kind}, {path}")
        chosen = next(choice for choice in choices if choice and choice not in methods)
        methods[chosen] = restorer
    return methods
