"""From a checkpoint's file to a deblurrer for photos."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from deblur_lightning.checkpoints import read_checkpoint
from deblur_lightning.checkpoints.own import check_finite
from deblur_lightning.deblurring.bundled import find_checkpoint
from deblur_lightning.deblurring.deblurrer import Deblurrer
from deblur_lightning.deblurring.photo import PhotoDeblurrer
from deblur_lightning.deblurring.recipe import Recipe, build, describe, replaced
from deblur_lightning.deblurring.restorers import HyperLaplacian, Restorer, RichardsonLucy

RESTORERS: dict[str, type[Restorer]] = {"richardson-lucy": RichardsonLucy, "hyper-laplacian": HyperLaplacian}


def load_deblurrer(
    checkpoint: Path | str | None = None,
    *,
    strength: float = 1.0,
    tile: int | None = None,
    restorer: str | None = None,
    **options: object,
) -> PhotoDeblurrer:
    """Load a trained model for photos of any size, on the GPU if there is one.

    Args:
        checkpoint: a ``.ckpt`` that `lightning fit` wrote, or what `deblur import-weights` made, in half precision too;
            the bundled model if None.
        strength: see `PhotoDeblurrer`.
        tile: see `PhotoDeblurrer`.
        restorer: richardson-lucy or hyper-laplacian in place of the checkpoint's restorer, and of its weights if it
            learned.
        **options: arguments of any part of the model that replace the checkpoint's, such as ``iterations``, ``method``
            or ``gamma``; None is no change.

    Returns:
        The model in evaluation mode: ``load_deblurrer()(blurry)`` gives `Deblurred`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is no checkpoint of ours, or with NaN in it, or an option that its model lacks.
    """
    path = find_checkpoint(None if checkpoint is None else Path(checkpoint))
    weights, recipe, _ = read_checkpoint(path)
    wanted = {name: value for name, value in options.items() if value is not None}
    if restorer is not None:
        wanted = {"restorer": restorer_recipe(restorer), **wanted}
        weights = {name: weight for name, weight in weights.items() if not name.startswith("restorer.")}
    if "gamma" in wanted and "dark_gamma" in (recipe["init_args"].get("exposure") or {}).get("init_args", {}):
        wanted["dark_gamma"] = wanted["gamma"]  # whoever says a gamma means it for every photo
    try:
        deblurrer = build(replaced(recipe, wanted))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    load_weights(deblurrer, weights, path)
    check_finite(weights, path)
    deblurrer.eval().requires_grad_(requires_grad=False)
    # the direct network takes a sixth less time so
    deblurrer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if torch.cuda.is_available():
        deblurrer.cuda()
    return PhotoDeblurrer(deblurrer, f"{path} ({deblurrer.method})", strength, tile)


def restorer_recipe(name: str) -> Recipe:
    """Give the recipe of a classical restorer by its name.

    Raises:
        ValueError: another name.
    """
    if name not in RESTORERS:
        raise ValueError(f"restorer is {name}, but there are {' and '.join(RESTORERS)}. Pass one of these.")
    return describe(RESTORERS[name]())


def load_weights(deblurrer: Deblurrer, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load a checkpoint's weights, all of them, into the deblurrer they belong to.

    Args:
        deblurrer: takes them.
        weights: by their names in it.
        path: of the checkpoint, for the error.

    Raises:
        ValueError: a weight is missing, unknown or of another shape.
    """
    try:
        missing, unknown = deblurrer.load_state_dict(weights, strict=False)
        first = next(iter((*missing, *unknown)), "")
    except RuntimeError as error:  # shapes
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
    if first:
        raise ValueError(f"{path} holds weights of another architecture ({first}). Train it anew with this version.")


def load_named(checkpoints: list[tuple[str, Path]]) -> dict[str, PhotoDeblurrer]:
    """Load models to compare, each by its name: the given one, or its method's, with the file's where two are alike.

    Args:
        checkpoints: name, which may be empty, and file.

    Raises:
        ValueError: a file that is no checkpoint of ours, or one file so often that there are no names left.
    """
    loaded = [(name, path, load_deblurrer(path)) for name, path in checkpoints]
    unnamed = [model.method for name, _, model in loaded if not name]
    models: dict[str, PhotoDeblurrer] = {}
    for name, path, model in loaded:
        alike = unnamed.count(model.method) > 1
        choices = (name, *(() if alike else (model.method,)), f"{model.method}, {path.stem}", f"{model.method}, {path}")
        chosen = next((choice for choice in choices if choice and choice not in models), None)
        if chosen is None:
            raise ValueError(f"{path} is given several times. Name each, as in A={path} B={path}.")
        models[chosen] = model
    return models
