"""Run a sweep here, one run after another: what is finished stays finished, what was stopped goes on."""

import csv
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from deblur_lightning.commands.sweep.plan import Parameters, SweepPlan
from deblur_lightning.commands.sweep.search import check_search_installed, fits, is_hopeless, suggest
from deblur_lightning.texts import parse_json
from deblur_lightning.whole_file import whole_file

LOG = "metrics.csv"
LOOKS = 5.0
"""Seconds between looks at a run's log."""

OURS = ("lightning", "deblur-lightning")  # run by this Python, wherever the scripts are


@dataclass(frozen=True)
class Outcome:
    """One run.

    Attributes:
        name: its folder's.
        parameters: what the sweep chose.
        best: the best value of the metric; None if it failed.
        last: the last value of the metric.
        minutes: it took, over all its starts.
        fault: why it failed, or nothing.
        stopped: it was stopped early, being worse than others.
    """

    name: str
    parameters: Parameters
    best: float | None = None
    last: float | None = None
    minutes: float = 0.0
    fault: str = ""
    stopped: bool = False


def run_sweep(plan: SweepPlan, folder: Path, say: Callable[[str], None] = print) -> list[Outcome]:
    """Run what is not finished yet and write the comparison.

    Each run has a folder of its own: log, checkpoints, ``output.txt``, and ``finished.json`` once it is. A run that
    was killed goes on from its last checkpoint; one that failed is tried again.

    Args:
        plan: the runs.
        folder: theirs; ``table.md`` goes there.
        say: takes lines for people.

    Returns:
        The runs, best first, failed ones last.

    Raises:
        ValueError: `lightning` would refuse what the runs pass to it, or a macro is not known here.
    """
    check_search_installed(plan)
    check_arguments(plan, folder)
    outcomes: list[Outcome] = []
    for number in range(len(plan.runs)):
        tried = [(one.parameters, one.best) for one in outcomes if one.best is not None]
        parameters = _searched_before(plan, number, folder) or suggest(plan, number, tried)
        run = folder / run_name(number, parameters)
        if (run / "finished.json").is_file():
            outcome = _finished(run / "finished.json")
            say(f"{run.name}: finished before, {plan.metric} {outcome.best:.4g}")
        else:
            say(f"{run.name}: {_spelled(parameters)}")
            curves = [_values(folder / one.name / LOG, plan.metric) for one in outcomes if one.best is not None]
            outcome = _train(plan, parameters, run, curves)
            early = ", stopped early" if outcome.stopped else ""
            ended = f"{plan.metric} {outcome.best:.4g}, {outcome.minutes:.1f} min{early}" if not outcome.fault else ""
            say(f"{run.name}: {outcome.fault or ended}")
        outcomes.append(outcome)
    outcomes.sort(key=lambda one: _rank(one, plan.maximize))
    with whole_file(folder / "table.md") as part:
        part.write_text(comparison(plan, outcomes), encoding="utf-8")
    return outcomes


def _searched_before(plan: SweepPlan, number: int, folder: Path) -> Parameters | None:
    """Find what a search chose for a run that is finished: a run that failed then may have changed what follows."""
    for finished in sorted(folder.glob(f"{number:03d}-*/finished.json")):
        parameters = _finished(finished).parameters
        if fits(plan, parameters) and run_name(number, parameters) == finished.parent.name:
            return parameters
    return None


def _finished(path: Path) -> Outcome:
    """Read what a finished run came to.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        return Outcome(**parse_json(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{path} is no record of a finished run ({error}). Delete its folder to train that run again."
        ) from error


def check_arguments(plan: SweepPlan, folder: Path) -> None:
    """Have `lightning` read the arguments of runs to come, before the first of them trains.

    One run tells whether every parameter has a name that is known; further ones are read where they bring something
    other than a number that none before has, such as a file's name or a class.

    Raises:
        ValueError: arguments that `lightning` refuses, with what it says.
    """
    if not any(word in OURS for word in plan.command):
        return  # another program has no way to read without running
    read: set[tuple[str, str]] | None = None
    for number, parameters in enumerate(plan.runs):
        run = folder / run_name(number, parameters)
        further = {(name, _value(value)) for name, value in parameters.items() if not isinstance(value, int | float)}
        if (run / "finished.json").is_file() or (read is not None and further <= read):
            continue
        read = (read or set()) | further
        command = [*command_of(plan, parameters, run), "--print_config"]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - the sweep's own
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
            raise ValueError(f"{run.name}: {said[-1].removeprefix('lightning: ')}")


def run_name(number: int, parameters: Parameters) -> str:
    """Name a run by its place and its parameters, so that an edited sweep does not take old runs for its own."""
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    return f"{number:03d}-{digest[:8]}"


def command_of(plan: SweepPlan, parameters: Parameters, run: Path) -> list[str]:
    """Fill in wandb's macros, and send the run's log and checkpoints to its folder.

    Raises:
        ValueError: a macro that is not known here.
    """
    macros = {
        "${env}": [],
        "${interpreter}": [sys.executable],
        "${program}": [plan.program],
        "${args}": [f"--{name}={_value(value)}" for name, value in parameters.items()],
        "${args_no_hyphens}": [f"{name}={_value(value)}" for name, value in parameters.items()],
        "${args_no_equals}": [part for name, value in parameters.items() for part in (f"--{name}", _value(value))],
        **{name: [sys.executable, "-m", "deblur_lightning"] for name in OURS},
    }
    words: list[str] = []
    for word in plan.command:
        if word not in macros and "${" in word:
            raise ValueError(f"the sweep's command has {word}, but only {', '.join(macros)} are known. Use those.")
        words += macros.get(word, [word])
    log = "--trainer.logger"
    words += [f"{log}=deblur_lightning.callbacks.GrowingLog", f"{log}.init_args.save_dir={run.parent.parent}"]
    words += [f"{log}.init_args.name={run.parent.name}", f"{log}.init_args.version={run.name}"]
    last = run / "checkpoints" / "last.ckpt"
    return [*words, f"--ckpt_path={last}"] if last.is_file() else words


def comparison(plan: SweepPlan, outcomes: list[Outcome]) -> str:
    """Tabulate runs in Markdown: what varies, the metric, the time."""
    from tabulate import tabulate

    tried = [one.parameters for one in outcomes]
    names = [name for name in plan.runs[0] if len({_value(run[name]) for run in tried}) > 1]
    rows = [
        [
            one.name,
            *(_value(one.parameters[name]) for name in names),
            *(
                ["failed", ""]
                if one.best is None
                else [f"{one.best:.4f}", f"{one.last:.4f}{' (stopped)' * one.stopped}"]
            ),
            f"{one.minutes:.1f}",
        ]
        for one in outcomes
    ]
    heads = ["run", *names, f"{plan.metric} (best)", "(last)", "minutes"]
    table = tabulate(rows, heads, tablefmt="github", disable_numparse=True)
    return f"# {plan.name}\n\n{table}\n"


def _train(plan: SweepPlan, parameters: Parameters, run: Path, others: Sequence[Sequence[float]]) -> Outcome:
    run.mkdir(parents=True, exist_ok=True)
    command = command_of(plan, parameters, run)
    spent = run / "seconds"
    began = time.monotonic() - (float(spent.read_text(encoding="utf-8")) if spent.is_file() else 0.0)
    stopped = False

    def give_up() -> bool:
        nonlocal stopped
        stopped = is_hopeless(plan, _values(run / LOG, plan.metric), others)
        return stopped

    try:
        with (run / "output.txt").open("ab") as output:
            status = _wait(command, output.fileno(), give_up)
    finally:
        with whole_file(spent) as part:
            part.write_text(str(time.monotonic() - began), encoding="utf-8")
    minutes = (time.monotonic() - began) / 60
    values = _values(run / LOG, plan.metric)
    if (status and not stopped) or not values:
        lines = (run / "output.txt").read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        fault = f"exit status {status}: {lines[-1]}" if status else f"logged no {plan.metric}"
        return Outcome(run.name, parameters, minutes=minutes, fault=f"failed ({fault}); see {run / 'output.txt'}")
    best = max(values) if plan.maximize else min(values)
    outcome = Outcome(run.name, parameters, best, values[-1], minutes, stopped=stopped)
    with whole_file(run / "finished.json") as part:
        part.write_text(json.dumps(outcome.__dict__), encoding="utf-8")
    return outcome


def _wait(command: list[str], output: int, give_up: Callable[[], bool]) -> int:
    """Run a command to its end, or until it is given up; on SIGTERM let it save first, then leave."""

    def leave(signal_number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + signal_number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as child:  # noqa: S603 - the sweep's own
            try:
                while True:
                    try:
                        return child.wait(LOOKS)
                    except subprocess.TimeoutExpired:
                        if give_up():
                            child.terminate()
                            return child.wait()
            except BaseException:
                child.terminate()
                raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _values(log: Path, metric: str) -> list[float]:
    if not log.is_file():
        return []
    with log.open(newline="") as file:
        return [float(row[metric]) for row in csv.DictReader(file) if row.get(metric)]


def _rank(outcome: Outcome, maximize: bool) -> tuple[bool, float]:
    """Order best first; a NaN, like a failed run, comes after all others."""
    if outcome.best is None or outcome.best != outcome.best:
        return True, 0.0
    return False, -outcome.best if maximize else outcome.best


def _value(value: object) -> str:
    """Write a value such that YAML reads it as what it is; texts are passed as they are."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _spelled(parameters: Parameters) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in parameters.items())
