"""Text that is marked in JupyterLab: Python ranks, and both have the same marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_marking import drag, found
from tests.jupyterlab.lab import Notebook, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator

CELL = """\
import numpy as np
import rnnviz_widget as rnnviz
text = rnnviz.sample_text("prose")[:3000]
values = np.random.default_rng(0).standard_normal((len(text), 40)).astype(np.float32)
values[:, 11] -= 4 * np.asarray(rnnviz.labels.inside_quotes(text))
w = rnnviz.HiddenStateWidget(rnnviz.Trace.from_arrays(text, {"a.h": values}), unit=3)
w"""


@pytest.fixture(scope="module")
def notebook(browser: Browser, lab: Server) -> Iterator[Notebook]:
    context = browser.new_context(viewport={"width": 1400, "height": 1800}, color_scheme="light")
    yield Notebook.open(context.new_page(), lab, "marking", [CELL])
    context.close()


@pytest.fixture
def root(notebook: Notebook) -> Locator:
    root = notebook.page.locator(".rnnviz")
    expect(root.locator("[data-row-start]").first).to_be_visible()
    return root


def test_python_ranks_all_units_for_what_is_marked_and_knows_the_marks(
    notebook: Notebook, root: Locator
) -> None:
    start = notebook.evaluate("text.index(chr(34))")
    stop = notebook.evaluate(f"text.index(chr(34), {start} + 1)")
    root.get_by_role("button", name="find", exact=True).click()
    expect(root.get_by_role("region", name="find units")).to_be_visible()
    drag(root, start, stop)
    expect(found(root).first).to_contain_text("a.h 11AUC")
    expect(root.get_by_text("the best of 40 columns on what was marked itself")).to_be_visible()
    assert notebook.evaluate("[list(pair) for pair in w.marked]") == [[start, stop]]
    assert notebook.evaluate("int(w.marked_label().sum())") == stop - start


def test_marks_of_python_are_seen_and_scored_on_the_rest(notebook: Notebook, root: Locator) -> None:
    notebook.run(
        "inside = np.asarray(rnnviz.labels.inside_quotes(text)).astype(int)\n"
        "edges = np.flatnonzero(np.diff(inside, prepend=0, append=0)).reshape(-1, 2)\n"
        "w.marked = edges.tolist()"
    )
    count = notebook.evaluate("len(w.marked)")
    assert count > 2
    expect(found(root).first).to_contain_text("a.h 11AUC")
    expect(root.locator(".rnnviz-marked").first).to_be_visible()
    root.get_by_role("button", name="score on the rest").click()
    verdict = notebook.evaluate("w.score_marked(probe=False, progress=False).verdict")
    expect(root.get_by_text(verdict)).to_be_visible(timeout=60_000)
    notebook.run("w.marked = []")
    expect(root.locator(".rnnviz-marked")).to_have_count(0)
    expect(found(root)).to_have_count(0)
