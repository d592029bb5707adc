"""Published numbers, read from ``experiments/published.csv``; never mixed with measured ones."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from deblur_lightning.texts import read_csv

PACKAGED = Path(__file__).with_name("published.csv")  # put there by the wheel
IN_THE_REPOSITORY = Path(__file__).parents[2] / "experiments" / "published.csv"

MARKS = {
    "†": "† recalled, not checked against the paper",
    "‡": "‡ quoted by a secondary source",
}


@dataclass(frozen=True)
class Published:
    """One number that somebody printed.

    Attributes:
        method: the method's name; a measured result of the same name stands in its row.
        dataset: ``GoPro`` or ``Köhler``.
        blur: GoPro's blur it was measured on; empty where its source does not say.
        metric: its exact name; ``printed_ssim`` where a paper prints SSIM and probably computed another index.
        value: as printed.
        mark: a key of ``MARKS``, or empty where it was read at its source.
        paper: who printed it.
        table: where in there.
        note: what a reader must know to compare with it.
    """

    method: str
    dataset: str
    blur: str
    metric: str
    value: str
    mark: str
    paper: str
    table: str
    note: str

    @property
    def printed(self) -> str:
        """The number with its mark."""
        return self.value + self.mark


def read_published(path: Path | str | None = None) -> list[Published]:
    """Read every published number.

    Args:
        path: the CSV; None takes the one that came with this package.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: other columns, a number that is none, or an unknown mark.
    """
    path = Path(path) if path else PACKAGED if PACKAGED.is_file() else IN_THE_REPOSITORY
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing, but tables print published numbers from it. Restore it from git.")
    found, rows = read_csv(path)
    columns = [field.name for field in fields(Published)]
    if found != columns:
        told = f"columns {', '.join(found)}" if found else "no columns"
        raise ValueError(f"{path} has {told}, but {', '.join(columns)} are expected. Write them in its first line.")
    published = [Published(**row) for row in rows]
    for line, number in enumerate(published, 2):
        _check(number, f"{path}, line {line}")
    return published


def find_published(
    published: Iterable[Published], method: str, dataset: str, metric: str, papers: tuple[str, ...] = ()
) -> Published | None:
    """Find the number of a method, in the first of ``papers`` that prints one; no papers: in any."""
    found = [one for one in published if (one.method, one.dataset, one.metric) == (method, dataset, metric)]
    if not papers:
        return found[0] if found else None
    return next((one for paper in papers for one in found if one.paper.startswith(paper)), None)


def _check(number: Published, where: str) -> None:
    if number.mark and number.mark not in MARKS:
        raise ValueError(f"{where}: mark is {number.mark!r}, but it is one of {list(MARKS)} or empty. Correct it.")
    try:
        float(number.value)
    except ValueError:
        raise ValueError(f"{where}: value is {number.value!r}, but a number is printed there. Correct it.") from None
