"""The widget in marimo: started for real, with a kernel."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.hosts.conftest import REPOSITORY
from tests.hosts.course import SETUP
from tests.hosts.looking import assert_alive, assert_only_shown, slider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

START_SECONDS = 60

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


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def marimo(tmp_path: Path) -> Iterator[str]:
    """Run marimo with the app of `_APP`; return its address."""
    app = tmp_path / "app.py"
    app.write_text(_APP, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "--quiet", "run", app.name, "--headless"]
    log = tmp_path / "marimo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--no-token", "--host=127.0.0.1", f"--port={port}"],
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=5).close()  # noqa: S310  (http)
                break
            except (urllib.error.URLError, ConnectionError):
                alive = process.poll() is None and time.monotonic() < until
                assert alive, f"marimo did not start:\n{log.read_text(errors='replace')}"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_it_is_live_in_marimo(marimo: str, window: Page) -> None:
    window.set_default_timeout(START_SECONDS * 1000)
    window.goto(marimo)
    widgets = window.locator(".rnnviz")
    expect(widgets).to_have_count(2, timeout=START_SECONDS * 1000)
    assert_alive(widgets.nth(0), exact=True)
    slider(widgets.nth(0)).press("ArrowRight")
    expect(window.get_by_text("the kernel has unit 5")).to_be_visible()
    assert_only_shown(widgets.nth(1))
