"""The page's HTML, from templates; every name in it is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape
from PIL import Image

from deblur_lightning.reports.marks import WRITTEN
from deblur_lightning.reports.metric_names import metric_name
from deblur_lightning.reports.page.pictures import PagePicture
from deblur_lightning.reports.tables import Table

if TYPE_CHECKING:
    from jinja2 import Environment


class PageFigure(NamedTuple):
    """A figure's file, relative to the page, what it shows, its size, and the same as PDF where there is one."""

    file: str
    title: str
    width: int
    height: int
    vector: str = ""


def find_figures(folder: Path | str, page: Path | str) -> list[PageFigure]:
    """List the PNG figures of a folder; files that are no pictures are passed over.

    Args:
        folder: of the figures; it may be missing.
        page: the folder that the page is in.
    """
    found = []
    for path in sorted(Path(folder).glob("*.png")):
        try:
            with Image.open(path) as picture:
                title = str(picture.info.get("Title") or path.stem.replace("_", " "))
                width, height = picture.size
        except (OSError, ValueError, Image.DecompressionBombError):  # the latter two of its texts and of its size
            continue
        file = path.relative_to(page).as_posix()
        vector = path.with_suffix(".pdf")
        found.append(
            PageFigure(file, title, width, height, vector.relative_to(page).as_posix() if vector.is_file() else "")
        )
    return found


def render_page(
    tables: Sequence[Table],
    figures: Sequence[PageFigure],
    pictures: Sequence[PagePicture],
    made: str = "",
    base: str = "page/",
) -> str:
    """Render the page of results; where there are pictures alone, theirs, without tables of what others published.

    Args:
        tables: as built from the results store.
        figures: see :func:`find_figures`.
        pictures: see :func:`deblur_lightning.reports.page.read_pictures`.
        made: when and by which source the results were made, for people.
        base: the pictures' folder, relative to the page.
    """
    measured = [table for table in tables if table.is_measured]
    printed = [table for table in tables if not table.is_measured]
    page = _environment().get_template("page.html")
    shown = {"measured": measured, "printed": printed, "figures": figures, "pictures": pictures}
    return page.render(**shown, made=made, base=base, mark=WRITTEN)


def render_demo(
    models: Mapping[str, str], limits: str, most: int, suffixes: Iterable[str], base: str = "photos/"
) -> str:
    """Render the live page, whose pictures come one by one.

    Args:
        models: what people read of each model, by its name.
        limits: what photos it takes, for people.
        most: bytes of the largest file that it takes.
        suffixes: of the files that it takes out of a folder.
        base: where the pictures' files are.
    """
    demo = _environment().get_template("demo.html")
    return demo.render(models=models, limits=limits, most=most, suffixes=sorted(suffixes), pictures=[], base=base)


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("deblur_lightning.reports.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    environment.filters["address"] = _address
    environment.filters["data"] = _data
    environment.globals["metric"] = metric_name
    return environment


def _code(text: str) -> Markup:
    """Escape a text and set what it has in backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def _address(path: str) -> str:
    """Quote a file's path for an address, its slashes kept."""
    from urllib.parse import quote

    return quote(path)


def _data(value: object) -> Markup:
    """Write JSON that ends no script element early."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no markup is left
