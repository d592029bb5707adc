"""`deblur compare-runs`: two stored runs picture by picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import Outputs, StoreToRead
from deblur_lightning.commands._output_paths import check_outputs, write_outputs
from deblur_lightning.commands._saying import say
from deblur_lightning.reports.results import STORE, Result, latest_results, read_picture_rows, read_results, read_rows

if TYPE_CHECKING:
    from deblur_lightning.reports.paired import Paired

Rows = Sequence[Mapping[str, str]]


def compare_runs(
    first: Annotated[str, typer.Argument(metavar="A", help="A method's name in tables, or a CSV of results/pictures.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another; it wins where it is better than A.")],
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="The data set, if both methods have several in common.")
    ] = None,
    blur: Annotated[str | None, typer.Option(metavar="NAME", help="GoPro's blur, if both have two.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A metric, such as psnr; repeat for several. Default: all in common."),
    ] = None,
    output: Outputs = None,
    store: StoreToRead = STORE,
) -> None:
    """Compare two runs of the results store, picture by picture.

    Differences are B minus A. It prints their mean with its 95% bootstrap interval, on how many pictures B wins and
    loses, and the p-value of Wilcoxon's signed-rank test. A method's latest run counts; for an older one, pass its CSV.
    """
    check_outputs(output or (), WRITERS)
    (title, where), rows = _runs((first, second), dataset, blur, store)

    from deblur_lightning.reports.paired import paired_rows

    found = compare_rows(paired_rows(*rows, names=(first, second)), metric)
    heading = f"B, {title[1]}, minus A, {title[0]}{where}"
    write_outputs(output or (), lambda suffix: WRITERS[suffix](found, heading))
    say(_drawn(found, heading, "simple", heading + "\n\n"), nl=False)


def compare_rows(
    pairs: Sequence[tuple[Mapping[str, str], Mapping[str, str]]], metrics: Sequence[str] | None = None
) -> list[Paired]:
    """Compare every metric that both runs have.

    Args:
        pairs: rows of the same picture.
        metrics: which; None takes all of which more or less is better.

    Raises:
        ValueError: a metric that the runs do not share, or none.
    """
    from deblur_lightning.reports.metric_names import metric_name
    from deblur_lightning.reports.paired import compare_figures

    columns = [name for name in pairs[0][0] if name != "name" and name in pairs[0][1]]
    if unknown := [name for name in metrics or () if name not in columns]:
        raise ValueError(f"--metric is {unknown[0]}, but both runs have {', '.join(columns)}. Choose one of these.")
    chosen = metrics or [name for name in columns if metric_name(name).more_is_better is not None]
    if not chosen:
        raise ValueError(
            f"no metric tells which run is better; both have {', '.join(columns) or 'none'}. Name --metric."
        )
    found = []
    for name in chosen:
        first, second = ([_score(row, name) for row in side] for side in zip(*pairs, strict=True))
        more = metric_name(name).more_is_better is not False
        found.append(compare_figures(name, first, second, more_is_better=more))
    return found


def _score(row: Mapping[str, str], metric: str) -> float:
    """Read a picture's score; one that is missing is NaN."""
    try:
        return float(row[metric] or "nan")
    except ValueError as error:
        raise ValueError(f"{metric} of {row['name']} is {row[metric]}, but scores are numbers. Correct it.") from error


def _runs(
    named: tuple[str, str], dataset: str | None, blur: str | None, store: Path
) -> tuple[tuple[tuple[str, ...], str], tuple[Rows, Rows]]:
    """Find both runs' rows, and how to call them."""
    stored = read_results(store)
    options = [_options(name, stored, store) for name in named]
    places = [{one.key[1:]: one for one in option} for option in options if option is not None]
    common = [place for place in places[0] if all(place in other for other in places)] if places else []
    wanted = [place for place in common if dataset in (None, place[0]) and blur in (None, place[1])]
    if places and len(wanted) != 1:
        had = "; ".join(" ".join(filter(None, place)) for place in wanted or common) or "none"
        remedy = "Name one by --dataset, and GoPro's by --blur." if common else "Score both on the same set."
        raise ValueError(f"{' and '.join(named)} were scored on these sets in common: {had}. {remedy}")
    rows = []
    for name, option in zip(named, options, strict=True):
        if option is None or Path(name).is_file():
            rows.append(read_picture_rows(Path(name)))
        else:
            rows.append(read_rows(next(one for one in option if one.key[1:] == wanted[0]), store))
    where = f", on {' '.join(filter(None, wanted[0]))}" if places else ""
    return (named, where), (rows[0], rows[1])


def _options(name: str, stored: Sequence[Result], store: Path) -> list[Result] | None:
    """Find what a name may mean: a method's latest runs, or the one whose CSV it is; None is a CSV of none of them."""
    if not Path(name).is_file():
        return _of_method(name, latest_results(stored), store)
    whose = [one for one in stored if one.rows and Path(name).resolve() == (store.parent / one.rows).resolve()]
    return whose or None


def _of_method(name: str, results: Sequence[Result], store: Path) -> list[Result]:
    found = [one for one in results if one.method == name]
    if not results:
        raise ValueError(
            f"{name} is not a file, and {store} holds no result yet. Pass another --store, or score: deblur benchmark."
        )
    if not found:
        known = ", ".join(dict.fromkeys(one.method for one in results))
        raise ValueError(f"{name} is no file and no method in {store}. Choose one of these: {known}.")
    return found


def _drawn(found: Sequence[Paired], heading: str, layout: str, title: str) -> str:
    from tabulate import tabulate

    from deblur_lightning.reports.metric_names import metric_name

    heads = ["metric", "pictures", "A", "B", "B - A", "95% interval", "B wins", "A wins", "ties", "p (Wilcoxon)"]
    lines = []
    for one in found:
        label, digits, _ = metric_name(one.metric)
        numbers = [f"{value:.{digits}f}" for value in (one.first, one.second)]
        spread = f"{one.low:+.{digits + 1}f} to {one.high:+.{digits + 1}f}"
        counts = map(str, (one.wins, one.losses, one.ties))
        difference = f"{one.difference:+.{digits + 1}f}"
        lines.append([label, str(one.pictures), *numbers, difference, spread, *counts, f"{one.p_value:.2g}"])
    align = ["left"] + ["right"] * (len(heads) - 1)
    return title + tabulate(lines, heads, tablefmt=layout, disable_numparse=True, colalign=align) + "\n"


def _as_csv(found: Sequence[Paired], heading: str) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(found[0]._fields)
    writer.writerows(found)
    return file.getvalue()


def _as_json(found: Sequence[Paired], heading: str) -> str:
    content = {"compared": heading, "metrics": [one._asdict() for one in found]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


WRITERS: dict[str, Callable[[Sequence[Paired], str], str]] = {
    ".csv": _as_csv,
    ".md": lambda found, heading: _drawn(found, heading, "github", f"## {heading}\n\n"),
    ".json": _as_json,
}
"""What `--output` may end in."""
