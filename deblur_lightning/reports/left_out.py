"""What of the results store a table does not show, and why: older runs, and metrics that it has no column for."""

from collections import defaultdict
from collections.abc import Sequence

from deblur_lightning.reports.metric_names import metric_name
from deblur_lightning.reports.results import Result, latest_results
from deblur_lightning.reports.tables import Layout


def older_results(results: Sequence[Result]) -> list[Result]:
    """List the evaluations that a newer one of the same method, dataset and blur takes the place of.

    Args:
        results: every evaluation, as :func:`~deblur_lightning.reports.results.read_results` gives them.
    """
    shown = {id(result) for result in latest_results(results)}
    return [result for result in results if id(result) not in shown]


def left_out(layout: Layout, results: Sequence[Result]) -> list[str]:
    """Say which stored numbers on a table's datasets the table lacks.

    Args:
        layout: of the table.
        results: every evaluation.

    Returns:
        A sentence for older runs and one for metrics, each only where there are some.
    """
    datasets = {score.dataset for score in layout.scores}
    here = [result for result in results if result.dataset in datasets]
    return [*_older_runs(here, several=len(datasets) > 1), *_other_metrics(layout, latest_results(here))]


def count_shown(results: Sequence[Result]) -> str:
    """Say how many of the stored evaluations the tables show, and why not all."""
    older = len(older_results(results))
    if not older:
        return f"Stored evaluations: {len(results)}, all of them in the tables."
    return (
        f"Stored evaluations: {len(results)}, of which the tables show {len(results) - older}. Left out, for a newer "
        f"run of the same method on the same set counts: {older}. numbers.csv has all."
    )


def _older_runs(results: Sequence[Result], *, several: bool) -> list[str]:
    older: dict[str, list[str]] = defaultdict(list)
    for one in older_results(results):
        where = " ".join(filter(None, (one.dataset if several else "", one.blur)))
        older[one.method + f" on {where}" * bool(where)].append(one.date)
    if not older:
        return []
    runs = (f"{name} ({_times(len(dates))}{max(dates)})" for name, dates in older.items())
    return [f"Older runs are left out, for the latest of a method counts; numbers.csv has them: {', '.join(runs)}."]


def _times(count: int) -> str:
    return f"{count} runs up to " if count > 1 else ""


def _other_metrics(layout: Layout, results: Sequence[Result]) -> list[str]:
    columns = {(score.dataset, score.metric) for score in layout.scores}
    lacking = (metric for one in results for metric in one.metrics if (one.dataset, metric) not in columns)
    labels = dict.fromkeys(metric_name(metric).label for metric in lacking)
    return [f"Measured as well, but without a column here; numbers.csv has it: {', '.join(labels)}."] if labels else []
