"""print every result as tables beside the published numbers; write Markdown, CSV, LaTeX and the page."""

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
    from deblur_lightning.jobs.page import write_page
    from deblur_lightning.jobs.tables import gather_tables, write_tables
    from deblur_lightning.reports.rendering import to_markdown

    tables = gather_tables(arguments.store, arguments.published)
    names = [table.name for table in tables]
    if arguments.only and arguments.only not in names:
        raise ValueError(f"--only is {arguments.only}, but there is no such table. Choose one of {', '.join(names)}.")
    shown = [to_markdown(table) for table in tables if arguments.only in (None, table.name)]
    output = arguments.output or arguments.store.parent
    files = write_tables(output, arguments.store, arguments.published, arguments.format)
    page = write_page(output, arguments.store, arguments.published)
    print("\n".join(shown))  # noqa: T201 - the command's output
    print(f"Written: {files[0]}, {files[1]} and {len(files) - 2} files in {files[-1].parent}; page: {page}")  # noqa: T201
    return 0
