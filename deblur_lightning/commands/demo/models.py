"""The models that the live page offers where none is named: the bundled ones, each loaded when it is first asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deblur_lightning.deblurring import PhotoDeblurrer

TOLD = {
    "blind": "blind: looks for the motion in the photo and undoes it",
    "learned": "learned: the same motion, undone by what has learned how; not for commercial use",
    "direct": "direct: one network; quicker, gentler; not for commercial use",
}
"""What the bundled models are to a photographer."""


class BundledModels(Mapping[str, "PhotoDeblurrer"]):
    """The package's own models by name, without waiting for all."""

    def __init__(self) -> None:
        self._loaded: dict[str, PhotoDeblurrer] = {}

    def __getitem__(self, name: str) -> PhotoDeblurrer:
        """Give a model; load it if it is asked for the first time.

        Raises:
            KeyError: no such model.
        """
        from deblur_lightning.deblurring import load_deblurrer

        if name not in TOLD:
            raise KeyError(name)
        if name not in self._loaded:
            self._loaded[name] = load_deblurrer(Path(name))
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names, the usual one first."""
        return iter(TOLD)

    def __len__(self) -> int:
        """Count them."""
        return len(TOLD)
