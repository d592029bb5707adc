"""What MkDocs does for this site beside its plugins: API pages from the packages' public names, formulas as MathML."""

import ast
import html
import re
from functools import cache
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PACKAGE = Path("deblur_lightning")
PARTS = (
    "physics", "losses", "networks", "estimation", "restoration", "metrics", "checkpoints", "deblurring",
    "data", "photos", "modules", "callbacks", "reports",
)  # fmt: skip
TOP = ("KernelField", "Batch")
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
NAMED = re.compile(r"<h\d.*?</h\d>|<a .*?</a>|<pre.*?</pre>|<code>(\w+)</code>", re.DOTALL)


@cache
def public_names(package: Path) -> dict[str, str]:
    """Map the public names of a package to where each is defined, without importing it."""
    stub = package / "__init__.pyi"
    text = (stub if stub.is_file() else package / "__init__.py").read_text(encoding="utf-8")
    found = {}
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        module = ".".join(package.parts) + f".{node.module}" if node.level else node.module
        folder = Path(*module.split("."))
        inner = public_names(folder) if folder.is_dir() else {}
        for alias in node.names:
            found[alias.asname or alias.name] = inner.get(alias.name, f"{module}.{alias.name}")
    return {name: found[name] for name in sorted(found, key=str.lower) if not name.startswith("_")}


def api_page(part: str) -> str:
    """Write the Markdown of a package's page."""
    docstring = ast.get_docstring(ast.parse((PACKAGE / part / "__init__.py").read_text(encoding="utf-8"))) or ""
    names = public_names(PACKAGE / part)
    body = "\n\n".join(f"::: {where}" for where in names.values())
    return f"# deblur_lightning.{part}\n\n{docstring}\n\n{body}\n"


def api_overview() -> str:
    """Write the Markdown of the first API page: both types, and every package's names."""
    lines = ["# API", "", "Shapes, units and ranges are in each entry; the source it follows as well.", ""]
    for part in PARTS:
        names = ", ".join(f"`{name}`" for name in public_names(PACKAGE / part))
        lines.append(f"- [`deblur_lightning.{part}`]({part}.md): {names}")
    top = public_names(PACKAGE)
    return "\n".join([*lines, "", *(f"::: {top[name]}\n" for name in TOP)])


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the API's pages."""
    files.append(File.generated(config, "api/index.md", content=api_overview()))
    for part in PARTS:
        files.append(File.generated(config, f"api/{part}.md", content=api_page(part)))
    return files


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Draw formulas, and link public names that the text sets as code."""
    content = FORMULA.sub(_mathml, content)
    return NAMED.sub(lambda match: _linked(match, page), content)


def _mathml(match: re.Match[str]) -> str:
    block = match[1] == "div"
    drawn = convert(html.unescape(match[2]), display="block" if block else "inline")
    box = '<div style="overflow-x: auto; padding: 0.4em 0">'  # a formula may be wider than a phone's screen
    return f"{box}{drawn}</div>" if block else drawn


def _linked(match: re.Match[str], page: Page) -> str:
    name = match[1]
    where = _addresses().get(name or "")
    if where is None:
        return match[0]
    climb = "../" * page.file.dest_uri.count("/")
    return f'<a href="{climb}{where}">{match[0]}</a>'


@cache
def _addresses() -> dict[str, str]:
    places = {
        name: f"api/{part}.html#{where}" for part in PARTS for name, where in public_names(PACKAGE / part).items()
    }
    return places | {name: f"api/index.html#{public_names(PACKAGE)[name]}" for name in TOP}
