"""Which runs a sweep in wandb's format stands for, without wandb."""

import difflib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from deblur_lightning.texts import read_text

DEFAULT_COMMAND = ("${env}", "${interpreter}", "${program}", "${args}")  # wandb's, where a file names none
Parameters = dict[str, Any]

KEYS = (
    "name",
    "project",
    "entity",
    "description",
    "method",
    "metric",
    "parameters",
    "program",
    "command",
    "run_cap",
    "early_terminate",
)
"""Of a sweep file, those that matter here."""

PARAMETER_KEYS = ("value", "values", "probabilities", "distribution", "min", "max", "mu", "sigma", "q")


@dataclass(frozen=True)
class SweepPlan:
    """A sweep's runs, in order.

    Attributes:
        name: the file's, without suffix.
        command: of each run, with wandb's macros.
        program: what ``${program}`` stands for.
        metric: the name of the logged figure that runs are compared by.
        maximize: whether more is better.
        runs: each run's parameters; those of a search, drawn at random, until earlier runs tell better ones.
        space: what a search chooses from, as the file has it; None if there is nothing to search.
        patience: validations after which a run may be stopped that does worse than others; None lets all end.
    """

    name: str
    command: Sequence[str]
    program: str
    metric: str
    maximize: bool
    runs: list[Parameters]
    space: Mapping[str, Mapping[str, Any]] | None = None
    patience: int | None = None


def read_sweep(path: Path, count: int | None = None) -> SweepPlan:
    """Read a sweep file and lay out its runs; the same file always gives the same ones.

    Args:
        path: YAML in the format of ``wandb sweep``; methods grid, random and bayes.
        count: how many runs are drawn; None takes the file's ``run_cap``. A grid has all of its runs, or the first
            ``count``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no sweep, or needs what wandb alone has.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist, but it describes the sweep. Check the path.")
    try:
        content = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML ({str(error).splitlines()[0]}). Fix it.") from error
    except RecursionError as error:
        raise ValueError(f"{path}: not YAML (brackets are nested too deeply). Fix it.") from error
    if not isinstance(content, dict) or not isinstance(content.get("parameters"), dict):
        raise ValueError(f"{path}: no parameters, but a sweep varies some. Add `parameters:` as wandb has them.")
    for key in content:
        if key not in KEYS and (near := difflib.get_close_matches(str(key), KEYS, n=1, cutoff=0.8)):
            raise ValueError(f"{path}: {key} is no key of a sweep. Did you mean {near[0]}?")
    metric = content.get("metric") or {}
    goals = ("minimize", "maximize")
    if not isinstance(metric, dict) or "name" not in metric or metric.get("goal", "minimize") not in goals:
        raise ValueError(
            f"{path}: metric is {metric}, but runs are compared by it. Pass name: val/psnr, goal: maximize."
        )
    command = content.get("command", DEFAULT_COMMAND)
    if not isinstance(command, Sequence) or isinstance(command, str) or not command:
        raise ValueError(f"{path}: command is {command}, but it is a list of words. Write one a line, as wandb does.")
    method, cap = content.get("method"), count or content.get("run_cap")
    if cap is not None and not (isinstance(cap, int) and cap >= 1):
        raise ValueError(f"{path}: run_cap is {cap}, but runs come in whole numbers from 1. Pass 20, say.")
    stopping = content.get("early_terminate")
    patience = None if stopping is None else stopping.get("min_iter", 1) if isinstance(stopping, dict) else stopping
    if patience is not None and not (isinstance(patience, int) and patience >= 1):
        raise ValueError(f"{path}: early_terminate is {stopping}, but it needs validations to wait. Pass min_iter: 3.")
    try:
        if method == "grid":
            runs = _grid(content["parameters"])[:cap]
        elif method in ("random", "bayes"):
            if cap is None:
                raise ValueError(f"method {method} never ends. Pass --count, or add run_cap")
            runs = [_draw(content["parameters"], np.random.default_rng((0, number))) for number in range(cap)]
        else:
            raise ValueError(f"method is {method}, but there are grid, random and bayes. Choose one")
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).removesuffix('.')}{'' if str(error).endswith('?') else '.'}") from error
    return SweepPlan(
        name=path.stem,
        command=[str(word) for word in command],
        program=str(content.get("program", "")),
        metric=metric["name"],
        maximize=metric.get("goal") == "maximize",
        runs=runs,
        space=content["parameters"] if method == "bayes" else None,
        patience=patience,
    )


def _grid(parameters: Mapping[str, Any]) -> list[Parameters]:
    """Combine all values with all, the last parameter varying fastest."""
    choices = []
    for name, choice in parameters.items():
        spec = _checked(name, choice)
        if "value" not in spec and "values" not in spec:
            raise ValueError(f"{name} is {spec}, but a grid needs value or values. List them")
        choices.append(_values(name, spec) if "values" in spec else [spec["value"]])
    return [dict(zip(parameters, values, strict=True)) for values in itertools.product(*choices)]


def _draw(parameters: Mapping[str, Any], random: np.random.Generator) -> Parameters:
    """Draw each parameter from its distribution."""
    drawn = {}
    for name, choice in parameters.items():
        try:
            drawn[name] = _drawn(name, _checked(name, choice), random)
        except (TypeError, ValueError, ArithmeticError) as error:
            if str(error).startswith(f"{name} "):
                raise
            raise ValueError(f"{name} is {choice}, but nothing can be drawn from that ({error}). Correct it") from error
    return drawn


def _checked(name: str, choice: object) -> Mapping[str, Any]:
    if not isinstance(choice, dict) or not choice or "parameters" in choice:
        raise ValueError(f"{name} is {choice}, but a parameter has value, values, or min and max. Nest by dots: a.b")
    for key in choice:
        if key not in PARAMETER_KEYS:
            near = difflib.get_close_matches(str(key), PARAMETER_KEYS, n=1)
            meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(PARAMETER_KEYS)}"
            raise ValueError(f"{name} has {key}, but no parameter of a sweep has that. {meant}")
    return choice


def _values(name: str, choice: Mapping[str, Any]) -> list[Any]:
    """Return the values to choose from."""
    values = choice["values"]
    if not isinstance(values, list) or not values:
        raise ValueError(f"{name} has values {values}, but a list of at least one is needed. List them")
    return values


def _number(name: str, choice: Mapping[str, Any], key: str, default: float | None = None) -> Any:  # noqa: ANN401 - an int stays one
    """Read a number; YAML 1.1 takes ``1e-4`` for text, and people write it."""
    value = choice.get(key, default)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise ValueError(f"{name} has {key} {value}, but a number is needed. Write it as 1.0e-4") from None
    return value


def _drawn(name: str, choice: Mapping[str, Any], random: np.random.Generator) -> Any:  # noqa: ANN401 - any YAML value
    if "value" in choice:
        return choice["value"]
    if "values" in choice:
        values, shares = _values(name, choice), choice.get("probabilities")
        if shares is not None:
            shares = [float(share) for share in shares]
            if len(shares) != len(values) or not math.isclose(sum(shares), 1, abs_tol=1e-6):
                raise ValueError(f"{name} has probabilities {shares}, but they sum to 1, one for each value. Fix them")
        return values[int(random.choice(len(values), p=shares))]
    if choice.get("distribution") == "normal":
        return float(random.normal(_number(name, choice, "mu", 0.0), _number(name, choice, "sigma", 1.0)))
    distribution, least, most = range_of(name, choice)
    return KNOWN[distribution](random, least, most, _number(name, choice, "q", 1))


def range_of(name: str, choice: Mapping[str, Any]) -> tuple[str, float, float]:
    """Read a parameter's distribution, its least and its greatest number.

    Raises:
        ValueError: no distribution that is known, or no range.
    """
    least, most = _number(name, choice, "min"), _number(name, choice, "max")
    default = "int_uniform" if isinstance(least, int) and isinstance(most, int) else "uniform"
    distribution = choice.get("distribution", default)
    if distribution not in KNOWN:
        raise ValueError(
            f"{name} has distribution {distribution}, but there are {', '.join(KNOWN)}, normal. Choose one"
        )
    if least is None or most is None or not least <= most:
        raise ValueError(f"{name} is {dict(choice)}, but a range needs min and max in order. Pass both")
    if distribution == "log_uniform_values" and not least > 0:
        raise ValueError(f"{name} has min {least}, but a logarithm needs numbers above 0. Raise it")
    return distribution, least, most


def rounded(number: float, step: float) -> float:
    """Round to a multiple of a step."""
    return round(number / step) * step


KNOWN: dict[str, Callable[[np.random.Generator, float, float, float], float]] = {
    "int_uniform": lambda random, a, b, _: int(random.integers(int(a), int(b), endpoint=True)),
    "uniform": lambda random, a, b, _: random.uniform(a, b),
    "q_uniform": lambda random, a, b, step: rounded(random.uniform(a, b), step),
    "log_uniform": lambda random, a, b, _: math.exp(random.uniform(a, b)),
    "log_uniform_values": lambda random, a, b, _: math.exp(random.uniform(math.log(a), math.log(b))),
}
"""How each distribution is drawn, between its least and greatest number."""
