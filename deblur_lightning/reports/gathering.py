"""Every finished evaluation as tables, beside what was published."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deblur_lightning.reports.catalogue import CATALOGUE, GOPRO, GOPRO_SAMPLE, KOHLER, SAMPLE
from deblur_lightning.reports.file_names import file_stem
from deblur_lightning.reports.left_out import left_out
from deblur_lightning.reports.metric_names import KNOWN
from deblur_lightning.reports.published import read_published
from deblur_lightning.reports.results import STORE, Result, latest_results, read_results
from deblur_lightning.reports.tables import Layout, Score, Table, build_table

ADDING = {
    SAMPLE: "deblur benchmark",
    GOPRO_SAMPLE: "lightning test -c experiments/sample/deblurgan.yaml --ckpt_path CKPT",
    GOPRO: "lightning test -c experiments/gopro/adaptive_basis_blur.yaml --data.root GOPRO_Large --ckpt_path CKPT",
    KOHLER: "deblur score-kohler RESTORED --data KOHLER",
}
"""The one command that adds a dataset to the tables."""

OWN = "Measured on this machine; no published number is on these pictures."


def gather_tables(store: Path | str = STORE, published: Path | str | None = None) -> list[Table]:
    """Fill every table from the results store; data sets of one's own, which no paper prints, follow with one each.

    Each evaluation of the store is in a table, or a note under one says why not.

    Args:
        store: the JSON-lines file; missing means that nothing was run yet.
        published: CSV of published numbers; None takes the one that came with the package.
    """
    stored, printed = read_results(store), read_published(published)
    results = latest_results(stored)
    layouts = (*CATALOGUE, *own_layouts(results))
    tables = [build_table(layout, results, printed, ADDING) for layout in layouts]
    return [
        replace(table, notes=[*table.notes, *left_out(layout, stored)])
        for table, layout in zip(tables, layouts, strict=True)
    ]


def own_layouts(results: Sequence[Result]) -> list[Layout]:
    """Lay out one table for each measured data set that the catalogue lacks, with every metric that was measured on it.

    Args:
        results: evaluations.
    """
    catalogued = {score.dataset for layout in CATALOGUE for score in layout.scores}
    layouts: dict[str, Layout] = {}
    for dataset in dict.fromkeys(one.dataset for one in results if one.dataset not in catalogued):
        measured = dict.fromkeys(metric for one in results if one.dataset == dataset for metric in one.metrics)
        metrics = [*(metric for metric in KNOWN if metric in measured), *(m for m in measured if m not in KNOWN)]
        stem = f"own-{file_stem(dataset.lower()) or 'data'}"
        name = stem if stem not in layouts else f"{stem}-{len(layouts) + 1}"
        layouts[name] = Layout(name, dataset, tuple(Score(dataset, metric) for metric in metrics), note=OWN)
    return list(layouts.values())
