"""Results as tables: which cell holds what, before any format is chosen.

A number is measured, published, or the difference of both, and the column says which.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from deblur_lightning.reports.metric_names import DEFINITIONS, metric_name
from deblur_lightning.reports.published import MARKS, Published, find_published
from deblur_lightning.reports.results import Result

NOT_RUN = "not run"
NONE = "—"

Kind = Literal["method", "measured", "published", "difference"]


class Score(NamedTuple):
    """What one pair of columns is about: a metric on a dataset, with GoPro's blur where there are two."""

    dataset: str
    metric: str
    blur: str = ""


class Cell(NamedTuple):
    """One cell as text."""

    text: str
    bold: bool = False


class Column(NamedTuple):
    """One column's head, and what kind of number stands below."""

    head: str
    kind: Kind
    score: Score | None = None


@dataclass(frozen=True)
class Layout:
    """What a table shows, whether measured yet or not.

    Attributes:
        name: its file's stem.
        title: its heading.
        scores: its metrics, in order.
        papers: whose published numbers it shows, by how ``Published.paper`` starts; earlier ones win.
        methods: rows shown in any case, first.
        note: what its reader must know.
    """

    name: str
    title: str
    scores: tuple[Score, ...]
    papers: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table ready to be rendered."""

    name: str
    title: str
    columns: list[Column]
    rows: list[list[Cell]]
    notes: list[str] = field(default_factory=list)

    @property
    def is_measured(self) -> bool:
        """Whether any of its numbers was measured here."""
        measured = [number for number, column in enumerate(self.columns) if column.kind == "measured"]
        return any(row[number].text not in (NOT_RUN, NONE) for row in self.rows for number in measured)


def build_table(
    layout: Layout, results: Sequence[Result], published: Sequence[Published], commands: dict[str, str] | None = None
) -> Table:
    """Fill a layout with what was measured and what was published.

    Args:
        layout: rows and columns.
        results: evaluations, one each of a method, dataset and blur.
        published: published numbers.
        commands: for each dataset, the one command that adds it; named where the dataset was not run at all.

    Returns:
        The table; its notes explain marks and metrics that occur in it.
    """
    scores = _split_by_blur(layout.scores, results)
    shown = [one for one in published if any(one.paper.startswith(paper) for paper in layout.papers)]
    methods = _methods(layout, scores, results, shown)
    columns = [Column("Method", "method")]
    cells = [[Cell(method)] for method in methods]
    for score in scores:
        label = _label(score, scores)
        measured = [_measured(results, method, score) for method in methods]
        printed = [find_published(shown, method, score.dataset, score.metric, layout.papers) for method in methods]
        if score.metric != "printed_ssim":
            _append(
                cells,
                columns,
                Column(f"{label}, measured", "measured", score),
                _measured_cells(measured, score, alike=len(_by_count(results, score)) < 2),
            )
        first = next(one for one in scores if one[:2] == score[:2]) == score  # two blurs share one published column
        if any(printed) and first:
            heads = [Cell(one.printed if one else NONE) for one in printed]
            _append(
                cells,
                columns,
                Column(f"{_label(score._replace(blur=''), scores)}, published", "published", score),
                heads,
            )
        pairs = list(zip(measured, printed, strict=True))
        if any(_comparable(value, one, score) for value, one in pairs):
            differences = [_difference(value, one, score) for value, one in pairs]
            _append(cells, columns, Column(f"{label}, difference", "difference", score), differences)
    notes = _notes(layout, scores, results, [one for one in shown if one.method in methods], commands or {})
    return Table(layout.name, layout.title, columns, cells, notes)


def _split_by_blur(scores: Iterable[Score], results: Sequence[Result]) -> list[Score]:
    """Give each GoPro score one column a blur that was measured; ``blur``, as most papers, where none was."""
    split = []
    for score in scores:
        blurs = sorted({result.blur for result in results if result.dataset == score.dataset})
        if score.dataset == "GoPro" and not blurs:
            blurs = ["blur"]
        split += [score._replace(blur=blur) for blur in blurs] or [score]
    return split


def _methods(
    layout: Layout, scores: list[Score], results: Sequence[Result], published: Sequence[Published]
) -> list[str]:
    """List rows: the layout's, then published ones, then whatever else was measured on these datasets."""
    datasets = {score.dataset for score in scores}
    wanted = {(score.dataset, score.metric) for score in scores}
    names = [*layout.methods]
    names += [one.method for one in published if (one.dataset, one.metric) in wanted]
    names += [result.method for result in results if result.dataset in datasets]
    return list(dict.fromkeys(names))


def _label(score: Score, scores: list[Score]) -> str:
    several = len({other.dataset for other in scores}) > 1
    where = [score.dataset] if several else []
    on = [f"on {score.blur}"] if score.blur else []
    return " ".join([*where, metric_name(score.metric).label, *on])


def _append(cells: list[list[Cell]], columns: list[Column], column: Column, below: list[Cell]) -> None:
    columns.append(column)
    for row, cell in zip(cells, below, strict=True):
        row.append(cell)


def _measured(results: Sequence[Result], method: str, score: Score) -> float | str:
    result = next((one for one in results if one.key == (method, score.dataset, score.blur)), None)
    if result is None:
        return NOT_RUN
    if score.metric == "seconds" and result.restores and result.pictures and result.seconds:
        return result.seconds / result.pictures
    return result.metrics.get(score.metric, NONE)


def _by_count(results: Sequence[Result], score: Score) -> dict[int, list[str]]:
    """Sort methods by how many pictures their means are over, where that was kept."""
    counts: dict[int, list[str]] = {}
    for one in results:
        if (one.dataset, one.blur) == (score.dataset, score.blur) and one.pictures:
            counts.setdefault(one.pictures, []).append(one.method)
    return counts


def _measured_cells(values: list[float | str], score: Score, *, alike: bool) -> list[Cell]:
    """Write measured values, the best bold where all are of as many pictures."""
    name = metric_name(score.metric)
    texts = [value if isinstance(value, str) else f"{value:.{name.digits}f}" for value in values]
    rounded = [float(text) for text, value in zip(texts, values, strict=True) if not isinstance(value, str)]
    if name.more_is_better is None or len(rounded) < 2 or not alike:
        return [Cell(text) for text in texts]
    best = f"{(max if name.more_is_better else min)(rounded):.{name.digits}f}"
    return [Cell(text, bold=text == best) for text in texts]


def _comparable(measured: float | str, printed: Published | None, score: Score) -> bool:
    same_blur = printed is not None and printed.blur in ("", score.blur)
    return same_blur and not isinstance(measured, str) and score.metric not in ("seconds", "printed_ssim")


def _difference(measured: float | str, printed: Published | None, score: Score) -> Cell:
    if isinstance(measured, str) or printed is None or not _comparable(measured, printed, score):
        return Cell(NONE)
    return Cell(f"{measured - float(printed.value):+.{metric_name(score.metric).digits}f}")


def _notes(
    layout: Layout,
    scores: list[Score],
    results: Sequence[Result],
    published: Sequence[Published],
    commands: dict[str, str],
) -> list[str]:
    wanted = {(score.dataset, score.metric) for score in scores}
    shown = [one for one in published if (one.dataset, one.metric) in wanted]
    notes = [layout.note] if layout.note else []
    run = {result.dataset for result in results}
    notes += [
        f"{dataset} was not run. Add it: `{commands[dataset]}`"
        for dataset in dict.fromkeys(score.dataset for score in scores)
        if dataset not in run and dataset in commands
    ]
    for dataset, blur in dict.fromkeys((score.dataset, score.blur) for score in scores):
        counts = _by_count(results, Score(dataset, "", blur))
        if len(counts) > 1:
            several = "; ".join(f"{count} ({', '.join(counts[count])})" for count in sorted(counts))
            where = " ".join(filter(None, (dataset, blur)))
            notes.append(f"Means on {where} are not of the same pictures, so no best one is bold: of {several}.")
    notes += [meaning for mark, meaning in MARKS.items() if any(one.mark == mark for one in shown)]
    notes += [DEFINITIONS[metric] for metric in dict.fromkeys(s.metric for s in scores) if metric in DEFINITIONS]
    for blur in ("blur", "blur_gamma"):
        names = dict.fromkeys(one.method for one in shown if one.blur == blur)
        notes += [f"Published on GoPro's `{blur}`: {', '.join(names)}"] if names else []
    if any(one.dataset == "GoPro" and not one.blur for one in shown):
        notes.append("Other published GoPro rows do not say whether they are on `blur` or `blur_gamma`.")
    papers = dict.fromkeys(f"{one.paper}, {one.table}" for one in shown)
    notes += [f"Published: {'; '.join(papers)}."] if papers else []
    return notes
