"""Our own checkpoints: Lightning's, and safetensors with the recipe of the deblurrer inside."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from deblur_lightning.checkpoints import adaptive_basis, deblurgan, nafnet
from deblur_lightning.checkpoints.borrowed import Borrowed
from deblur_lightning.checkpoints.kinds import is_safetensors, is_weights, nested_weights, other_kind
from deblur_lightning.checkpoints.reading import read_safetensors, read_torch_file
from deblur_lightning.texts import parse_json
from deblur_lightning.whole_file import os_error, whole_file

FIT = "Pass a file that `lightning fit` or `deblur import-weights` wrote."


PREFIX = "deblurrer."
"""How the names of the weights that restore begin in a LightningModule of ours."""

RETIRED = ("refinement", "guard")
"""Arguments that a MotionDeblurrer had in earlier versions: null in the recipes of all that were bundled since."""

LAST_WITH_THEM = "26d70fa"
"""The last commit whose MotionDeblurrer has them."""


class Checkpoint(NamedTuple):
    """What a file holds of a deblurrer.

    Attributes:
        weights: by their names in the deblurrer.
        recipe: what it is built from, ``{"class_path": …, "init_args": {…}}``.
        resumes: whether the state of a training is there as well, to go on with.
    """

    weights: dict[str, Tensor]
    recipe: dict[str, Any]
    resumes: bool


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a deblurrer's weights and recipe without running what may be hidden in the file.

    Args:
        path: safetensors with ``deblurrer`` in its metadata, or a Lightning checkpoint; told by the content. Weights
            that it has `Borrowed` are read from the file beside it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged file, one with code in it, or one that is no checkpoint of ours.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is no file, but a checkpoint is needed. Check the path.")
    if is_safetensors(path) or (path.suffix == ".safetensors" and other_kind(path) is None):
        return _read_safetensors(path)
    return parse_checkpoint(path, read_torch_file(path, FIT))


def parse_checkpoint(path: Path, content: Any) -> Checkpoint:  # noqa: ANN401 - whatever was saved
    """Take a deblurrer's weights and recipe out of what a Lightning checkpoint holds; see `read_checkpoint`.

    Raises:
        ValueError: weights without their recipe, or content of another kind.
    """
    try:
        weights, told = dict(content["state_dict"]), dict(content.get("hyper_parameters", {}))
        resumes = "optimizer_states" in content
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        bare = content if is_weights(content) else (nested_weights(content) or (None, None))[1]
        if bare:
            raise ValueError(f"{path} {_without_module(path, bare)}") from error
        raise ValueError(f"{path} is damaged, or no checkpoint. {FIT}") from error
    own = {str(name).removeprefix(PREFIX): one for name, one in weights.items() if str(name).startswith(PREFIX)}
    if not own or not _is_recipe(told.get("deblurrer")):
        raise ValueError(
            f"{path} holds the weights of another model, or of an earlier version of ours: no deblurrer is in it. "
            "Pass a checkpoint that this version wrote."
        )
    return Checkpoint(own, _without_retired(path, told["deblurrer"]), resumes)


def check_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    """Raise where a weight is NaN or infinite; a training may go on from such a file and tells it itself.

    Args:
        weights: by their names.
        path: of the file that they are from.

    Raises:
        ValueError: the first such weight.
    """
    if broken := _not_finite(weights):
        what = "NaN" if weights[broken].float().isnan().any() else "infinity"
        raise ValueError(f"{path} holds {what} in {broken}, so it restores nothing. Pass an earlier checkpoint.")


def in_16_bits(weights: Mapping[str, Tensor], source: Path, remedy: str) -> dict[str, Tensor]:
    """Round weights to 16 bits, three significant digits, for files of half the size.

    Args:
        weights: by their names.
        source: where they come from, for the message.
        remedy: what else to do, likewise.

    Raises:
        ValueError: values beyond 65504, or none.
    """
    halves = {name: weight.to(torch.float16) for name, weight in weights.items()}
    if beyond := _not_finite(halves):
        raise ValueError(f"{source} holds {beyond} with values beyond 16 bits. {remedy}")
    return halves


def write_checkpoint(
    path: Path, weights: Mapping[str, Tensor], recipe: Mapping[str, Any], borrowed: Borrowed | None = None
) -> None:
    """Write a deblurrer's weights and recipe; the file is whole or not there.

    Args:
        path: ``.ckpt``, for Lightning and for `deblur`, or ``.safetensors``.
        weights: by their names in the deblurrer.
        recipe: what it is built from, as `deblurring.describe` tells it.
        borrowed: what is not among the weights, but in a file beside; for ``.safetensors`` alone.

    Raises:
        ValueError: another suffix.
        OSError: the folder cannot be written to, or the disk is full.
    """
    check_target(path, borrowing=borrowed is not None)
    whole = {name: weight.detach().to("cpu").contiguous() for name, weight in weights.items()}
    beside = {} if borrowed is None else {"borrowed": json.dumps(borrowed._asdict())}
    try:
        with whole_file(path) as part, part.open("wb") as file:
            if path.suffix == ".safetensors":
                from safetensors.torch import save  # not save_file, whose files nobody else may read

                file.write(save(whole, {"deblurrer": json.dumps(dict(recipe)), **beside}))
            else:
                torch.save(as_lightning(whole, dict(recipe)), file)
    except (OSError, RuntimeError) as error:  # torch's writer raises either at a disk that fills up
        if (cause := os_error(error)) is None or cause.filename:  # of a folder, which is told as it is
            raise
        raise OSError(f"{path} was not written: {cause.strerror}. Make room, or choose another folder.") from error


def as_lightning(weights: Mapping[str, Tensor], recipe: dict[str, Any]) -> dict[str, Any]:
    """Give a deblurrer the form of a Lightning checkpoint, without the state of a training."""
    return {
        "epoch": 0,
        "global_step": 0,
        "pytorch-lightning_version": version("pytorch-lightning"),
        "state_dict": {f"{PREFIX}{name}": weight for name, weight in weights.items()},
        "hyper_parameters": {"deblurrer": recipe},
    }


def check_target(path: Path, *, borrowing: bool = False) -> None:
    """Refuse a checkpoint's name that does not tell a format, or one that cannot say what it borrows.

    Raises:
        ValueError: it ends neither in ``.ckpt`` nor in ``.safetensors``, or not in the latter where it must.
    """
    if borrowing and path.suffix != ".safetensors":
        raise ValueError(f"{path} cannot say what lies in a file beside it. End the name in .safetensors.")
    if path.suffix not in (".ckpt", ".safetensors"):
        raise ValueError(f"{path} names no format of checkpoints. End the name in .ckpt or .safetensors.")


def _not_finite(weights: Mapping[str, Tensor]) -> str | None:
    """Name the first weight with a value that is not finite in single precision."""
    for name, weight in weights.items():
        values = weight.float()
        # a sum takes a tenth of the time, and is finite only where all are
        if not (values.sum().isfinite() or values.isfinite().all()):
            return name
    return None


def _without_module(path: Path, weights: Mapping[str, Tensor]) -> str:
    """Say of weights without a module whose they are, and what to do."""
    names = {str(name).removeprefix("module.") for name in weights}
    if any(names.issuperset(marks) for marks in (adaptive_basis.MARKS, deblurgan.MARKS, nafnet.MARKS)):
        return (
            "holds weights without their module, as authors publish them. "
            f"Import it first: deblur import-weights {path} -o imported.ckpt."
        )
    return f"holds the weights of another network ({min(names)}, …) than ours. {FIT}"


def _without_retired(path: Path, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a recipe the parts that its version had and this one has not, where they are null.

    Raises:
        ValueError: one is not.
    """
    arguments = recipe.get("init_args")
    if str(recipe["class_path"]).rpartition(".")[2] != "MotionDeblurrer" or not isinstance(arguments, dict):
        return dict(recipe)
    for name in RETIRED:
        if arguments.get(name) is not None:
            raise ValueError(
                f"{path} is of a model with a {name}, but this version has none. "
                f"Restore with commit {LAST_WITH_THEM}, the last that has it."
            )
    return {**recipe, "init_args": {name: value for name, value in arguments.items() if name not in RETIRED}}


def _is_recipe(told: object) -> bool:
    return isinstance(told, dict) and isinstance(told.get("class_path"), str)


def _read_safetensors(path: Path) -> Checkpoint:
    weights, told = read_safetensors(path)
    try:
        recipe = parse_json(told["deblurrer"])
        borrowed = Borrowed(**parse_json(told["borrowed"])) if "borrowed" in told else None
        recipe = {**recipe, "init_args": dict(recipe["init_args"])}
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not say which model it is for. {FIT}") from error
    own = Checkpoint(weights, _without_retired(path, recipe), resumes=False)
    if borrowed is None:
        return own
    return own._replace(weights={**weights, **borrowed.named(read_checkpoint(borrowed.path(path)).weights)})
