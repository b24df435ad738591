"""The documentation builds without a warning, and its lessons are alive."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import rnnviz_widget
from tests.docs import build

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

LESSON = """\
import rnnviz_widget as rnnviz
model = rnnviz.load_model("brackets")
rnnviz.HiddenStateWidget(rnnviz.record(model, "(()())"))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, every notebook's words, and one short lesson that is run."""
    folder = tmp_path_factory.mktemp("lessons")
    output = tmp_path_factory.mktemp("site")
    for path in build.NOTEBOOKS.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        # What its code makes is for the tests of notebooks: each takes most of a minute.
        notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
        nbformat.write(notebook, folder / path.name)
    cells = [new_markdown_cell("# A lesson"), new_code_cell(LESSON)]
    nbformat.write(new_notebook(cells=cells), folder / "short.ipynb")
    # In a process of its own: Sphinx's warnings of its own future are no errors of ours.
    command = (sys.executable, "-m", "tests.docs.build", "--lessons", folder, "-o", output)
    environment = os.environ | {"PYTHONPATH": str(build.REPOSITORY)}
    done = subprocess.run(
        command, cwd=build.REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr  # a warning of what is documented is an error
    return output


def test_every_public_name_is_documented(site: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in site.glob("api_*.html"))
    missing = [n for n in rnnviz_widget.__all__ if f'id="rnnviz_widget.{n}"' not in text]
    assert missing == ["labels"]  # a module, whose functions are there
    assert 'id="rnnviz_widget.labels.inside_quotes"' in text


def test_a_lesson_holds_a_living_widget(site: Path, page: Page) -> None:
    page.goto((site / "short.html").as_uri())
    frame = page.locator("iframe").first
    frame.scroll_into_view_if_needed()
    frame.content_frame.locator(".rnnviz [data-row-start]").first.wait_for()
