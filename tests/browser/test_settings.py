"""What a person sets: ends of colours, room, controls, space between tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace
from rnnviz_widget.trace import Predictions

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Open

TEXT = "".join(f"{n:02d} " + "word " * 13 + "ab\n" for n in range(40))


def make_trace(text: str | list[str] = TEXT, size: float = 1.0) -> Trace:
    values = size * np.sin(np.arange(len(text) * 2.0)).reshape(-1, 2)
    return Trace.from_arrays(text, {"rnn.l0.c": values})


def box(locator: Locator) -> dict[str, float]:
    found = locator.bounding_box()
    assert found
    return dict(found)


def test_a_scale_that_is_set_stays_from_unit_to_unit_and_the_legend_says_it(
    open_page: Open,
) -> None:
    root = open_page(HiddenStateWidget(make_trace(), limits={"*.c": (-4, 8)}))
    ends = root.locator(".rnnviz-ends")
    for _ in range(2):
        expect(ends.locator("span").nth(0)).to_have_text("\N{MINUS SIGN}4")
        expect(ends.locator("span").nth(1)).to_have_text("+2")
        expect(ends.locator("span").nth(2)).to_have_text("+8 high")
        expect(root.locator(".rnnviz-legend-notes")).to_contain_text("set by hand")
        root.get_by_role("slider").press("End")


def test_numbers_of_any_magnitude_are_read_as_they_are(open_page: Open) -> None:
    values = np.array([[70000.0], [1e-9], [-0.5], [0.0]])
    root = open_page(HiddenStateWidget(Trace.from_arrays("abcd", {"h": values})))
    text, value = root.get_by_role("textbox"), root.locator(".rnnviz-value")
    text.focus()
    for shown in ("+70000", "+1.000e-9", "\N{MINUS SIGN}0.500", "0"):
        text.press("ArrowRight")
        expect(value).to_have_text(f"\N{ALMOST EQUAL TO} {shown}")


def test_height_and_columns_are_at_most_what_was_said(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace(), height=150, wrap=40))
    scroller = root.locator(".rnnviz-scroller")
    rows = float(scroller.get_attribute("data-cell-height") or 0)
    assert box(scroller)["height"] == 150 // rows * rows
    expect(scroller).to_have_attribute("data-columns", "40")
    scroller.focus()
    scroller.press("Control+End")
    expect(root.locator("[data-row-start]").last).to_be_in_viewport()


def test_without_controls_the_text_can_be_read_and_pointed_at(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace(), controls=False, unit=1))
    for name in ("combobox", "slider", "button", "spinbutton"):
        assert root.get_by_role(name).filter(visible=True).count() <= (name == "button")
    expect(root.locator(".rnnviz-copy-name")).to_have_text("rnn.l0.c  1")
    root.locator("[data-row-start]").nth(4).hover()
    expect(root.locator(".rnnviz-facts")).to_contain_text("line 5")


def test_tokens_are_set_apart_or_not_as_someone_wishes(open_page: Open) -> None:
    tokens = ["0.12", "-0.35", "1.2e-7", "40"] * 20
    root = open_page(HiddenStateWidget(make_trace(tokens)))
    row = root.locator("[data-row-start] .rnnviz-ink").first
    button = root.get_by_role("button", name="set apart")
    expect(button).to_have_attribute("aria-pressed", "true")
    wide = box(row)["width"]
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    joined = row.evaluate("(ink) => ink.querySelectorAll('.rnnviz-tab').length")
    assert joined == 0
    assert wide > 0


def test_a_long_name_of_a_next_token_leaves_its_number_alone(open_page: Open, page: Page) -> None:
    names = ("Donaudampfschifffahrtsgesellschaft", "a", "antidisestablishmentarianism" * 2)
    ids = np.tile(np.arange(3, dtype=np.uint32), (len(TEXT), 1))
    predictions = Predictions(ids, np.full(ids.shape, 0.3, np.float32), names)
    trace = Trace.from_arrays(TEXT, {"h": np.zeros((len(TEXT), 1))}, predictions=predictions)
    for room in (1280, 700, 420):
        page.set_viewport_size({"width": room, "height": 900})
        root = open_page(HiddenStateWidget(trace, title=str(room)), title="")
        root.locator("[data-row-start]").first.hover()
        for item in root.locator(".rnnviz-next li").all():
            name, number = box(item.locator("code")), box(item.locator(".rnnviz-probability"))
            assert name["x"] + name["width"] <= number["x"]
            outer = box(root)
            assert number["x"] + number["width"] <= outer["x"] + outer["width"]


def test_paper_breaks_no_number(open_page: Open, page: Page) -> None:
    tokens = ["-0.35", "0.12", "-1e-7"] * 60
    root = open_page(HiddenStateWidget(make_trace(tokens)))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    lines = root.locator(".rnnviz-printed-line > span").evaluate_all(
        """(spans) => spans.map((span) => {
          const range = document.createRange();
          range.selectNodeContents(span);
          return [span.textContent, new Set([...range.getClientRects()].map((r) => r.top)).size];
        })"""
    )
    assert [text for text, _ in lines] == tokens
    assert {count for _, count in lines} == {1}
    tops = root.locator(".rnnviz-printed-line > span").evaluate_all(
        "(spans) => new Set(spans.map((s) => s.getBoundingClientRect().top)).size"
    )
    assert tops > 1  # the text is longer than one line of paper


def test_a_curve_over_a_long_text_is_its_mean_on_an_envelope_not_a_slab(open_page: Open) -> None:
    """A unit that jumps from end to end at every character: a line through all is black."""
    text = "x" * 5000
    values = np.where(np.arange(5000) % 2, 1.0, -1.0)
    values[2500:] /= 2
    widget = HiddenStateWidget(Trace.from_arrays(text, {"h": values[:, None]}), limits=(-1, 1))
    canvas = open_page(widget).locator(".rnnviz-plot canvas")
    drawn = np.array(
        canvas.evaluate(
            """(c) => {
              const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
              return Array.from({ length: c.height }, (_, y) =>
                Array.from({ length: c.width }, (_, x) => data[4 * (y * c.width + x) + 3]));
            }"""
        )
    )
    middle = drawn[:, drawn.shape[1] // 4]
    assert (middle > 0).sum() > 0.8 * len(middle)  # from the lowest to the highest
    assert (middle > 200).sum() <= 4  # the mean, and no more, is a line
    narrow = drawn[:, 3 * drawn.shape[1] // 4]
    assert 0.4 < (narrow > 0).sum() / (middle > 0).sum() < 0.6


@pytest.mark.parametrize(("copies", "rows"), [(2, 6), (4, 4)])
@pytest.mark.parametrize("present", [False, True])
def test_copies_are_high_enough_to_read(
    open_page: Open, copies: int, rows: int, present: bool
) -> None:
    units = [("rnn.l0.c", i % 2) for i in range(copies)]
    root = open_page(HiddenStateWidget(make_trace(), units=units, present=present))
    for scroller in root.locator(".rnnviz-scroller").all():
        height = float(scroller.get_attribute("data-cell-height") or 0)
        assert box(scroller)["height"] >= rows * height


def test_copies_stand_side_by_side_where_each_has_72_columns(open_page: Open, page: Page) -> None:
    widget = HiddenStateWidget(make_trace(), units=[("rnn.l0.c", 0), ("rnn.l0.c", 1)])
    for room, beside in ((1000, False), (1920, True)):
        page.set_viewport_size({"width": room, "height": 900})
        one, other = open_page(widget).locator(".rnnviz-copy").all()
        assert (box(one)["y"] == box(other)["y"]) is beside
        expect(one.locator("[data-row-start]").nth(1)).to_contain_text("01 word")
