"""Every finished evaluation as tables, beside what was published."""

from pathlib import Path

from deblur_lightning.reports.catalogue import CATALOGUE, GOPRO, KOHLER, SAMPLE
from deblur_lightning.reports.published import read_published
from deblur_lightning.reports.results import STORE, latest_results, read_results
from deblur_lightning.reports.tables import Table, build_table

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
