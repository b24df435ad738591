"""The widget in the room it gets: text first, a slider as wide as it, never two pixels wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from rnnviz_widget import HiddenStateWidget, Trace, rank_units

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

LINES = "".join(f"{n:02d} " + "word " * 13 + "ab\n" for n in range(40))  # 70 columns
FLEX = """(root, style) => {
  const box = root.parentElement.parentElement, outer = document.createElement("div");
  outer.style.cssText = style;
  box.before(outer);
  outer.append("Label", box);
}"""


@pytest.fixture
def widget() -> HiddenStateWidget:
    values = np.tanh(np.random.default_rng(0).standard_normal((len(LINES), 256)))
    return HiddenStateWidget(Trace.from_arrays(LINES, {"rnn.l0.h": values}), unit=7)


def width(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box
    return box["width"]


@pytest.mark.parametrize("room", [760, 850, 1000, 1280, 1700])
def test_lines_of_70_columns_do_not_wrap_and_the_slider_has_a_row_of_its_own(
    widget: HiddenStateWidget, open_page: Open, page: Page, room: int
) -> None:
    page.set_viewport_size({"width": room, "height": 900})
    root = open_page(widget)
    first = root.locator("[data-row-start]")
    expect(first.nth(1)).to_contain_text("01 word")  # the second row is the second line
    assert width(root.locator(".rnnviz-range input")) > max(300, width(root) / 2)
    assert width(root) > room - 60  # no room is left blank
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


@pytest.mark.parametrize(
    "style",
    [
        "display:flex",
        "display:flex;flex-direction:column;align-items:center",
        "display:grid;grid-template-columns:auto 1fr",
        "display:inline-block",
        "float:left",
    ],
)
def test_a_box_that_asks_how_wide_it_would_be_shows_it_whole(
    widget: HiddenStateWidget, open_page: Open, page: Page, style: str
) -> None:
    page.set_viewport_size({"width": 1000, "height": 900})
    root = open_page(widget)
    root.evaluate(FLEX, style)
    assert width(root) > 700
    expect(root.locator("[data-row-start]").nth(1)).to_contain_text("01 word")


def test_two_side_by_side_share_the_room(
    widget: HiddenStateWidget, open_page: Open, page: Page
) -> None:
    page.set_viewport_size({"width": 1200, "height": 900})
    root = open_page(widget)
    root.evaluate(FLEX, "display:flex")
    box = root.locator("xpath=../..")
    box.evaluate("(box) => box.after(box.cloneNode(true))")
    widths = [width(each) for each in page.locator(".rnnviz").all()]
    assert len(widths) == 2
    assert min(widths) > 500
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    widget: HiddenStateWidget, open_page: Open, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    root = open_page(widget)
    assert width(root.locator(".rnnviz-range input")) > 300
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_nothing_moves_when_a_unit_is_in_no_ranking(open_page: Open) -> None:
    values = np.tanh(np.random.default_rng(0).standard_normal((len(LINES), 8)))
    trace = Trace.from_arrays(LINES, {"a.h": values, "b.h": values})
    label = np.arange(len(LINES)) // 50 % 2 == 0
    ranking = rank_units(trace, label, states="a.h", probe=False, shifts=9, resamples=9)
    root = open_page(HiddenStateWidget(trace, ranking))
    parts = [root.locator(name) for name in ("[data-row-start] >> nth=0", ".rnnviz-foot")]
    before = [part.bounding_box() for part in parts]
    root.get_by_role("combobox", name="state").select_option("b.h")
    expect(root.locator(".rnnviz-notes summary")).to_contain_text("is in no ranking here")
    assert [part.bounding_box() for part in parts] == before


def test_a_key_takes_the_readout_over_from_a_resting_pointer(
    widget: HiddenStateWidget, open_page: Open
) -> None:
    root = open_page(widget)
    text = root.get_by_role("textbox")
    root.locator("[data-row-start]").nth(4).hover()
    expect(root.locator(".rnnviz-facts")).to_contain_text("line 5")
    text.focus()
    for _ in range(3):
        text.press("ArrowDown")
    expect(root.locator(".rnnviz-facts")).to_contain_text("line 3")
    root.locator("[data-row-start]").nth(6).hover()
    expect(root.locator(".rnnviz-facts")).to_contain_text("line 7")
