"""Weights that a checkpoint leaves to a file beside it, so that a network that two models have lies there once."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from deblur_lightning.whole_file import sha256

GENERATOR = "generator."
"""How the names of all weights of a `DirectDeblurrer` begin."""


class Borrowed(NamedTuple):
    """What is left to another file.

    Attributes:
        place: how the names of these weights begin in the deblurrer, where `GENERATOR` stands there.
        file: its name; it lies beside the checkpoint.
        sha256: of its content.
    """

    place: str
    file: str
    sha256: str

    def path(self, checkpoint: Path) -> Path:
        """Give the file beside a checkpoint, known to be the one meant.

        Raises:
            ValueError: there is none, or another version.
        """
        path = checkpoint.parent / Path(self.file).name  # beside it, whatever is written
        if not path.is_file():
            raise ValueError(f"{checkpoint} takes weights from {self.file}, which is not beside it. Copy it there.")
        if sha256(path) != self.sha256:
            raise ValueError(
                f"{checkpoint} takes weights from {self.file}, but the one beside it is another version. Copy both "
                "from the same place."
            )
        return path

    def named(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Name the weights of that file as in the deblurrer."""
        return {self.place + name.removeprefix(GENERATOR): weight for name, weight in weights.items()}


def lent(weights: Mapping[str, Tensor], path: Path, theirs: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Borrowed]:
    """Find the weights of a direct network in a larger model's, and leave them out.

    Args:
        weights: of the larger model.
        path: the direct network's checkpoint.
        theirs: the weights in it.

    Returns:
        The weights that remain, and what to take from where.

    Raises:
        ValueError: the model has no such network, or other weights in it.
    """
    if not theirs or not all(name.startswith(GENERATOR) for name in theirs):
        raise ValueError(f"{path} is no direct network's checkpoint. Pass one of a DirectDeblurrer.")
    first, checksum = next(iter(theirs)).removeprefix(GENERATOR), sha256(path)
    for name in weights:
        if name.endswith(first):
            borrowed = Borrowed(name.removesuffix(first), path.name, checksum)
            named = borrowed.named(theirs)
            if all(one in weights and torch.equal(weights[one].to(weight), weight) for one, weight in named.items()):
                return {one: weight for one, weight in weights.items() if one not in named}, borrowed
    raise ValueError(f"the model's direct network is not that of {path}. Pass the one that it was trained with.")
