"""A figure for print and a saved page of the same unit look the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from playwright.sync_api import expect

import rnnviz_widget as rnnviz
from rnnviz_widget.figures.layout import lay_out
from tests.browser.pixels import TOLERANCE, differences, painted_colours

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

mpl.use("agg")
TEXT = (
    "A line that is longer than the page is wide has to be broken somewhere, and it should be "
    "after a blank that stands in the row's last third; a word_that_has_no_blank_in_it_" + "x" * 200
    + " is broken where the row ends.\n\n\tA tab\tis wide, 中文 is wider; e\u0301 is one.\n"
)  # fmt: skip


def test_colours_and_rows_are_those_of_the_widget(page: Page, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.standard_normal((len(TEXT), 2)).astype(np.float32)  # no bound: a robust scale
    trace = rnnviz.Trace.from_arrays(TEXT, {"h": values})
    saved = rnnviz.HiddenStateWidget(trace, unit=1).save_html(tmp_path / "a.html")
    page.goto(saved.path.as_uri())
    root = page.locator(".rnnviz")
    expect(root.locator("[data-row-start]").first).to_be_visible()

    attributes = root.locator("[data-row-start]").evaluate_all(
        "rows => rows.map(({ dataset }) => Number(dataset.rowStart))"
    )
    laid = {
        columns: [c.token for c in lay_out(TEXT, columns) if c.column == 0]
        for columns in range(40, 200)
    }
    assert attributes in laid.values()

    ax = rnnviz.plot_text(trace, "h", 1, stop=80, legend=False)
    (cells,) = [c for c in ax.collections if c.get_gid() == "cells"]
    drawn = (cells.get_facecolor()[:, :3] * 255).round().astype(int).tolist()
    plt.close("all")
    assert max(differences(painted_colours(root, range(80)), map(tuple, drawn))) <= TOLERANCE
