"""The widget in Voila: a notebook served as an app, with a kernel behind it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.hosts.conftest import REPOSITORY
from tests.hosts.course import write_notebook
from tests.hosts.looking import assert_alive, assert_only_shown
from tests.servers import START_SECONDS, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

_TOLD = """\
import ipywidgets
w, told = plain(), ipywidgets.Label()
w.observe(lambda change: setattr(told, "value", f"the kernel has unit {change.new}"), "unit")
ipywidgets.VBox([w, told])"""


@pytest.fixture
def voila(tmp_path: Path) -> Iterator[str]:
    """Serve a notebook of both widgets; return its address."""
    notebook = write_notebook(tmp_path / "course.ipynb", _TOLD, "hostile()")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "RNNVIZ_DISPLAY"))}
    with serving(
        [sys.executable, "-m", "voila", notebook.name, "--no-browser", f"--port={port}"],
        health=f"{address}/voila/static/voila.js",
        folder=tmp_path,
        environment=kept | {"HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
        log=tmp_path / "voila.log",
    ):
        yield address


def test_it_is_live_in_voila(voila: str, window: Page) -> None:
    window.set_default_timeout(START_SECONDS * 1000)
    window.goto(voila)
    widgets = window.locator(".rnnviz")
    expect(widgets).to_have_count(2, timeout=START_SECONDS * 1000)
    assert_alive(widgets.nth(0), exact=True)
    expect(window.get_by_text("the kernel has unit 4")).to_be_visible()
    assert_only_shown(widgets.nth(1))
