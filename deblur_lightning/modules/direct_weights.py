"""The weights of a trained direct network, to begin another training with."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from deblur_lightning.checkpoints import read_checkpoint
from deblur_lightning.checkpoints.borrowed import GENERATOR

PLACES = GENERATOR, "restorer.direct.", "restorer.restorer.direct."
"""Where a deblurrer keeps its direct network: a `DirectDeblurrer`, one with an `UnrolledRestorer`, or an `Agreed`."""


def direct_weights(path: Path) -> Mapping[str, Tensor]:
    """Read the weights of the direct network in a checkpoint, alone there or in a restorer, by their names in it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged file, or one without a direct network.
    """
    weights = read_checkpoint(path).weights
    for place in PLACES:
        if own := {name.removeprefix(place): one for name, one in weights.items() if name.startswith(place)}:
            return own
    raise ValueError(f"{path} holds no direct network. Pass a DirectDeblurrer's checkpoint, or a bundled one's name.")
