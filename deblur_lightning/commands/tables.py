"""`deblur tables`: gather every finished evaluation into tables, beside what was published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import StoreToRead
from deblur_lightning.commands._output_paths import check_replaceable, refuse_suffix
from deblur_lightning.commands._saying import say
from deblur_lightning.commands.page import PAGE, write_page
from deblur_lightning.reports.marks import WRITTEN
from deblur_lightning.reports.results import STORE, read_results
from deblur_lightning.whole_file import write_text

if TYPE_CHECKING:
    from deblur_lightning.reports.tables import Table

TABLES, NUMBERS = "tables.md", "numbers.csv"


class Format(StrEnum):
    """What a single table is written as."""

    md = "md"
    csv = "csv"
    tex = "tex"


def tables(
    store: StoreToRead = STORE,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT", help="Folder to write to; default: the store's."),
    ] = None,
    formats: Annotated[
        list[Format], typer.Option("--format", help="Format of the single tables; repeat the option for several.")
    ] = list(Format),  # noqa: B006 - Typer reads it, nothing changes it
    only: Annotated[str | None, typer.Option(metavar="NAME", help="Print one table, such as deblurgan-table1.")] = None,
    published: Annotated[Path | None, typer.Option(metavar="FILE", help="Another CSV of published numbers.")] = None,
) -> None:
    """Print every result in tables beside the published numbers.

    For each method on each set the latest run counts; notes say which runs and metrics a table leaves out. The tables
    are also written as Markdown, CSV and LaTeX, and added to the page.
    """
    from deblur_lightning.reports.gathering import gather_tables
    from deblur_lightning.reports.left_out import count_shown
    from deblur_lightning.reports.published import read_published
    from deblur_lightning.reports.rendering import LONG_COLUMNS, to_long_csv, to_markdown

    output = output or store.parent
    refuse_suffix(output, (".md", ".csv", ".tex", ".html"), "a folder for all tables")
    check_replaceable([output / TABLES, output / PAGE], WRITTEN)
    check_replaceable([output / NUMBERS], ",".join(LONG_COLUMNS[:5]))  # a CSV has no place for a mark
    found, stored = gather_tables(store, published), read_results(store)
    names = [table.name for table in found]
    if only and only not in names:
        raise ValueError(f"--only is {only}, but there is no such table. Choose one of {', '.join(names)}.")
    shown = [to_markdown(table) for table in found if only in (None, table.name)]
    files = write_tables(output, found, to_long_csv(stored, read_published(published)), formats)
    page = write_page(output, store, found)
    say("\n".join(shown))
    if stored:
        say(count_shown(stored))
    else:
        say(f"{store} holds no result yet: these are published numbers alone. Score models by: deblur benchmark")
    say(f"Written: {files[0]}, {files[1]} and {len(files) - 2} files in {files[-1].parent}; page: {page}")


def write_tables(
    output: Path, found: Sequence[Table], numbers: str, formats: Iterable[str] = tuple(Format)
) -> list[Path]:
    """Write every table in every format, one Markdown file with all of them, and one CSV with every number.

    Args:
        output: folder for ``tables.md``, ``numbers.csv`` and ``tables/NAME.{md,csv,tex}``.
        found: the tables, as `gather_tables` fills them.
        numbers: the CSV.
        formats: of ``md``, ``csv``, ``tex``.

    Returns:
        The files written.
    """
    from deblur_lightning.reports.rendering import RENDERERS, to_markdown

    texts = {
        output / TABLES: f"{WRITTEN}\n\n# Results\n\n" + "\n".join(to_markdown(table) for table in found),
        output / NUMBERS: numbers,
    }
    for table in found:
        for suffix in formats:
            texts[output / "tables" / f"{table.name}.{suffix}"] = RENDERERS[suffix](table)
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)
