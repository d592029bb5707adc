"""From a checkpoint's file to a model that restores."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from deblur_lightning.jobs.restorer import Restorer

if TYPE_CHECKING:
    from torch import nn

    from deblur_lightning.modules import RestorationModule

MODULES = {"AdaptiveBasisModule": ("network.", "path_network."), "DeblurGANModule": ("generator.",)}
"""How the names of the weights that restore begin, by module: the first is in every checkpoint of it."""


def load_restorer(checkpoint: Path, strength: float = 1.0, tile: int | None = None, **options: object) -> Restorer:
    """Load a trained model for photos.

    Args:
        checkpoint: a ``.ckpt`` that `lightning fit` wrote, or what `deblur import-weights` made, in half precision
            too (see `find_checkpoint`). Weights that restoring does not need, as a critic's, may be missing.
        strength: see `Restorer`.
        tile: see `Restorer`.
        **options: arguments of the module that replace the checkpoint's, such as ``iterations``; None is no change.

    Raises:
        ValueError: a file that is no checkpoint of ours, or an option that its model lacks.
    """
    import torch

    from deblur_lightning.checkpoints import read_checkpoint

    weights, arguments, _ = read_checkpoint(checkpoint)
    module = _build(
        checkpoint, weights, arguments, {name: value for name, value in options.items() if value is not None}
    )
    module.eval().requires_grad_(requires_grad=False)
    if torch.cuda.is_available():
        module.cuda()
    return Restorer(module, f"{checkpoint} ({type(module).__name__})", strength, tile)


def _build(path: Path, weights: Mapping[str, Any], arguments: dict[str, Any], options: dict[str, Any]) -> Any:  # noqa: ANN401
    """Build the module of a checkpoint with its weights."""
    import inspect

    import deblur_lightning.modules as modules

    prefixes, kind = module_of(path, weights)
    cls = getattr(modules, kind)
    taken = inspect.signature(cls).parameters
    for name, value in options.items():
        if name not in taken:
            raise ValueError(f"{path} is a {kind}, which has no {name}. Leave out --{name}.")
        annotation = taken[name].annotation
        if get_origin(annotation) is Literal and value not in get_args(annotation):
            raise ValueError(f"{name} is {value}, but {kind} has {', '.join(get_args(annotation))}. Pass one of these.")
    arguments = {name: value for name, value in arguments.items() if name in taken}
    if "gamma" in options and arguments.get("dark_gamma") is not None:
        options |= {"dark_gamma": options["gamma"]}  # whoever says a gamma means it for every photo
    arguments |= options
    module: RestorationModule = cls(**arguments)
    load_restoring(module, weights, prefixes, path)
    return module


def load_restoring(module: nn.Module, weights: Mapping[str, Any], prefixes: tuple[str, ...], path: Path) -> None:
    """Load the weights of the networks that restore, all of them, and no others.

    Args:
        module: takes them.
        weights: of a checkpoint, by name.
        prefixes: how the names of those networks' weights begin, as `module_of` tells it.
        path: of the checkpoint, for the error.

    Raises:
        ValueError: a weight is missing, unknown or of another shape.
    """
    restoring = {name: weight for name, weight in weights.items() if name.startswith(prefixes)}
    try:
        missing, unknown = module.load_state_dict(restoring, strict=False)
        first = next((name for name in (*missing, *unknown) if name.startswith(prefixes)), "")
    except RuntimeError as error:  # shapes
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
    if first:
        raise ValueError(f"{path} holds weights of another architecture ({first}). Train it anew with this version.")


def module_of(path: Path, weights: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Tell by a checkpoint's names of weights which module it is of.

    Returns:
        How the names of the weights that restore begin, and the module's class name.

    Raises:
        ValueError: none of ours.
    """
    import deblur_lightning.modules as modules

    for kind, prefixes in MODULES.items():
        if hasattr(modules, kind) and any(name.startswith(prefixes[0]) for name in weights):
            return prefixes, kind
    known = " or ".join(MODULES)
    raise ValueError(f"{path} holds the weights of another model than {known}. Pass a checkpoint of one of these.")
