"""The site builds without a warning, asks nothing of the network, and has every public name."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the extra docs, which make install brings")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ROOT = Path(__file__).parents[2]
ASKED = re.compile(r"""<(?:script|img|iframe)[^>]*\ssrc=["']?(https?:[^"'> ]*)|<link[^>]*rel=["']?(?:stylesheet|preconnect)["']?[^>]*href=["']?(https?:[^"'> ]*)""")  # fmt: skip # noqa: E501
PACKAGES = (
    "physics", "losses", "networks", "estimation", "restoration", "metrics", "checkpoints", "deblurring",
    "data", "photos", "modules", "callbacks", "reports",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as `make docs` does; the build ends with status 1 at the first warning."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_no_page_asks_the_network_for_anything(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 15
    assert {page.name: asked for page in pages if (asked := ASKED.findall(page.read_text()))} == {}


@pytest.mark.slow
def test_formulas_are_drawn(site):
    page = (site / "how-it-works.html").read_text()
    assert page.count("<math") > 20
    assert "arithmatex" not in page
    assert "$$" not in page


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no browser is installed: apt-get install chromium")
def test_a_phone_scrolls_a_wide_formula_not_the_page(site):
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, which make install brings")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 400, "height": 800})
        page.goto((site / "how-it-works.html").as_uri())
        boxes = page.evaluate(
            "[...document.querySelectorAll('math[display=block]')].map(({ parentElement: box }) =>"
            "[box.scrollWidth > box.clientWidth, box.scrollHeight > box.clientHeight])"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == 400
        browser.close()
    assert any(wide for wide, _ in boxes)
    assert not any(high for _, high in boxes)


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_an_entry(package, site):
    names = importlib.import_module(f"deblur_lightning.{package}").__all__
    page = (site / "api" / f"{package}.html").read_text()
    shown = set(re.findall(r'id="deblur_lightning\.[\w.]*?(\w+)"', page))
    assert set(names) - shown == set()
