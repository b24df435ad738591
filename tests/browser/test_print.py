"""A page on paper: all of its text, in colour, on white, and nothing that only a screen can use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pypdf
import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace
from tests.browser.pixels import RED_BLUE, TOLERANCE, differences, expected_colours

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Open

TEXT = "".join(f"line {i}, with\ta tab and some words to fill the paper with\n" for i in range(90))


def make_widget() -> HiddenStateWidget:
    values = np.tanh(np.random.default_rng(2).standard_normal((len(TEXT), 3)))
    trace = Trace.from_arrays(TEXT, {"rnn.l0.h": values}, bounds={"rnn.l0.h": (-1, 1)})
    return HiddenStateWidget(trace, unit=1, title="On paper")


def test_all_of_the_text_is_printed_with_its_legend_and_without_controls(
    open_page: Open, page: Page, tmp_path: Path
) -> None:
    root = open_page(make_widget(), caption="A caption", start=30)
    root.get_by_role("textbox").press("m")
    expect(root.get_by_text("Drag over the text")).to_be_visible()
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    pages = pypdf.PdfReader(tmp_path / "page.pdf").pages
    assert len(pages) > 1
    printed = "\n".join(sheet.extract_text() for sheet in pages)
    found = re.findall(r"line (\d+), with", printed)
    assert [int(number) for number in found] == list(range(1, 90))
    for words in ("On paper", "unit 1 of rnn.l0.h (3 units)", "A caption", "+1 high"):
        assert words in printed
    for words in ("palette", "follows", "Point at", "Drag over", "all units"):
        assert words not in printed


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_printed_has_the_colours_of_a_light_screen(
    open_page: Open, page: Page, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    widget = make_widget()
    root = open_page(widget, stop=600)
    expect(root).to_have_attribute("data-theme", scheme)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="light")
    runs = root.locator(".rnnviz-printed-line > span").evaluate_all(
        "(spans) => spans.map((s) => [s.textContent, getComputedStyle(s).backgroundColor])"
    )
    colours = [
        colour
        for text, colour in runs
        # A tab is as wide as on screen, and one token.
        for _ in re.sub("→ *", "→", text)
    ]
    painted = [tuple(map(int, re.findall(r"\d+", colour))) for colour in colours]
    values = widget.trace.unit("rnn.l0.h", 1)[:600]
    expected = expected_colours(values.tolist(), RED_BLUE, 1)
    assert max(differences(painted, expected)) <= TOLERANCE
    shown = root.evaluate("(e) => getComputedStyle(e).printColorAdjust")
    assert shown == "exact"
    expect(root.locator(".rnnviz-controls .rnnviz-select").first).to_be_hidden()
    expect(root.locator(".rnnviz-strip")).to_be_visible()
    page.emulate_media(media="screen", color_scheme=scheme)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(root.locator(".rnnviz-printed-line")).to_have_count(0)
    expect(root).to_have_attribute("data-theme", scheme)
    expect(root.locator(".rnnviz-controls .rnnviz-select").first).to_be_visible()
