"""A deblurrer as its recipe, what YAML and checkpoints hold of it, and back."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from torch import nn

from deblur_lightning.deblurring.deblurrer import Deblurrer

Recipe = dict[str, Any]
FRAME = re.compile(
    r"Does not validate against any of the Union subtypes|Subtypes: |Errors:|Given value|Expected a <class 'NoneType'>"
    r"|Subclass types expect one of:|a class path \(str\)$|a dict with(out)? |Not a valid subclass of \w+$"
    r"|Problem with given class_path 'pytorch_lightning\.Callback':$"  # tried of one that is to be added to a list
    r"|Expected a path but .*(?<!\.yaml) either not accessible or invalid$"  # a class may be a YAML that tells of one
)
"""How lines begin that jsonargparse puts around what is wrong."""

WHERE = re.compile(r"(Parser key|Problem with given class_path) .*:$")
"""Lines that tell where it is."""

ABSENT = re.compile(r"No module named '([\w.]+)'")

ASKED = "_asked_for"
"""Attribute of a part of another package: the arguments that YAML or a recipe built it with."""

CHOICES = re.compile(r"Expected a typing\.Literal\[([^\]]*)\]")

PLAIN = (int, float, str, bool, type(None))


def describe(part: object) -> Recipe:
    """Tell a part of the chain as ``{"class_path": …, "init_args": {…}}``, its own parts within it.

    Args:
        part: keeps each argument of its class as an attribute of that name, or was built by `remembered`.

    Raises:
        ValueError: an argument that it does not keep.
    """
    kind = type(part)
    asked = getattr(part, "__dict__", {}).get(ASKED)
    if asked is not None:
        return {"class_path": _path(kind), "init_args": {name: told_plainly(value) for name, value in asked.items()}}
    arguments = {}
    for name in inspect.signature(kind).parameters:
        if not hasattr(part, name):
            raise ValueError(
                f"{kind.__name__} does not keep its argument {name}, but a checkpoint must tell it. "
                f"{_kept(kind, name)}."
            )
        arguments[name] = told_plainly(getattr(part, name))
    return {"class_path": _path(kind), "init_args": arguments}


def _kept(kind: type, name: str) -> str:
    """Tell how a class keeps an argument."""
    if kind.__name__ == "OptimizedModule":
        return "Compile the network where it is: network.compile()"
    if kind.__module__.startswith("torch."):
        return "Build the network in a class of your own, without arguments or with such as it keeps"
    return f"Set self.{name} in its __init__"


def remembered(kind: type[Any], *positional: object, **arguments: object) -> Any:  # noqa: ANN401 - of that class
    """Build an object, and remember its arguments if it is of another package, whose classes may not keep them.

    Args:
        kind: its class.
        *positional: arguments without names; with any, nothing is remembered.
        **arguments: the others.
    """
    part = kind(*positional, **arguments)
    if not positional and kind.__module__.partition(".")[0] != __name__.partition(".")[0]:
        vars(part)[ASKED] = arguments
    return part


def build(recipe: Mapping[str, Any]) -> Deblurrer:
    """Build a deblurrer from its recipe; random weights where it has any.

    Nothing but subclasses of what each argument expects is built, whatever a recipe names.

    Raises:
        ValueError: what in the recipe is unknown or does not fit.
    """
    quieten_jsonargparse()
    from jsonargparse import ArgumentError, ArgumentParser

    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Deblurrer, "deblurrer", fail_untyped=False)  # other packages leave types out
    parser.add_instantiator(remembered, nn.Module, subclasses=True)
    instantiate = getattr(parser, "instantiate", parser.instantiate_classes)  # renamed in jsonargparse 4.49
    try:
        built: Deblurrer = instantiate(parser.parse_object({"deblurrer": dict(recipe)})).deblurrer
    except (ArgumentError, TypeError, KeyError, ValueError) as error:
        raise ValueError(f"the model cannot be built: {_wrong(error)}") from error
    return built


def replaced(recipe: Recipe, options: Mapping[str, object]) -> Recipe:
    """Return a recipe with other values of some arguments, wherever in the chain they are.

    Args:
        recipe: of a deblurrer.
        options: values by the argument's name.

    Raises:
        ValueError: an argument that no part of the chain has, or a value that its part refuses.
    """
    for name, value in options.items():
        recipe, times = _replaced(recipe, name, value)
        if not times:
            raise ValueError(
                f"this model is a {_kinds(recipe)}, which has no {name}. Leave out --{name}{_else(recipe, name)}."
            )
    return recipe


def _kinds(recipe: Recipe) -> str:
    """Name a chain, and what undoes the motion in it."""
    kinds = [part["class_path"].rpartition(".")[2] for part in (recipe, recipe["init_args"].get("restorer")) if part]
    return " with ".join(kinds)


def _else(recipe: Recipe, name: str) -> str:
    """Tell who has the arguments of Richardson-Lucy."""
    lucy = name in ("iterations", "method") and "restorer" in recipe["init_args"]
    return ", or pass --restorer richardson-lucy" if lucy else ""


def _path(kind: type) -> str:
    """Name a class where its package offers it, so that files may move within packages."""
    module, name = kind.__module__, kind.__qualname__
    package = module.rpartition(".")[0]
    offered = getattr(sys.modules.get(package), name, None) is kind
    return f"{package if offered else module}.{name}"


def _replaced(recipe: Recipe, name: str, value: object) -> tuple[Recipe, int]:
    arguments, times = dict(recipe["init_args"]), 0
    for key, argument in arguments.items():
        if key == name:
            arguments[key], times = value, times + 1
        elif isinstance(argument, list):
            inner = [_replaced(part, name, value) if _is_part(part) else (part, 0) for part in argument]
            arguments[key], times = [part for part, _ in inner], times + sum(within for _, within in inner)
        elif _is_part(argument):
            arguments[key], within = _replaced(argument, name, value)
            times += within
    return {**recipe, "init_args": arguments}, times


def _is_part(argument: object) -> bool:
    return isinstance(argument, dict) and "class_path" in argument


def told_plainly(value: object) -> object:
    """Give a value as YAML and checkpoints hold it: numbers, text, lists, mappings, and recipes of parts.

    Raises:
        ValueError: another kind of value, or a part that cannot be described.
    """
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, tuple | list | nn.ModuleList):
        return [told_plainly(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): told_plainly(item) for name, item in value.items()}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, nn.Module) or is_dataclass(value):
        return describe(value)
    raise ValueError(f"{value!r} is a {type(value).__name__}, but a checkpoint holds numbers, text and parts alone.")


def _wrong(error: Exception) -> str:
    """Cut jsonargparse's message, which quotes all it tried, down to what is wrong."""
    said = " ".join(line for line in unframed(str(error)) if not WHERE.match(line)) or str(error)
    said = CHOICES.sub(lambda choices: f"Expected one of {choices[1].replace(chr(39), '')}", said)
    remedy = remedy_of_import(said)
    return f"{said.rstrip('.')}.{remedy}" if remedy else said


def unframed(said: str) -> list[str]:
    """Give the lines of a message of jsonargparse, each once, without those that quote all it tried."""
    lines = [line.strip().removeprefix("- ") for line in said.splitlines()]
    return list(dict.fromkeys(line for line in lines if line and not FRAME.match(line)))


def quieten_jsonargparse() -> None:
    """Keep jsonargparse from telling of names that it renamed, which Lightning and we call: no user can fix that."""
    os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")


def remedy_of_import(said: str) -> str:
    """Say what to do where a message tells of a module that Python does not find; empty where it tells of none."""
    found = ABSENT.search(said)
    return f" Put the folder that holds {found[1]} on PYTHONPATH, or install it." if found else ""
