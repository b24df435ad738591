"""Pages of a part, of several widgets, and frames: what is there, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Predictions, Trace, labels, page
from rnnviz_widget.export import head
from tests.browser.pixels import assert_painted, centre, settle

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Open

LINE = "A line of some sixty characters, as a novel has it on a page.\n"
STATE = "rnn.l0.h"
UNITS = 40


def make_trace(lines: int = 12, predictions: int = 0) -> Trace:
    text = LINE * lines
    values = np.random.default_rng(3).standard_normal((len(text), UNITS)).astype(np.float32)
    values[5:20, 17] = 4.5  # what a part must not forget: the scale is that of the whole
    likely = None
    if predictions:
        ids = np.tile(np.arange(predictions, dtype=np.uint32), (len(text), 1))
        likely = Predictions(ids, np.full(ids.shape, 0.1), tuple("abcdefgh"))
    return Trace.from_arrays(text, {STATE: values}, predictions=likely)


def slider(root: Locator) -> Locator:
    return root.get_by_role("slider", name="unit", exact=True)


def assert_shows(root: Locator, trace: Trace, unit: int, start: int = 0) -> None:
    values = trace.unit(STATE, unit)
    limit = float(np.quantile(np.abs(values.astype(float)), 0.995))
    assert_painted(root, values[start : start + 120].tolist(), limit)


def test_a_part_keeps_the_numbers_and_colours_of_the_whole(open_page: Open) -> None:
    trace = make_trace()
    widget = HiddenStateWidget(trace, unit=17)
    root = open_page(widget, units=[30, 4, 17], start=100, stop=400)
    expect(root.locator(".rnnviz-controls")).to_contain_text("of 40 (3 here)")
    assert_shows(root, trace, 17, start=100)
    slider(root).press("ArrowRight")
    expect(slider(root)).to_have_attribute("aria-valuetext", "30 of 40")
    slider(root).press("ArrowRight")
    expect(slider(root)).to_have_attribute("aria-valuetext", "30 of 40")
    assert_shows(root, trace, 30, start=100)
    number = root.get_by_role("spinbutton", name="unit number")
    number.fill("9")
    number.press("Enter")
    expect(number).to_have_value("4")
    first = root.locator("[data-row-start]").first
    assert first.get_attribute("data-line") == "2"
    root.page.mouse.move(*centre(root, 7))
    readout = root.locator(".rnnviz-readout")
    expect(readout).to_contain_text("after reading token 107")
    expect(readout).to_contain_text(f"line 2, column {107 - len(LINE) + 1}")


def test_several_widgets_share_a_page(guarded: Page, tmp_path: Path) -> None:
    trace = make_trace()
    shown = page(
        [
            HiddenStateWidget(trace, unit=3),
            HiddenStateWidget(trace).fragment(units=[8, 9], title="Two units"),
        ],
        title="Both",
    )
    guarded.goto(shown.save(tmp_path / "page.html").path.as_uri())
    roots = guarded.locator(".rnnviz")
    expect(roots).to_have_count(2)
    assert guarded.get_by_role("heading").all_text_contents() == ["Both", "Two units"]
    slider(roots.nth(1)).press("ArrowRight")
    assert_shows(roots.nth(0), trace, 3)
    roots.nth(1).scroll_into_view_if_needed()
    assert_shows(roots.nth(1), trace, 9)


def test_fragments_and_their_code_can_be_pasted_twice(guarded: Page, tmp_path: Path) -> None:
    trace = make_trace()
    fragment = HiddenStateWidget(trace, unit=3).fragment().html
    path = tmp_path / "own.html"
    path.write_text(f"<!doctype html>{head()}{fragment}<p>And again:</p>{fragment}{head()}")
    guarded.goto(path.as_uri())
    roots = guarded.locator(".rnnviz")
    expect(roots).to_have_count(2)
    settle(guarded)
    expect(roots).to_have_count(2)
    assert_shows(roots.nth(0), trace, 3)


FRAMES: dict[str, dict[str, Any]] = {
    "short": {"lines": 2},
    "short with predictions": {"lines": 2, "predictions": 5},
    "long": {},
    "long with labels": {"count": 2, "predictions": 5, "title": "A title"},
    "copies": {"count": 1, "units": [1, 2, 3]},
    "copies side by side": {"units": [1, 2], "arrange": "side by side"},
    "guess": {"guess": True},
    "present": {"present": True, "count": 1},
    "present without a label": {"present": True, "predictions": 5},
    "present, guess": {"present": True, "guess": True, "count": 1, "predictions": 5},
    "present, copies": {"present": True, "units": [1, 2], "count": 2, "predictions": 5},
    "checkpoints": {"checkpoints": 3},
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_is_about_as_high_as_what_is_in_it(guarded: Page, kind: str) -> None:
    arguments = dict(FRAMES[kind])
    trace = make_trace(arguments.pop("lines", 30), arguments.pop("predictions", 0))
    count, checkpoints = arguments.pop("count", 0), arguments.pop("checkpoints", 0)
    traces = {f"after {i} steps": trace for i in range(checkpoints)} or trace
    marks = {f"label {i}": labels.inside_quotes for i in range(count)}
    widget = HiddenStateWidget(traces, labels=marks, **arguments)
    widget.cursor = 3
    guarded.set_viewport_size({"width": 900, "height": 1000})
    guarded.set_content(widget.to_iframe(caption="A caption.").html)
    inside = guarded.locator("iframe").content_frame
    expect(inside.locator("[data-row-start]").first).to_be_visible()
    needed = inside.locator("main").evaluate("(main) => main.getBoundingClientRect().bottom")
    given = inside.locator("html").evaluate("() => innerHeight")
    assert needed <= given <= needed + 60
