"""Weights alone, as other projects save them, for the network of another package that a configuration names."""

from pathlib import Path

from jsonargparse import Namespace

from deblur_lightning.checkpoints import Checkpoint
from deblur_lightning.checkpoints.kinds import is_safetensors, is_weights, nested_weights
from deblur_lightning.checkpoints.own import FIT
from deblur_lightning.checkpoints.reading import read_safetensors, read_torch_file

OURS = "deblur_lightning."


def foreign_weights(path: Path, deblurrer: Namespace, networks: tuple[str, ...]) -> Checkpoint | None:
    """Read weights without a recipe, where the configuration tells the network that they are for.

    Args:
        path: what ``torch.save(network.state_dict(), path)`` wrote, also under a key (``{"params": …}``) or with the
            ``module.`` of `DataParallel`; or safetensors.
        deblurrer: as configured.
        networks: names of the arguments that may be the network.

    Returns:
        The weights by their names in the deblurrer, without a recipe; None where the configuration names no network of
        another package, or the file holds more than weights.

    Raises:
        ValueError: a damaged file, or one with code in it.
    """
    arguments = deblurrer.get("init_args", Namespace())
    named = [name for name in networks if arguments.get(name)]
    if len(named) != 1 or str(arguments[named[0]].class_path).startswith(OURS):
        return None
    if is_safetensors(path):
        weights, told = read_safetensors(path)
        if "deblurrer" in told:
            return None
    else:
        content = read_torch_file(path, FIT)
        if isinstance(content, dict) and "deblurrer" in content.get("hyper_parameters", {}):
            return None
        found = content if is_weights(content) else (nested_weights(content) or (None, None))[1]
        if found is None:
            return None
        weights = dict(found)
    return Checkpoint({f"{named[0]}.{name.removeprefix('module.')}": one for name, one in weights.items()}, {}, False)
