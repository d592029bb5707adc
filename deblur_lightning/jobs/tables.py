"""Gather every finished evaluation into tables, beside what was published."""

from collections.abc import Iterable
from pathlib import Path

from deblur_lightning.reports.catalogue import CATALOGUE, GOPRO, KOHLER, SAMPLE
from deblur_lightning.reports.published import read_published
from deblur_lightning.reports.rendering import RENDERERS, to_long_csv, to_markdown
from deblur_lightning.reports.results import STORE, latest_results, read_results
from deblur_lightning.reports.tables import Table, build_table
from deblur_lightning.whole_file import whole_file

ADDING = {
    SAMPLE: "make reproduce-tables",
    GOPRO: "lightning test -c experiments/gopro/adaptive_basis_blur.yaml --data.root GOPRO_Large --ckpt_path CKPT",
    KOHLER: "deblur score-kohler RESTORED --data KOHLER",
}
"""The one command that adds a dataset to the tables."""


def gather_tables(store: Path | str = STORE, published: Path | str | None = None) -> list[Table]:
    """Fill every table from the results store.

    Args:
        store: the JSON-lines file; missing means that nothing was run yet.
        published: CSV of published numbers; None takes the one that came with the package.
    """
    results = latest_results(read_results(store))
    return [build_table(layout, results, read_published(published), ADDING) for layout in CATALOGUE]


def write_tables(
    output: Path | str,
    store: Path | str = STORE,
    published: Path | str | None = None,
    formats: Iterable[str] = tuple(RENDERERS),
) -> list[Path]:
    """Write every table in every format, one Markdown file with all of them, and one CSV with every number.

    Args:
        output: folder for ``tables.md``, ``numbers.csv`` and ``tables/NAME.{md,csv,tex}``.
        store: as for :func:`gather_tables`.
        published: likewise.
        formats: of ``md``, ``csv``, ``tex``.

    Returns:
        The files written.
    """
    output = Path(output)
    tables = gather_tables(store, published)
    texts = {
        output / "tables.md": "# Results\n\n" + "\n".join(to_markdown(table) for table in tables),
        output / "numbers.csv": to_long_csv(read_results(store), read_published(published)),
    }
    for table in tables:
        for suffix in formats:
            texts[output / "tables" / f"{table.name}.{suffix}"] = RENDERERS[suffix](table)
    for path, text in texts.items():
        with whole_file(path) as part:
            part.write_text(text, encoding="utf-8")
    return list(texts)
