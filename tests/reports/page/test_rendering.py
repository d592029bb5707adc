"""The page without a browser: well formed, complete, and deaf to hostile names."""

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import torch
from PIL import Image, PngImagePlugin

from deblur_lightning.commands.page import write_page
from deblur_lightning.field import delta_field
from deblur_lightning.reports.figures.canvas import new_figure, save_figure
from deblur_lightning.reports.page import add_picture, find_figures
from deblur_lightning.reports.results import Result, append_result

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u2028.png"
VOID = {"meta", "link", "img", "input", "br", "path", "hr"}


class Page(HTMLParser):
    """Collects elements, and fails at one that is closed out of order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts, self.text = [], [], {}, ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        self.text += data if self.open and self.open[-1][0] not in ("script", "style") else ""
        if self.open and self.open[-1][1].get("id"):
            self.texts[self.open[-1][1]["id"]] = data

    def all(self, attribute):
        return [values[attribute] for _, values in self.elements if values.get(attribute)]


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    append_result(Result(HOSTILE, "sample", {"psnr": 11.25, "ssim": 0.5}), folder / "results.jsonl")
    blurry = torch.rand(1, 3, 24, 32)
    for name in ("a.png", HOSTILE):
        fields = {HOSTILE: delta_field(blurry, 5)}
        add_picture(folder / "page", "photo", name, {"Blurry": blurry, HOSTILE: blurry}, fields, {HOSTILE: {"psnr": 1}})
    figure = new_figure(2, 2)
    save_figure(figure, folder / "figures" / "50% <b> #1.png", title=HOSTILE)
    (folder / "figures" / "torn.png").write_bytes(b"\x89PNG")
    return folder


def test_every_file_that_the_page_names_exists_and_none_is_elsewhere(results):
    page = Page(write_page(results, results / "results.jsonl").read_text(encoding="utf-8"))
    named = [one for one in page.all("src") + page.all("href") if not one.startswith(("#", "data:"))]
    assert len(named) >= 6
    assert all((results / unquote(one)).is_file() for one in named)
    text = (results / "index.html").read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "http:" not in text
    assert "https:" not in text
    assert "//" not in "".join(named)


def test_the_index_of_pictures_is_the_records_on_disk(results):
    page = Page(write_page(results, results / "results.jsonl").read_text(encoding="utf-8"))
    index = json.loads(page.texts["pictures"])
    records = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("page/*/picture.json")]
    assert sorted(index["pictures"], key=str) == sorted(records, key=str)
    for record in records:
        folder = results / index["base"] / record["slug"]
        assert all((folder / one["file"]).is_file() for one in record["pictures"] + record["fields"])


def test_hostile_names_are_text(results):
    page = Page(write_page(results, results / "results.jsonl").read_text(encoding="utf-8"))
    assert not any(values.get("onerror") for _, values in page.elements)
    assert sum(tag == "script" for tag, _ in page.elements) == 3  # the index and two of ours
    assert f"photo: {HOSTILE}" in page.text
    assert HOSTILE in page.all("alt")  # the figure's


def test_what_people_operate_has_a_name(results):
    page = Page(write_page(results, results / "results.jsonl").read_text(encoding="utf-8"))
    assert all("alt" in values for tag, values in page.elements if tag == "img")
    named = ("aria-label", "aria-describedby", "id")
    assert all(any(values.get(one) for one in named) for tag, values in page.elements if tag == "button")
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert set(page.all("aria-labelledby") + page.all("aria-describedby")) <= set(ids)
    assert {one[1:] for one in page.all("href") if one.startswith("#")} <= set(ids)


def test_a_page_of_photos_alone_has_no_tables(tmp_path):
    blurry = torch.rand(1, 3, 24, 32)
    add_picture(tmp_path / "page", "photo", "a.png", {"Blurry": blurry, "Blind": blurry})
    page = Page(write_page(tmp_path, tmp_path / "results.jsonl").read_text(encoding="utf-8"))
    assert not any(tag in ("details", "tbody") for tag, _ in page.elements)
    assert "Published" not in page.text
    assert "Restored photos" in page.text


def test_tables_without_a_measured_number_are_folded(results):
    page = Page(write_page(results, results / "results.jsonl").read_text(encoding="utf-8"))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("details") == 1
    ids = [values.get("id") or "" for _, values in page.elements]
    assert ids.index("table-sample") < tags.index("details") < ids.index("table-both-benchmarks")


def test_a_figure_that_is_refused_for_its_size_or_its_texts_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    long = PngImagePlugin.PngInfo()
    long.add_text("Title", "x" * (PngImagePlugin.MAX_TEXT_CHUNK + 1), zip=True)
    Image.new("L", (5, 6)).save(tmp_path / "texts.png", pnginfo=long)
    Image.new("L", (90, 90)).save(tmp_path / "large.png")
    Image.new("L", (5, 6)).save(tmp_path / "plain.png")
    assert [figure.title for figure in find_figures(tmp_path, tmp_path)] == ["plain"]


def test_a_page_of_nothing_says_how_to_add_things(tmp_path):
    path = write_page(tmp_path / "results", tmp_path / "results" / "results.jsonl")
    page = Page(path.read_text(encoding="utf-8"))
    assert "deblur page PHOTO --checkpoint FILE" in page.text
    assert "deblur curves RUN" in page.text
    assert "Sample benchmark" in page.text


def test_templates_are_package_data_not_strings():
    import deblur_lightning.reports.page as package

    names = {path.name for path in (Path(package.__file__).parent / "templates").iterdir()}
    assert {"page.html", "viewer.html", "page.css", "viewer.js", "gallery.js"} <= names
