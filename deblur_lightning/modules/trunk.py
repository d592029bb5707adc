"""Begin a training with the weights of a trained direct network."""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from deblur_lightning.checkpoints import read_checkpoint
from deblur_lightning.deblurring import find_checkpoint

PREFIX = "generator.inner."  # of a `DirectDeblurrer` with a `FoldedNAFNet`


def begin_with(take: Callable[[Mapping[str, Tensor]], None], named: Path) -> None:
    """Hand a trained `FoldedNAFNet`'s weights, by their names in its ``inner``, to what takes them.

    Args:
        take: raises RuntimeError where they do not fit.
        named: checkpoint of a `DirectDeblurrer`, or a bundled one's name.

    Raises:
        FileNotFoundError: no such checkpoint.
        ValueError: the file is of another network.
    """
    path = find_checkpoint(named)
    weights = read_checkpoint(path).weights
    own = {name.removeprefix(PREFIX): weight for name, weight in weights.items() if name.startswith(PREFIX)}
    try:
        if not own:
            raise RuntimeError("it has none")
        take(own)
    except RuntimeError as error:
        raise ValueError(f"{path} holds another network than the trunk's. Pass a FoldedNAFNet's.") from error
