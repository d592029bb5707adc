"""Which part of a model does the work: the same model with a part left out."""

import copy

import torch
from torch import nn

from deblur_lightning.deblurring import MotionDeblurrer, PhotoDeblurrer

SEED = 1


def ablations(name: str, model: PhotoDeblurrer) -> dict[str, PhotoDeblurrer]:
    """Give variants of a model that refines what its network sees, by their names in tables; none of another.

    Args:
        name: of the model.
        model: as loaded.
    """
    whole = model.deblurrer
    if not isinstance(whole, MotionDeblurrer) or whole.refinement is None:
        return {}
    alone, untrained = copy.deepcopy(whole), copy.deepcopy(whole)
    alone.refinement = None
    torch.manual_seed(SEED)
    for part in untrained.network.modules():
        _start_anew(part)
    return {
        f"{name}: no refinement": PhotoDeblurrer(alone, model.name),
        f"{name}: untrained network": PhotoDeblurrer(untrained, model.name),
    }


def _start_anew(part: nn.Module) -> None:
    """Draw a layer's weights as it draws them itself."""
    reset = getattr(part, "reset_parameters", None)
    if callable(reset):
        reset()
