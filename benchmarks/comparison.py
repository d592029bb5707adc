"""Time the variants of a case in turn, so that whatever else the machine does falls on all of them alike."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch.utils.benchmark import Measurement, Timer

from benchmarks.memory import peak_megabytes

SHORTEST_TURN = 0.05  # seconds; a faster variant runs several times in its turn


class Case(NamedTuple):
    """One task, done in several ways.

    Attributes:
        task: what is done and at what size, for the table.
        variants: functions without arguments by name; the first is the plain formulation the others are measured by.
        work: what a variant takes, where known, in 10^9 operations (or bytes, where the task says so): its rate can
            then be held against the machine's, which the comparison `limits` measures.
    """

    task: str
    variants: Mapping[str, Callable[[], object]]
    work: Mapping[str, float] = MappingProxyType({})


class Row(NamedTuple):
    """One variant's line of the table."""

    task: str
    variant: str
    milliseconds: float
    percent_spread: float
    times_faster: float
    megabytes: float
    times_smaller: float
    giga_per_second: float | None


def compare(case: Case, repetitions: int) -> list[Row]:
    """Run every variant once for its peak memory, then all of them in turn for their medians."""
    megabytes = {}
    for name, run in case.variants.items():
        run()
        megabytes[name] = peak_megabytes(run)
    turns = {name: list[Measurement]() for name in case.variants}
    threads = torch.get_num_threads()
    for _ in range(repetitions):
        for name, run in case.variants.items():
            timer = Timer("run()", globals={"run": run}, num_threads=threads)
            turns[name].append(timer.blocked_autorange(min_run_time=SHORTEST_TURN))
    times = {name: Measurement.merge(measurements)[0] for name, measurements in turns.items()}
    plain = next(iter(case.variants))
    return [
        Row(
            case.task if name == plain else "",
            name,
            1e3 * times[name].median,
            100 * times[name].iqr / times[name].median,
            times[plain].median / times[name].median,
            megabytes[name],
            megabytes[plain] / max(megabytes[name], 1),
            case.work[name] / times[name].median if name in case.work else None,
        )
        for name in case.variants
    ]
