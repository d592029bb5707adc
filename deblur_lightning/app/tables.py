"""Print every result as tables beside the published numbers; write Markdown, CSV and LaTeX."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur tables` takes."""
    parser.add_argument("--store", type=Path, default=Path("results/results.jsonl"), help="where evaluations are kept")
    parser.add_argument("-o", "--output", type=Path, help="folder to write to (default: the store's)")
    parser.add_argument(
        "--format", nargs="+", choices=("md", "csv", "tex"), default=("md", "csv", "tex"), help="of the single tables"
    )
    parser.add_argument("--only", metavar="NAME", help="print one table, such as deblurgan-table1")
    parser.add_argument("--published", type=Path, help="another CSV of published numbers")


def run(arguments: argparse.Namespace) -> int:
    """Print and write the tables."""
    from deblur_lightning.jobs.tables import gather_tables, write_tables
    from deblur_lightning.reports.rendering import to_markdown

    tables = gather_tables(arguments.store, arguments.published)
    names = [table.name for table in tables]
    if arguments.only and arguments.only not in names:
        raise ValueError(f"--only is {arguments.only}, but there is no such table. Choose one of {', '.join(names)}.")
    shown = [to_markdown(table) for table in tables if arguments.only in (None, table.name)]
    files = write_tables(
        arguments.output or arguments.store.parent, arguments.store, arguments.published, arguments.format
    )
    print("\n".join(shown))  # noqa: T201 - the command's output
    print(f"Written: {files[0]}, {files[1]} and {len(files) - 2} files in {files[-1].parent}")  # noqa: T201
    return 0
