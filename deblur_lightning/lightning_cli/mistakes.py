"""What is wrong with the arguments of `lightning`, in one line."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import NoReturn

from pytorch_lightning.cli import LightningArgumentParser

from deblur_lightning.deblurring.recipe import remedy_of_import, unframed

CLASS = re.compile(r"Problem with given class_path '([\w.]+)\.(\w+)':")
KEY = re.compile(r'Parser key "([\w.]+)":')
OPTION = re.compile(r"(?:[Oo]ption '|unrecognized arguments: )([\w.-]+)")

EXPECTED = r"Expected a (?:<class '(int|float|bool|str)'>|typing\.Literal\[([^\]]*)\])"
WRONG_KIND = re.compile(rf"(.+?): ((?:{EXPECTED} ?)+)(?:\. Got value: (.*))?")
GIVEN = re.compile(r"Given value: (.*)")
KINDS = {"int": "an integer", "float": "a number", "bool": "true or false", "str": "text"}


class BriefParser(LightningArgumentParser):
    """Lightning's parser without fifty lines of usage and quoted values; it alone knows which options there are."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print one line and leave with status 2; parsers that jsonargparse only tries raise as ever."""
        if not self.exit_on_error:
            super().error(message, ex)
        parser = getattr(ex, "subcommand_parser", None) or self
        known = [name for action in parser._actions for name in (action.dest, *action.option_strings)]
        self.exit(2, f"lightning: {brief(message, known)}\n")


def brief(said: str, known: Iterable[str] = ()) -> str:
    """Cut a message of jsonargparse down to one line, and suggest what was meant.

    Args:
        said: its message.
        known: options that the command takes, for one that it does not.
    """
    line = " ".join(unframed(said))
    if missing := re.search(r"(Expected a <class 'float'> )?Expected a dot import path string: (\S+)", line):
        argument = ".".join(KEY.findall(line)) or "the class to help with"  # --model.help names no key
        if missing[1]:  # or a tensor, as torch's optimizers take
            return f"{argument} is {missing[2]}, but it is a number. Pass one, such as 0.001."
        return f"{argument} is {missing[2]}, but no class has that name. {_remedy(missing[2], _classes())}"
    classes = CLASS.findall(line)  # from the outermost to the one whose option it is
    module, name = classes[-1] if classes else ("", "")
    line = KEY.sub(r"\1:", CLASS.sub(r"\2:", line)).rstrip(".")
    wrong = WRONG_KIND.fullmatch(line)  # of one kind, or of several of which each has a line
    if wrong and (given := GIVEN.findall(said) if wrong[5] is None else [wrong[5]]):  # the innermost comes first
        return f"{wrong[1]} is '{given[0]}', but {_kinds(wrong[2])} is needed."
    if line.startswith("the following arguments are required"):
        return f"{line}. Pass --config FILE.yaml, or name them."
    if line.startswith("Unexpected config:"):
        return f"{line}, but a --config file maps options to values, as in trainer: {{max_epochs: 2}}. Check the file."
    if not (option := OPTION.search(line)):
        return f"{line}.{remedy_of_import(line)}"
    # jsonargparse has imported the class already: it knows which options that takes
    accepted = _arguments(getattr(importlib.import_module(module), name)) if name else known
    return f"{line}. {_remedy(option[1], accepted, name, inner=len(classes) > 1)}"


def _kinds(expected: str) -> str:
    """Name in plain words what jsonargparse expects, each kind or choice once."""
    words: dict[str, None] = {}
    for kind, choices in re.findall(EXPECTED, expected):
        words |= dict.fromkeys([KINDS[kind]] if kind else choices.replace("'", "").split(", "))
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _arguments(of: type) -> list[str]:
    """List a class's arguments, and those of the records among them as ``samples.train``."""
    arguments = inspect.signature(of).parameters
    records = {name: argument.default for name, argument in arguments.items() if is_dataclass(argument.default)}
    return [*arguments, *(f"{name}.{part.name}" for name, record in records.items() for part in fields(record))]


def _classes() -> list[str]:
    from deblur_lightning import callbacks, data, modules

    return [name for package in (modules, data, callbacks) for name in package.__all__]


def _remedy(wrong: str, known: Iterable[str], of: str = "", *, inner: bool = False) -> str:
    """Suggest the option that was meant, by its last word where that tells."""
    bare = wrong.lstrip("-")
    if not of and bare.split(".")[0] in ("optimizer", "lr_scheduler", "scheduler", "lr"):
        return (
            "The optimizer is the model's: --model.init_args.optimizer CLASS, "
            "its arguments --model.init_args.optimizer.init_args.lr and alike."
        )
    words = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[2]}
    last = bare.rpartition(".")[2]
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.8)
    near = near or [words[word] for word in difflib.get_close_matches(last, words, n=1, cutoff=0.8)]
    if near:
        return f"Did you mean {near[0]}?"
    if inner:
        return f"It takes {', '.join(known)}."
    part = "data" if of.endswith("DataModule") else "model"
    return f"See `lightning fit --{f'{part}.help {of}' if of else 'help'}`."
