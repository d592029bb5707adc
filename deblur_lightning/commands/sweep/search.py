"""What a sweep tries next, and which run it stops early: Optuna's search over wandb's file format."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from deblur_lightning.commands.sweep.plan import Parameters, SweepPlan, range_of, rounded

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

RANDOM_RUNS = 10
"""Runs of a search that are drawn at random, before earlier ones can tell anything."""

COMPARED_RUNS = 5
"""Runs that must have ended before one is stopped for being worse than them."""


def check_search_installed(plan: SweepPlan) -> None:
    """Raise unless the package that searches is there, if the sweep needs it.

    Raises:
        ValueError: how to install it.
    """
    if (plan.space or plan.patience) and importlib.util.find_spec("optuna") is None:
        raise ValueError(
            "optuna is not installed, but method bayes and early_terminate need it. "
            "Run: pip install 'deblur-lightning[sweep]', or choose method random."
        )


def suggest(plan: SweepPlan, number: int, ended: Sequence[tuple[Parameters, float]]) -> Parameters:
    """Choose a run's parameters: as drawn, or in a search near those of the best runs.

    The same ended runs always lead to the same parameters, so a stopped sweep goes on as if it had not been.
    Parameters with a normal distribution, or with probabilities of their own, stay as drawn.

    Args:
        plan: the sweep.
        number: which run, from 0.
        ended: parameters and best value of the metric of runs that ended.

    Source:
        Bergstra et al. 2011, tree-structured Parzen estimator, as Optuna has it.
    """
    drawn = plan.runs[number]
    ended = [(parameters, value) for parameters, value in ended if math.isfinite(value)]
    if plan.space is None or number < RANDOM_RUNS or not ended:
        return drawn
    import optuna

    space = {name: found for name, choice in plan.space.items() if (found := _distribution(name, choice))}
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction=_direction(plan), sampler=optuna.samplers.TPESampler(seed=number))
    for parameters, value in ended:
        chosen = {name: _encoded(plan.space[name], space[name], parameters[name]) for name in space}
        study.add_trial(optuna.trial.create_trial(params=chosen, distributions=space, value=value))
    answer = study.ask(space).params
    return drawn | {name: _decoded(plan.space[name], value) for name, value in answer.items()}


def is_hopeless(plan: SweepPlan, curve: Sequence[float], others: Sequence[Sequence[float]]) -> bool:
    """Tell whether a run's best so far is worse than the median of others after as many validations.

    Args:
        plan: the sweep, with the validations that every run is given.
        curve: the metric at the run's validations so far.
        others: likewise of runs that ended.
    """
    if plan.patience is None or not curve or len(others) < COMPARED_RUNS:
        return False
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(COMPARED_RUNS, n_warmup_steps=plan.patience - 1)
    study = optuna.create_study(direction=_direction(plan), pruner=pruner)
    for other in others:
        study.add_trial(optuna.trial.create_trial(value=other[-1], intermediate_values=dict(enumerate(other))))
    trial = study.ask()
    for step, value in enumerate(curve):
        trial.report(value, step)
    return bool(trial.should_prune())  # NumPy's otherwise


def fits(plan: SweepPlan, parameters: Parameters) -> bool:
    """Tell whether a search could have chosen some parameters, so that an edited sweep takes no old run for its own."""
    if plan.space is None or parameters.keys() != plan.space.keys():
        return False
    for name, choice in plan.space.items():
        value = parameters[name]
        if "value" in choice or "values" in choice:
            if value not in choice.get("values", [choice.get("value")]):
                return False
        elif choice.get("distribution") != "normal":
            space = _distribution(name, choice)
            if space is not None and _encoded(choice, space, value) != value:  # a number beyond comes back as the limit
                return False
    return True


def _direction(plan: SweepPlan) -> Literal["minimize", "maximize"]:
    return "maximize" if plan.maximize else "minimize"


def _distribution(name: str, choice: Mapping[str, Any]) -> BaseDistribution | None:
    """Give what a parameter is searched in; None if there is one value alone, or if it stays as drawn."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if "value" in choice or "probabilities" in choice or choice.get("distribution") == "normal":
        return None
    if "values" in choice:
        return CategoricalDistribution(range(len(choice["values"])))  # by place: YAML's values may be of any kind
    distribution, least, most = range_of(name, choice)
    if not least < most:
        return None
    if distribution == "int_uniform":
        return IntDistribution(int(least), int(most))
    if distribution == "log_uniform":
        return FloatDistribution(math.exp(least), math.exp(most), log=True)
    return FloatDistribution(float(least), float(most), log=distribution == "log_uniform_values")


def _encoded(choice: Mapping[str, Any], space: BaseDistribution, value: Any) -> Any:  # noqa: ANN401 - any YAML value
    if "values" in choice:
        return [json.dumps(one) for one in choice["values"]].index(json.dumps(value))
    return min(max(value, space.low), space.high)  # type: ignore[attr-defined] # rounding may lead beyond


def _decoded(choice: Mapping[str, Any], value: Any) -> Any:  # noqa: ANN401 - likewise
    if "values" in choice:
        return choice["values"][value]
    return rounded(value, float(choice.get("q", 1))) if choice.get("distribution") == "q_uniform" else value
