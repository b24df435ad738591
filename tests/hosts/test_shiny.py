"""The widget in Shiny for Python: `shinywidgets` connects it to the session."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.hosts.conftest import REPOSITORY
from tests.hosts.course import SETUP
from tests.hosts.looking import assert_alive, assert_only_shown
from tests.servers import START_SECONDS, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

_APP = f"""\
from shiny import App, render, ui
from shinywidgets import output_widget, reactive_read, render_widget

{SETUP}

app_ui = ui.page_fluid(
    output_widget("shown"), ui.output_text("told"), output_widget("others")
)

def server(input, output, session):
    @render_widget
    def shown():
        return plain()

    @render.text
    def told():
        return f"the session has unit {{reactive_read(shown.widget, 'unit')}}"

    @render_widget
    def others():
        return hostile()

app = App(app_ui, server)
"""


@pytest.fixture
def shiny(tmp_path: Path) -> Iterator[str]:
    """Run an app of both widgets; return its address."""
    (tmp_path / "app.py").write_text(_APP, encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with serving(
        [sys.executable, "-m", "shiny", "run", f"--port={port}", "app.py"],
        health=address,
        folder=tmp_path,
        environment=os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
        log=tmp_path / "shiny.log",
    ):
        yield address


def test_it_is_live_in_shiny(shiny: str, window: Page) -> None:
    window.set_default_timeout(START_SECONDS * 1000)
    window.goto(shiny)
    widgets = window.locator(".rnnviz")
    expect(widgets).to_have_count(2, timeout=START_SECONDS * 1000)
    assert_alive(widgets.nth(0), exact=True)
    expect(window.get_by_text("the session has unit 4")).to_be_visible()
    assert_only_shown(widgets.nth(1))
