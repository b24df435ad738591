"""The documentation builds without a warning, and its lessons are alive."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import rnnviz_widget
from tests.docs import build

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages, and one notebook as a lesson."""
    output = tmp_path_factory.mktemp("site")
    # In a process of its own: Sphinx's warnings of its own future are no errors of ours.
    command = (sys.executable, "-m", "tests.docs.build", "--lesson", "01", "-o", output)
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
    lesson = site / f"{build.NOTEBOOKS[1].stem}.html"
    page.goto(lesson.as_uri())
    frame = page.locator("iframe").first
    frame.scroll_into_view_if_needed()
    frame.content_frame.locator(".rnnviz [data-row-start]").first.wait_for()
