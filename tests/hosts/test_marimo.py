"""The widget in marimo: started for real, with a kernel."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import little
from tests.browser.edited import edit_in_every_way, text_of
from tests.hosts.conftest import REPOSITORY
from tests.hosts.course import SETUP
from tests.hosts.looking import assert_alive, assert_only_shown, slider
from tests.servers import START_SECONDS, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

_APP = f"""\
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
{textwrap.indent(SETUP, "    ")}
    return HOSTILE, hostile, mo, plain


@app.cell
def _(mo, plain):
    shown = mo.ui.anywidget(plain())
    shown
    return (shown,)


@app.cell
def _(mo, shown):
    mo.md(f"the kernel has unit {{shown.unit}}")
    return


@app.cell
def _(hostile):
    hostile()
    return


@app.cell
def _(mo):
    from tests.browser import little
    edited = mo.ui.anywidget(little.widget())
    edited
    return (edited,)


@app.cell
def _(edited, mo):
    edited.value  # whenever it changes
    mo.md(f"the kernel has {{len(edited.widget.text)}} characters")
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture(scope="module")
def marimo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run marimo with the app of `_APP`; return its address."""
    folder = tmp_path_factory.mktemp("marimo")
    app = folder / "app.py"
    app.write_text(_APP, encoding="utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "marimo", "--quiet", "run", app.name, "--headless"]
    with serving(
        [*command, "--no-token", "--host=127.0.0.1", f"--port={port}"],
        health=f"{address}/health",
        folder=folder,
        environment=os.environ | {"HOME": str(folder), "PYTHONPATH": str(REPOSITORY)},
        log=folder / "marimo.log",
    ):
        yield address


def test_it_is_live_in_marimo(marimo: str, window: Page) -> None:
    window.set_default_timeout(START_SECONDS * 1000)
    window.goto(marimo)
    widgets = window.locator(".rnnviz")
    expect(widgets).to_have_count(3, timeout=START_SECONDS * 1000)
    assert_alive(widgets.nth(0), exact=True)
    slider(widgets.nth(0)).press("ArrowRight")
    expect(window.get_by_text("the kernel has unit 5")).to_be_visible()
    assert_only_shown(widgets.nth(1))


def test_a_text_is_edited_in_marimo_on_a_phone_and_the_kernel_follows(
    marimo: str, phone: Page
) -> None:
    phone.set_default_timeout(START_SECONDS * 1000)
    phone.goto(marimo)
    field = phone.locator(".rnnviz-edited")
    edit_in_every_way(field, little.values)
    said = f"the kernel has {len(text_of(field))} characters"
    expect(phone.get_by_text(said)).to_be_visible()
