"""Two runs picture by picture: how much one is better, and how sure that is."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 9999
CONFIDENCE = 0.95
SEED = 0  # the same two runs always give the same interval


class Paired(NamedTuple):
    """How two runs differ in one metric over the same pictures; differences are the second's figure minus the first's.

    Attributes:
        metric: its name.
        pictures: how many are compared: those with a finite figure in both.
        first: mean of the first run.
        second: mean of the second.
        difference: mean difference.
        low: end of its 95% bootstrap interval.
        high: the other end; both are the difference itself where all pictures differ alike or there is one picture.
        wins: pictures at which the second run is better.
        losses: pictures at which the first is.
        ties: the others.
        p_value: of Wilcoxon's signed-rank test, two-sided; 1 where no picture differs.
    """

    metric: str
    pictures: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    p_value: float


def compare_figures(
    metric: str, first: Sequence[float], second: Sequence[float], *, more_is_better: bool = True
) -> Paired:
    """Compare the figures of the same pictures.

    Args:
        metric: what they are of.
        first: a figure a picture.
        second: likewise, in the same order.
        more_is_better: False where less wins.

    Raises:
        ValueError: other numbers of pictures, or none with a finite figure in both.

    Source:
        Bias-corrected and accelerated bootstrap: Efron 1987; signed ranks: Wilcoxon 1945; both by SciPy.
    """
    from scipy.stats import bootstrap, wilcoxon

    if len(first) != len(second):
        raise ValueError(f"{metric} has {len(first)} and {len(second)} scores, but pictures are paired. Pass as many.")
    both = np.array([pair for pair in zip(first, second, strict=True) if all(map(math.isfinite, pair))])
    if not len(both):
        raise ValueError(f"{metric} is finite in both runs for no picture, but differences need one. Leave it out.")
    differences = both[:, 1] - both[:, 0]
    mean = float(differences.mean())
    low = high = mean
    if np.ptp(differences) > 0:
        generator = np.random.default_rng(SEED)
        drawn = bootstrap((differences,), np.mean, n_resamples=RESAMPLES, confidence_level=CONFIDENCE, rng=generator)
        low, high = map(float, drawn.confidence_interval)
    better = differences if more_is_better else -differences
    wins, losses = int((better > 0).sum()), int((better < 0).sum())
    p_value = float(wilcoxon(differences).pvalue) if wins + losses else 1.0
    before, after = map(float, both.mean(axis=0))
    return Paired(metric, len(both), before, after, mean, low, high, wins, losses, len(both) - wins - losses, p_value)


def paired_rows(
    first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]], names: tuple[str, str]
) -> list[tuple[Mapping[str, str], Mapping[str, str]]]:
    """Pair the rows of two runs by the pictures' names.

    Args:
        first: rows with ``name``, as the results store keeps them.
        second: likewise.
        names: what the runs are called, for messages.

    Raises:
        ValueError: a run without rows, or with two of one picture, or other pictures.
    """
    sides = [{row["name"]: row for row in rows} for rows in (first, second)]
    for side, rows, name in zip(sides, (first, second), names, strict=True):
        if not side:
            raise ValueError(f"{name} has no scores of single pictures, but pictures are compared. Score it again.")
        if len(side) < len(rows):
            twice, _ = Counter(row["name"] for row in rows).most_common(1)[0]
            raise ValueError(f"{name} has several rows of {twice}, but pictures are told by their names. Keep one.")
    for here, there in ((0, 1), (1, 0)):
        side, other, name, theirs = sides[here], sides[there], names[here], names[there]
        if alone := [picture for picture in side if picture not in other]:
            raise ValueError(
                f"{name} has {alone[0]}, but {theirs} does not ({len(alone)} such of {len(side)}): they were scored on "
                "other pictures. Score both on the same set."
            )
    return [(row, sides[1][picture]) for picture, row in sides[0].items()]
