"""One JupyterLab server and one open notebook for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.jupyterlab.lab import LAB, Notebook, Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

TEXT = """\
"You are late," said the keeper,
"and the lamp is out."
Nobody answered; the boats
lay on the sand, keel up, and
"Well?" he asked.
"""


CELLS = (
    f"""\
import ipywidgets
import rnnviz_widget as rnnviz
model = rnnviz.load_model("prose")
trace = rnnviz.record(model, {TEXT!r})
w = rnnviz.HiddenStateWidget(trace, state="rnn.l0.h", unit=3)
w""",
    """\
box = ipywidgets.Text(continuous_update=False)
def rerecord(change):
    w.trace = rnnviz.record(model, change["new"])
box.observe(rerecord, "value")
box""",
    """\
linked = ipywidgets.IntSlider(w.unit, 0, trace.num_units("rnn.l0.h") - 1)
ipywidgets.jslink((linked, "value"), (w, "unit"))
linked""",
)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run JupyterLab for as long as the tests take."""
    with running(LAB, tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def opened(browser: Browser, lab: Server) -> Iterator[Notebook]:
    """Open the notebook of `CELLS`, all of it run."""
    # High enough for the whole notebook: nothing scrolls while a pixel is looked for.
    context = browser.new_context(viewport={"width": 1400, "height": 1800}, color_scheme="light")
    yield Notebook.open(context.new_page(), lab, "quote", CELLS)
    context.close()


@pytest.fixture
def notebook(opened: Notebook) -> Notebook:
    """Put the notebook back to where it was when it was opened."""
    opened.run(
        "w.units = []; w.guess = w.present = False\n"
        'w.trace = trace; w.palette = "red-blue"; w.state = "rnn.l0.h"; w.unit = 3\n'
        "w.cursor = -1; w.selection = []"
    )
    opened.page.mouse.move(5, 5)
    return opened
