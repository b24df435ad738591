"""Build the documentation: ``python -m tests.docs.build [-o FOLDER] [--lesson NUMBER ...]``.

README, CONTRIBUTING, the changelog and every Markdown file beside the code become pages. The API
reference is made from the docstrings of all public names. Each notebook is run and becomes a lesson
whose widgets are living frames (minutes; ``--lesson 01`` runs that one alone, ``--lesson none``
none). A warning is an error.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from types import FunctionType, ModuleType

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter
from sphinx.cmd.build import build_main

import rnnviz_widget

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = REPOSITORY / "notebooks"
OUTPUT = REPOSITORY / "build" / "docs"

_FRAME = re.compile(r'<iframe\b([^>]*?)\bsrcdoc="([^"]*)"([^>]*)>')
_LINK = re.compile(r"\]\((?!https?:|#)(?P<target>[^)\s]+)\)")


def build(output: Path, lessons: list[Path]) -> int:
    """Build the pages into a folder, with these notebooks; return Sphinx's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        shutil.copy(Path(__file__).with_name("conf.py"), source)
        (source / "frames").mkdir()
        sections = {
            "The project": _texts(source),
            "Lessons": [_lesson(path, source) for path in lessons],
            "Reference": _reference(source),
        }
        (source / "index.md").write_text(_index(sections), encoding="utf-8")
        return build_main(["-W", "--keep-going", "-q", "-b", "html", str(source), str(output)])


def _texts(source: Path) -> list[str]:
    """Copy the Markdown files of the repository; return the names of their pages."""
    files = [REPOSITORY / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
    files += sorted((REPOSITORY / "docs").glob("*.md"))
    files += sorted((REPOSITORY / "rnnviz_widget").rglob("*.md"))
    pages = {path.resolve(): path.stem.lower() for path in files}
    pages[REPOSITORY / "tests" / "benchmarks" / "README.md"] = "benchmarks"
    for path, page in pages.items():
        text = _LINK.sub(lambda link: _linked(link, path, pages, source), path.read_text("utf-8"))  # noqa: B023  (used at once)
        (source / f"{page}.md").write_text(text, encoding="utf-8")
    return list(pages.values())


def _linked(link: re.Match[str], path: Path, pages: dict[Path, str], source: Path) -> str:
    """Return a link between files of the repository as one between pages; copy pictures."""
    target = (path.parent / link["target"].partition("#")[0]).resolve()
    target = target / "README.md" if target.is_dir() and target / "README.md" in pages else target
    if target in pages:
        return f"]({pages[target]}.md)"
    if target.suffix in {".png", ".svg"}:
        shutil.copy(target, source)
        return f"]({target.name})"
    return "](index.md)" if target == NOTEBOOKS else link[0]


def _lesson(path: Path, source: Path) -> str:
    """Run a notebook and write it as a page, its frames as files beside it; return its name."""
    notebook = nbformat.read(path, as_version=4)
    if any(cell.cell_type == "code" for cell in notebook.cells):  # else no kernel is waited for
        with tempfile.TemporaryDirectory() as folder:
            resources = {"metadata": {"path": folder}}
            NotebookClient(
                notebook, timeout=600, kernel_name="python3", resources=resources
            ).execute()
    text, made = MarkdownExporter().from_notebook_node(notebook, {"unique_key": path.stem})
    for name, content in made["outputs"].items():
        (source / name).write_bytes(content)
    static = source / "frames"

    def as_file(frame: re.Match[str]) -> str:
        name = f"{path.stem}_{len(list(static.iterdir()))}.html"
        (static / name).write_text(html.unescape(frame[2]), encoding="utf-8")
        return f'<iframe{frame[1]}src="_static/{name}" loading="lazy"{frame[3]}>'

    (source / f"{path.stem}.md").write_text(_FRAME.sub(as_file, text), encoding="utf-8")
    return path.stem


def _reference(source: Path) -> list[str]:
    """Write the API reference, one page for each package of public names; return their names."""
    packages: dict[str, list[str]] = defaultdict(list)
    for name in rnnviz_widget.__all__:
        value = getattr(rnnviz_widget, name)
        module = getattr(value, "__module__", None)
        packages[module.split(".")[1] if module else name].append(name)
    for package, names in packages.items():
        text = "\n".join([f"# {package}\n", *map(_directive, names)])
        (source / f"api_{package}.md").write_text(text, encoding="utf-8")
    return [f"api_{package}" for package in packages]


def _directive(name: str) -> str:
    """Return what documents a public name: a module and a class with their members."""
    value = getattr(rnnviz_widget, name)
    kind = {ModuleType: "module", FunctionType: "function"}.get(type(value), "class")
    members = "" if kind == "function" else "\n   :members:"
    return f"```{{eval-rst}}\n.. auto{kind}:: rnnviz_widget.{name}{members}\n```\n"


def _index(sections: dict[str, list[str]]) -> str:
    """Return the first page."""
    parts = ["# rnnviz-widget\n"]
    for caption, names in sections.items():
        body = "\n".join(names)
        parts.append(f"```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n\n{body}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Build what the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, help="default: build/docs")
    parser.add_argument("--lesson", action="append", help="number of a notebook; default: all")
    parser.add_argument(
        "--lessons", type=Path, default=NOTEBOOKS, help="folder of notebooks; default: notebooks/"
    )
    arguments = parser.parse_args()
    wanted = arguments.lesson
    lessons = [
        path
        for path in sorted(arguments.lessons.glob("*.ipynb"))
        if wanted is None or path.stem[:2] in wanted
    ]
    # Frames live where no kernel runs.
    os.environ["RNNVIZ_DISPLAY"] = "iframe"
    status = build(arguments.output, lessons)
    if not status:
        print(arguments.output / "index.html")  # noqa: T201  (a command prints)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
