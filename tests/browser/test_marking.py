"""Text that is marked in a saved page, and the units that tell it from the rest: offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect

import rnnviz_widget as rnnviz
from rnnviz_widget import HiddenStateWidget, Trace, labels
from rnnviz_widget.ranking import rank_marked
from tests.browser.accessibility import violations
from tests.browser.pixels import assert_painted, centre, character_boxes, settle
from tests.static_host import hosting

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Open

TEXT = 'The lamp was out.\n"Who is there?" she asked,\nand nobody answered.\n\n"I am," said he.\n'
INSIDE = np.asarray(labels.inside_quotes(TEXT))
FIRST = (TEXT.index('"Who'), TEXT.index('" she'))
SECOND = (TEXT.index('"I am'), TEXT.index('" said'))
UNITS = 24


def make_trace(text: str = TEXT, follower: int = 7) -> Trace:
    """Return noise, with one unit that is low inside quotes."""
    rng = np.random.default_rng(5)
    values = np.tanh(rng.standard_normal((len(text), UNITS))).astype(np.float32)
    values[:, follower] = 0.2 * values[:, follower] - 0.7 * np.asarray(labels.inside_quotes(text))
    bounds = {"rnn.l0.h": (-1, 1), "rnn.l0.z": (0, 1)}
    return Trace.from_arrays(
        text, {"rnn.l0.h": values, "rnn.l0.z": (values[:, ::-1] + 1) / 2}, bounds=bounds
    )


def found(root: Locator) -> Locator:
    return root.get_by_role("list", name="units that tell what is marked").get_by_role("listitem")


def drag(root: Locator, start: int, stop: int) -> None:
    """Drag from before one token to behind the last of a stretch."""
    first, last = character_boxes(root, [start, stop - 1])
    mouse = root.page.mouse
    mouse.move(first[0] + 1, (first[1] + first[3]) / 2)
    mouse.down()
    mouse.move(last[2] - 1, (last[1] + last[3]) / 2, steps=4)
    mouse.up()


def marked_tokens(root: Locator, tokens: range) -> list[int]:
    """Return which of some tokens lie under a mark on screen."""
    boxes = [box.bounding_box() for box in root.locator(".rnnviz-marked").all()]
    inside = []
    for token in tokens:
        x, y = centre(root, token)
        if any(
            box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
            for box in boxes
            if box
        ):
            inside.append(token)
    return inside


def test_what_is_dragged_over_is_marked_and_its_units_are_listed_as_python_ranks_them(
    open_page: Open,
) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3))
    root.get_by_role("button", name="find", exact=True).click()
    drag(root, *FIRST)
    expect(root.locator(".rnnviz-marked").first).to_be_visible()
    assert marked_tokens(root, range(60)) == list(range(*FIRST))
    assert_painted(root, trace.unit("rnn.l0.h", 3), limit=1)  # the colours can still be seen
    drag(root, *SECOND)
    ranking = rank_marked(trace, [FIRST, SECOND])
    expect(found(root)).to_have_count(len(ranking))
    expect(found(root).first).to_contain_text(f"rnn.l0.h 7AUC {ranking[0].score:.3f}")
    expect(found(root).first).to_contain_text("low")
    listed = [one.locator("code").inner_text() for one in found(root).all()]
    # Of eight bits: what is nearly alike may change places.
    assert listed[0] == "rnn.l0.h 7"
    assert {name.split()[1] for name in listed} == {str(e.unit) for e in ranking}
    expect(root.get_by_text("among the 48 units in this page")).to_be_visible()
    expect(root.get_by_text("a hint, not a measurement")).to_be_visible()


def test_a_unit_of_the_list_is_shown_red_where_the_marks_are(open_page: Open) -> None:
    trace = make_trace()
    widget = HiddenStateWidget(trace, unit=3)
    widget.marked = [FIRST]
    root = open_page(widget)
    expect(root.locator(".rnnviz-marked").first).to_be_visible()
    root.get_by_role("textbox").press("m")
    found(root).first.get_by_role("button").click()
    expect(root.locator(".rnnviz-number")).to_have_value("7")
    assert_painted(root, -trace.unit("rnn.l0.h", 7), limit=1)  # turned: low is red


def test_it_can_all_be_done_by_keys(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace(), unit=3))
    keys, text = root.page.keyboard, root.get_by_role("textbox")
    text.focus()
    keys.press("m")
    expect(root.get_by_role("region", name="find units")).to_be_visible()
    keys.press("Home")
    keys.press("ArrowDown")
    keys.down("Shift")
    for _ in range(FIRST[1] - FIRST[0] - 1):
        keys.press("ArrowRight")
    keys.up("Shift")
    expect(found(root).first).to_contain_text("rnn.l0.h 7")
    assert marked_tokens(root, range(50)) == list(range(*FIRST))
    keys.press("Delete")
    expect(root.locator(".rnnviz-marked")).to_have_count(0)
    expect(found(root)).to_have_count(0)
    keys.press("Control+a")
    keys.press("Enter")
    expect(root.get_by_text("All of the text is marked")).to_be_visible()
    keys.press("m")
    expect(root.get_by_role("region", name="find units")).to_be_hidden()
    expect(text).to_be_focused()


def test_rows_are_gone_through_by_arrow_keys(open_page: Open) -> None:
    widget = HiddenStateWidget(make_trace(), unit=3)
    widget.marked = [FIRST, SECOND]
    root = open_page(widget)
    root.get_by_role("textbox").press("m")
    expect(found(root)).to_have_count(UNITS)
    found(root).first.get_by_role("button").focus()
    keys = root.page.keyboard
    keys.press("ArrowDown")
    expect(found(root).nth(1).get_by_role("button")).to_be_focused()
    keys.press("ArrowUp")
    keys.press("Enter")
    expect(root.locator(".rnnviz-number")).to_have_value("7")
    expect(found(root).first.get_by_role("button")).to_have_attribute("aria-current", "true")


def test_a_click_on_a_mark_takes_it_away(open_page: Open) -> None:
    widget = HiddenStateWidget(make_trace(), unit=3)
    widget.marked = [FIRST, SECOND]
    root = open_page(widget)
    root.get_by_role("button", name="find", exact=True).click()
    expect(found(root)).to_have_count(UNITS)
    root.page.mouse.click(*centre(root, FIRST[0] + 3))
    settle(root.page)
    assert marked_tokens(root, range(80)) == list(range(*SECOND))
    root.page.mouse.click(*centre(root, FIRST[0] + 3))  # no mark is there now
    settle(root.page)
    assert marked_tokens(root, range(80)) == list(range(*SECOND))
    root.get_by_role("button", name="remove the mark at 5:1").click()
    expect(root.locator(".rnnviz-marked")).to_have_count(0)


def test_the_best_of_some_marks_is_scored_on_the_others_beside_chance(open_page: Open) -> None:
    widget = HiddenStateWidget(make_trace(), unit=3)
    widget.marked = [FIRST]
    root = open_page(widget)
    root.get_by_role("button", name="find", exact=True).click()
    score = root.get_by_role("button", name="score on the rest")
    expect(score).to_be_disabled()
    drag(root, *SECOND)
    expect(score).to_be_enabled()
    score.click()
    expect(root.get_by_text("By chance the best among the 48 units in this page")).to_be_visible()
    expect(root.get_by_text("illustrate, and measure nothing")).to_be_visible()
    expect(found(root).first).to_contain_text("rnn.l0.h 7")
    expect(found(root).first).to_contain_text("on the rest")


def test_a_text_that_is_edited_is_marked_too_and_typing_drops_the_marks(
    guarded: Page, tmp_path: Path
) -> None:
    model = rnnviz.load_model("prose")
    text = rnnviz.sample_text("prose")[:600]
    widget = HiddenStateWidget(model=model, text=text, state="rnn.l1.h", unit=3)
    file = tmp_path / "live.html"
    file.write_text(widget.to_html(live=True), encoding="utf-8")
    guarded.goto(file.as_uri())
    root = guarded.locator(".rnnviz")
    area = root.locator(".rnnviz-edited textarea")
    expect(area).to_be_visible()
    root.get_by_role("button", name="find", exact=True).click()
    start, stop = text.index('"'), text.index('"', text.index('"') + 1)
    area.focus()
    area.evaluate("(area, [a, b]) => area.setSelectionRange(a, b)", [start, stop])
    guarded.keyboard.press("Shift")
    expect(found(root).first).to_contain_text("AUC", timeout=60_000)
    expect(root.get_by_role("button", name="remove the mark")).to_have_count(1)
    guarded.keyboard.type("x")
    expect(root.get_by_role("button", name="remove the mark")).to_have_count(0)


def test_on_a_site_units_are_fetched_to_be_looked_at(window: Page, tmp_path: Path) -> None:
    widget = HiddenStateWidget(make_trace(), unit=3)
    widget.marked = [FIRST, SECOND]
    widget.save_site(tmp_path / "site")
    with hosting(tmp_path / "site") as host:
        window.goto(host.address)
        root = window.locator(".rnnviz")
        expect(root.locator("[data-row-start]").first).to_be_visible()
        root.get_by_role("textbox").press("m")
        expect(found(root).first).to_contain_text("rnn.l0.h 7")
        root.get_by_role("textbox").press("u")
        rows = root.get_by_role("listbox", name="units over the text on screen")
        expect(rows.get_by_role("option").first).to_contain_text("rnn.l0.h 3")


HOSTILE = '<img src=x onerror=alert(1)>"<b>&amp;</b>"\u202e\x1b[31m</script>\n' * 3


def test_hostile_texts_and_names_are_shown_as_text(open_page: Open) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((len(HOSTILE), 4)).astype(np.float32)
    trace = Trace.from_arrays(HOSTILE, {"<script>alert(1)</script>.h": values})
    widget = HiddenStateWidget(trace)
    widget.marked = [(0, 30), (70, 90)]
    root = open_page(widget)
    root.get_by_role("button", name="find", exact=True).click()
    expect(found(root)).to_have_count(4)
    expect(found(root).first).to_contain_text("<script>alert(1)</script>.h")
    expect(root.locator("img, script:not([type])")).to_have_count(0)
    expect(root.get_by_role("button", name="<img src=x")).to_be_visible()


def test_while_a_class_guesses_nothing_is_told(open_page: Open) -> None:
    widget = HiddenStateWidget(make_trace(), unit=3, guess=True)
    widget.marked = [FIRST]
    root = open_page(widget)
    root.get_by_role("button", name="find", exact=True).click()
    expect(root.get_by_role("region", name="find units")).to_have_count(0)
    expect(found(root)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_marking_stands_in_nobodys_way(
    open_page: Open, page: Page, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    widget = HiddenStateWidget(make_trace(), unit=3, title="A title")
    widget.marked = [FIRST, SECOND]
    root = open_page(widget)
    root.get_by_role("button", name="find", exact=True).click()
    expect(found(root)).to_have_count(UNITS)
    root.get_by_role("button", name="score on the rest").click()
    expect(root.get_by_text("By chance")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
