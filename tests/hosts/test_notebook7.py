"""The widget in Notebook 7: started for real, with a kernel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.hosts.course import SETUP
from tests.hosts.looking import SECONDS, assert_alive, assert_only_shown, slider
from tests.jupyterlab.lab import NOTEBOOK_7, Notebook, Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(NOTEBOOK_7, tmp_path) as server:
        yield server


def test_it_is_live_in_notebook_7(server: Server, window: Page) -> None:
    window.set_viewport_size({"width": 1400, "height": 1800})
    notebook = Notebook.open(window, server, "course", [SETUP, "w = plain()\nw", "hostile()"])
    widgets = window.locator(".rnnviz")
    expect(widgets).to_have_count(2)
    assert_alive(widgets.nth(0), exact=True)
    slider(widgets.nth(0)).press("ArrowRight")
    until = time.monotonic() + SECONDS
    while notebook.evaluate("w.unit") != 5 and time.monotonic() < until:
        window.wait_for_timeout(50)
    assert notebook.evaluate("w.unit") == 5
    notebook.run("w.unit = 3")
    expect(slider(widgets.nth(0))).to_have_attribute("aria-valuetext", "3 of 24")
    assert_only_shown(widgets.nth(1))
