"""From a checkpoint's file to a model that restores."""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from deblur_lightning.jobs.restorer import Restorer

if TYPE_CHECKING:
    from deblur_lightning.modules import RestorationModule

DAMAGED = (
    OSError, RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError, pickle.UnpicklingError,
    zipfile.BadZipFile,
)  # fmt: skip
"""What torch.load raises at damaged files, and at those that hold more than weights."""

MODULES = {"network.": "AdaptiveBasisModule", "generator.": "DeblurGANModule"}
"""The module that a checkpoint is of, by the beginning of its weights' names."""


def load_restorer(checkpoint: Path, strength: float = 1.0, tile: int = 1024, **options: object) -> Restorer:
    """Load a trained model for photos.

    Args:
        checkpoint: a ``.ckpt`` that `lightning fit` wrote, or ``.safetensors`` with its configuration inside
            (see `find_checkpoint`).
        strength: see `Restorer`.
        tile: see `Restorer`.
        **options: arguments of the module that replace the checkpoint's, such as ``iterations``; None is no change.

    Raises:
        ValueError: a file that is no checkpoint of ours, or an option that its model lacks.
    """
    import torch

    reader = _read_safetensors if checkpoint.suffix == ".safetensors" else _read_checkpoint
    weights, arguments = reader(checkpoint)
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

    kind = next((module for prefix, module in MODULES.items() if any(key.startswith(prefix) for key in weights)), None)
    if kind is None or not hasattr(modules, kind):
        known = " or ".join(MODULES.values())
        raise ValueError(f"{path} holds the weights of another model than {known}. Pass a checkpoint of one of these.")
    cls = getattr(modules, kind)
    taken = inspect.signature(cls).parameters
    for name, value in options.items():
        if name not in taken:
            raise ValueError(f"{path} is a {kind}, which has no {name}. Leave out --{name}.")
        annotation = taken[name].annotation
        if get_origin(annotation) is Literal and value not in get_args(annotation):
            raise ValueError(f"{name} is {value}, but {kind} has {', '.join(get_args(annotation))}. Pass one of these.")
    arguments = {name: value for name, value in arguments.items() if name in taken} | options
    module: RestorationModule = cls(**arguments)
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise ValueError(
            f"{path} holds weights of another architecture ({first}). Train it anew with this version."
        ) from error
    return module


def _read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a Lightning checkpoint without running what may be hidden in it."""
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch guesses about damaged files
            content = torch.load(path, map_location="cpu", weights_only=True)
        return dict(content["state_dict"]), dict(content.get("hyper_parameters", {}))
    except DAMAGED as error:
        if isinstance(error, pickle.UnpicklingError) and "Unsupported operand" not in str(error):
            raise ValueError(
                f"{path} holds more than weights, and code in it is never run. Pass a checkpoint of `lightning fit`."
            ) from error
        raise ValueError(f"{path} is damaged, or no checkpoint. Pass a file that `lightning fit` wrote.") from error


def _read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read weights and the configuration in the file's metadata."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
            return weights, json.loads((file.metadata() or {})["config"])
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged, or no safetensors file. Copy it again from its source.") from error
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} does not say which model it is for. Pass a file that this package wrote.") from error
