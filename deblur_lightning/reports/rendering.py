"""A table in GitHub's Markdown, in LaTeX (booktabs), or as one long CSV of every number."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from tabulate import tabulate

from deblur_lightning.reports.markdown import markdown_cell
from deblur_lightning.reports.published import Published
from deblur_lightning.reports.results import Result
from deblur_lightning.reports.tables import Cell, Table

# Stand-ins that survive tabulate's escaping and become LaTeX commands after it.
_BOLD_START, _BOLD_END = "\ue000", "\ue001"
_LATEX = {
    _BOLD_START: r"\textbf{",
    _BOLD_END: "}",
    "†": r"$^\dagger$",
    "‡": r"$^\ddagger$",
    "—": "--",
    "×": r"$\times$",
}
_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: rf"\{character}" for character in "&%$#_{}"},
}

LONG_COLUMNS = [
    *("source", "method", "dataset", "blur", "metric", "value", "mark", "pictures", "seconds"),
    *("checkpoint", "checkpoint_name", "config", "commit", "device", "date", "paper", "table", "note"),
]


def to_markdown(table: Table) -> str:
    """Render for GitHub: a heading, the table with the best measured values bold, and its notes."""
    body = _tabulate(table, "github", lambda cell: markdown_cell(f"**{cell.text}**" if cell.bold else cell.text))
    notes = "".join(f"- {note}\n" for note in table.notes)
    return f"## {table.title}\n\n{body}\n" + (f"\n{notes}" if notes else "")


def to_latex(table: Table) -> str:
    """Render as a ``table`` environment for the booktabs package, notes as its caption's small print."""
    body = _tabulate(
        table, "latex_booktabs", lambda cell: f"{_BOLD_START}{cell.text}{_BOLD_END}" if cell.bold else cell.text
    )
    notes = " ".join(_latex(re.sub(r"`([^`]*)`", r"\1", note)) for note in table.notes)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_latex(table.title)}.}}",
        rf"\label{{tab:{table.name}}}",
        _replace(body, _LATEX),
        *([rf"\par\smallskip\footnotesize {notes}"] if notes else []),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def to_csv(table: Table) -> str:
    """Render as CSV, the cells as printed, without bold."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(column.head for column in table.columns)
    writer.writerows([cell.text for cell in row] for row in table.rows)
    return file.getvalue()


def to_long_csv(results: Iterable[Result], published: Iterable[Published]) -> str:
    """List every number, measured or published, one a line, with where it comes from."""
    file = io.StringIO()
    writer = csv.DictWriter(file, LONG_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for result in results:
        row = {**asdict(result), "source": "measured"}
        writer.writerows({**row, "metric": metric, "value": value} for metric, value in result.metrics.items())
    writer.writerows({**asdict(one), "source": "published"} for one in published)
    return file.getvalue()


RENDERERS: dict[str, Callable[[Table], str]] = {"md": to_markdown, "csv": to_csv, "tex": to_latex}


def _tabulate(table: Table, style: str, text: Callable[[Cell], str]) -> str:
    rows: Sequence[Sequence[str]] = [[text(cell) for cell in row] for row in table.rows]
    align = ["left"] + ["right"] * (len(table.columns) - 1)
    heads = [text(Cell(column.head)) for column in table.columns]
    return tabulate(rows, heads, tablefmt=style, colalign=align if rows else None, disable_numparse=True)


def _latex(text: str) -> str:
    return _replace(_replace(text, _LATEX_SPECIAL), _LATEX)


def _replace(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
