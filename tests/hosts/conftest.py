"""Notebooks turned into pages, and a browser page that notices what hostile words would do."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.browser.edited import PHONE
from tests.hosts.course import write_notebook
from tests.hosts.npm import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

REPOSITORY = Path(__file__).parents[2]

PUBLISHED = (
    "plain()",
    "hostile().to_iframe(title=HOSTILE, caption=HOSTILE, source=HOSTILE)",
    "from tests.browser import little\nlittle.widget()",
)
"""The cells of the notebook that is published with frames; the text of the last can be edited."""

LIVE = ("plain()", "hostile()")
"""The cells of the notebook that is published with live widgets."""

_ON_A_CDN = re.compile(r"/(?:npm/)?(@[^/@]+/[^/@]+|[^/@]+)@[^/]+/(.+)")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Unpack what pages fetch from CDNs."""
    found = unpack(tmp_path_factory.mktemp("npm"))
    # The file that the CDN has is in the Python package too.
    found["anywidget"] = Path(sys.prefix) / "share" / "jupyter" / "nbextensions" / "anywidget"
    return found


def nbconvert(notebook: Path, *arguments: str, **environment: str) -> None:
    """Run ``jupyter nbconvert`` on a notebook, from its folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "RNNVIZ_DISPLAY"))}
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", *arguments, notebook.name],
        cwd=notebook.parent,
        env=kept | {"PYTHONPATH": str(REPOSITORY)} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Execute the notebook whose widgets are frames; return where it is."""
    folder = tmp_path_factory.mktemp("course")
    notebook = write_notebook(folder / "course.ipynb", *PUBLISHED)
    nbconvert(notebook, "--execute", "--to=notebook", "--inplace", RNNVIZ_DISPLAY="iframe")
    return notebook


@pytest.fixture(scope="session")
def live_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Execute the notebook whose widgets are live, and make a page of it, in one command."""
    folder = tmp_path_factory.mktemp("live")
    notebook = write_notebook(folder / "live.ipynb", *LIVE)
    nbconvert(notebook, "--execute", "--to=html")
    return folder / "live.html"


class Network:
    """Answers what a page asks for from `packages`, and from nowhere else."""

    def __init__(self, packages: dict[str, Path]) -> None:
        self.packages = packages
        self.online = False
        self.served: set[str] = set()
        self.wrong: list[str] = []

    def answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.hostname == "127.0.0.1":
            route.continue_()
            return
        if url.hostname == "hostile.example":
            self.wrong.append(f"asked for {route.request.url}")
        found = _ON_A_CDN.fullmatch(url.path)
        name, file = found.groups() if found else ("", "")
        if "/require.js/" in url.path:
            name, file = "requirejs", "require.js"
        if name == "anywidget":
            file = Path(file).name
        if self.online and name in self.packages and (self.packages[name] / file).is_file():
            self.served.add(name)
            route.fulfill(path=self.packages[name] / file)
        else:
            route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        # A sandbox swallows dialogs, but says so.
        if "alert" in message.text or "sandboxed" in message.text:
            self.wrong.append(message.text)


@pytest.fixture
def network(packages: dict[str, Path]) -> Network:
    """Return a network that is off until a test sets it `online`."""
    return Network(packages)


@contextlib.contextmanager
def watched(browser: Browser, network: Network, **arguments: Any) -> Iterator[Page]:
    """Open a page; fail when it shows a dialog, calls out, or runs what it should show."""
    context = browser.new_context(color_scheme="light", **arguments)
    context.route(re.compile("^https?:"), network.answer)
    page = context.new_page()

    def refuse(dialog: object) -> None:
        network.wrong.append(f"a dialog: {dialog}")
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", refuse)
    page.on("console", network.hear)
    yield page
    context.close()
    assert network.wrong == []


@pytest.fixture
def window(browser: Browser, network: Network) -> Iterator[Page]:
    """Return a page, watched, in a window of the usual size."""
    with watched(browser, network, viewport={"width": 1100, "height": 900}) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, network: Network) -> Iterator[Page]:
    """Return a page, watched, on a narrow touch screen."""
    with watched(browser, network, **PHONE) as page:
        yield page
