"""Files of torch.save and of safetensors, read as data: code in them is never run."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deblur_lightning.checkpoints.kinds import other_kind


def read_torch_file(path: Path, remedy: str) -> Any:  # noqa: ANN401 - whatever was saved
    """Read what torch.save wrote, of any version, if it is tensors and plain containers.

    Args:
        path: the file; its suffix does not matter.
        remedy: the sentence that ends the error at a damaged file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged file, another kind of file, or one that holds more than weights.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file, but a checkpoint is needed. Check the path.")
    kind = other_kind(path)
    if kind is not None:
        raise ValueError(f"{path} {kind}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what torch guesses about damaged files
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what unpickling damaged bytes raises has no end (struct.error, AssertionError, …)
        if isinstance(error, pickle.UnpicklingError) and "Unsupported operand" not in str(error):
            raise ValueError(
                f"{path} holds more than weights, and code in it is never run. Pass a file of weights alone."
            ) from error
        raise ValueError(f"{path} is damaged, or no checkpoint. {remedy}") from error


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors of a safetensors file by name, and what its header tells of them.

    Raises:
        ValueError: a damaged file, or another kind of file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged, or no safetensors file. Copy it again from its source.") from error
