"""Several units at once, labels in the text, checkpoints, guess mode and a mode for halls."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace, labels, rank_units
from rnnviz_widget.counters import gate_saturation
from tests.browser import heights
from tests.browser.accessibility import violations
from tests.browser.pixels import (
    assert_painted,
    centre,
    character_boxes,
    painted_colours,
    settle,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Open

TEXT = 'The lamp was out.\n"Who is there?" she asked,\nand nobody answered.\n\n"I am," said he.\n'
INSIDE = labels.inside_quotes(TEXT)
QUOTES = {"inside quotes": labels.inside_quotes}
UNITS = 24
WHITE = (255, 255, 255)


def make_trace(seed: int = 5, text: str = TEXT) -> Trace:
    rng = np.random.default_rng(seed)
    values = np.tanh(rng.standard_normal((len(text), UNITS))).astype(np.float32)
    states = {"rnn.l0.h": values, "rnn.l0.z": (values + 1) / 2}
    return Trace.from_arrays(text, states, bounds={"rnn.l0.h": (-1, 1), "rnn.l0.z": (0, 1)})


def copy(root: Locator, index: int) -> Locator:
    return root.locator(".rnnviz-copy").nth(index)


def first_rows(root: Locator) -> list[str | None]:
    copies = root.locator(".rnnviz-copy").all()
    return [one.locator("[data-row-start]").first.get_attribute("data-row-start") for one in copies]


# --- several units -----------------------------------------------------------------------------


@pytest.mark.parametrize("arrange", ["stacked", "side by side"])
def test_each_copy_has_the_colours_of_its_own_unit(open_page: Open, arrange: str) -> None:
    trace = make_trace()
    units = [("rnn.l0.h", 3), ("rnn.l0.z", 9), ("rnn.l0.h", 20)]
    root = open_page(HiddenStateWidget(trace, units=units, arrange=arrange))
    for i, (state, unit) in enumerate(units):
        assert_painted(copy(root, i), trace.unit(state, unit), limit=1)
        expect(copy(root, i).get_by_role("button").first).to_have_text(f"{state}  {unit}")
    tops = {one.bounding_box()["y"] for one in root.locator(".rnnviz-copy").all()}  # type: ignore[index]
    assert len(tops) == (1 if arrange == "side by side" else 3)


def test_copies_have_one_cursor_one_pointer_and_scroll_as_one(open_page: Open) -> None:
    text = "".join(f"line {i} of a long text\n" for i in range(100))
    root = open_page(HiddenStateWidget(make_trace(text=text), units=[1, 2, 3]))
    page = root.page
    page.mouse.move(*centre(copy(root, 1), 30))
    expect(root.locator(".rnnviz-hovered")).to_have_count(3)
    copy(root, 1).get_by_role("textbox").evaluate("text => { text.scrollTop = 400 }")
    settle(page)
    (first,) = set(first_rows(root))
    assert first != "0"
    token = int(first or 0) + 40
    page.mouse.click(*centre(copy(root, 2), token))
    expect(root.locator(".rnnviz-cursor")).to_have_count(3)
    expect(root.locator(".rnnviz-readout")).to_contain_text(f"after reading token {token}")
    page.keyboard.press("Control+End")
    expect(root.get_by_text("line 99 of a long text↵")).to_have_count(3)


def test_the_slider_acts_on_the_copy_that_was_chosen(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, units=[3, 9]))
    slider = root.get_by_role("slider", name="unit", exact=True)
    expect(slider).to_have_value("3")
    copy(root, 1).get_by_role("button", name="rnn.l0.h 9").click()
    expect(slider).to_have_value("9")
    slider.press("ArrowRight")
    assert_painted(copy(root, 0), trace.unit("rnn.l0.h", 3), limit=1)
    assert_painted(copy(root, 1), trace.unit("rnn.l0.h", 10), limit=1)


def test_copies_come_and_go(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3))
    root.get_by_role("button", name="compare").click()
    expect(root.locator(".rnnviz-copy")).to_have_count(2)
    root.get_by_role("button", name="next unit").click()
    assert_painted(copy(root, 0), trace.unit("rnn.l0.h", 3), limit=1)
    assert_painted(copy(root, 1), trace.unit("rnn.l0.h", 4), limit=1)
    root.get_by_role("button", name="remove the copy of unit 3").click()
    expect(root.locator(".rnnviz-copy")).to_have_count(1)
    assert_painted(root, trace.unit("rnn.l0.h", 4), limit=1)


# --- checkpoints -------------------------------------------------------------------------------


def test_a_slider_goes_through_the_checkpoints(open_page: Open) -> None:
    traces = {f"{k} M": make_trace(k) for k in (1, 2, 5)}
    root = open_page(HiddenStateWidget(traces, unit=4, checkpoint=0))
    slider = root.get_by_role("slider", name="checkpoint")
    for name, trace in traces.items():
        expect(root.get_by_role("group", name="training")).to_contain_text(name)
        assert_painted(root, trace.unit("rnn.l0.h", 4), limit=1)
        slider.press("ArrowRight")
    expect(root.locator(".rnnviz-number")).to_have_value("4")


# --- gates -------------------------------------------------------------------------------------


def test_a_point_of_the_gates_shows_its_unit(open_page: Open) -> None:
    trace = make_trace()
    saturation = gate_saturation(trace)
    root = open_page(HiddenStateWidget(trace, unit=3, saturation=saturation))
    plot = root.get_by_role("img", name="how often the gates of rnn.l0.z")
    box = plot.bounding_box()
    assert box is not None
    # As the style sheet and the panel have it: 7 pixels around the unit square.
    places = [(p.left * (box["width"] - 14), p.right * (box["height"] - 14)) for p in saturation]
    apart = [
        min(math.dist(a, b) for b in places if b is not a) if places.count(a) == 1 else 0
        for a in places
    ]
    point = saturation[int(np.argmax(apart))]
    x, y = places[point.unit]
    plot.hover(position={"x": 7 + x, "y": box["height"] - 7 - y})
    expect(root.locator(".rnnviz-saturation")).to_contain_text(
        f"unit {point.unit}: closed {round(100 * point.left)} %, open {round(100 * point.right)} %"
    )
    plot.click(position={"x": 7 + x, "y": box["height"] - 7 - y})
    expect(root.locator(".rnnviz-number")).to_have_value(str(point.unit))
    assert_painted(root, trace.unit("rnn.l0.z", point.unit), limit=1)


# --- guess mode --------------------------------------------------------------------------------


def test_nothing_that_is_hidden_can_be_seen_or_read(open_page: Open, page: Page) -> None:
    """Two pages that differ in nothing but what is hidden cannot be told apart."""
    cursor = TEXT.index("there")
    known, other = make_trace(1), make_trace(2)
    values = np.asarray(known["rnn.l0.h"]).copy()
    values[:2] = [[0.999], [-0.999]]  # peaks, so that both are rounded alike
    changed = values.copy()
    changed[cursor + 1 :] = np.asarray(other["rnn.l0.h"])[cursor + 1 :] * 0.99

    def look(states: Any, inside: Any) -> list[Any]:
        trace = Trace.from_arrays(TEXT, {"rnn.l0.h": states}, bounds={"rnn.l0.h": (-1, 1)})
        ranking = rank_units(trace, INSIDE, skip=0, gap=0, shifts=0, resamples=0, probe=False)
        widget = HiddenStateWidget(
            trace, ranking, units=[3, 9], labels={"it": inside}, guess=True, present=True
        )
        widget.cursor = cursor
        root = open_page(widget)
        seen: list[Any] = []
        for token in (None, cursor - 3, cursor, cursor + 1, TEXT.index("nobody")):
            if token is None:
                page.mouse.move(2, 2)
            else:
                page.mouse.move(*centre(copy(root, 0), token))
            settle(page)
            seen += [page.screenshot(), root.evaluate("root => root.outerHTML")]
        text = root.locator(".rnnviz-readout").inner_text()
        assert "not yet revealed" in text
        copy(root, 0).get_by_role("textbox").press("g")
        settle(page)
        return [seen, page.screenshot()]

    hidden = INSIDE.copy()
    hidden[cursor + 1 :] = ~hidden[cursor + 1 :]
    (seen, open_), (seen_other, open_other) = look(values, INSIDE), look(changed, hidden)
    assert seen == seen_other
    assert open_ != open_other  # the control: there was something to hide


def test_keys_reveal_more_and_less(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3, labels=QUOTES, guess=True))
    values = trace.unit("rnn.l0.h", 3)
    root.get_by_role("textbox").focus()

    def assert_revealed(count: int) -> None:
        settle(root.page)
        colours = painted_colours(root, range(len(TEXT)))
        assert all(colour == WHITE for colour in colours[count:])
        if count:
            assert_painted(root, [*values[:count], *[math.nan] * (len(TEXT) - count)], limit=1)

    assert_revealed(0)
    lines = [i + 1 for i, character in enumerate(TEXT) if character == "\n"]
    quote = TEXT.index('"')
    for key, count in [
        ("ArrowRight", 1),
        ("ArrowDown", lines[0]),
        ("s", TEXT.index('" she')),
        ("PageDown", TEXT.index('"I am')),
        ("PageUp", TEXT.index('" she')),
        ("Shift+S", quote),
        ("ArrowLeft", quote - 1),
    ]:
        root.page.keyboard.press(key)
        assert_revealed(count)
    root.page.mouse.click(*centre(root, len(TEXT) - 4))  # a slip of the hand
    assert_revealed(quote - 1)
    root.get_by_role("button", name="line").click()
    assert_revealed(lines[0])
    root.page.keyboard.press("Escape")
    assert_revealed(len(TEXT))
    expect(root.get_by_role("group", name="guess mode")).to_be_hidden()


def test_checkpoints_are_hidden_alike(open_page: Open) -> None:
    traces = [make_trace(1), make_trace(2)]
    widget = HiddenStateWidget(traces, units=[1, 2], guess=True)
    widget.cursor = 9
    root = open_page(widget)
    root.get_by_role("slider", name="checkpoint").press("ArrowLeft")
    for i, unit in enumerate((1, 2)):
        values = traces[0].unit("rnn.l0.h", unit)[:10]
        assert_painted(copy(root, i), values, limit=1)
        assert set(painted_colours(copy(root, i), range(10, 40))) == {WHITE}


# --- in a hall ---------------------------------------------------------------------------------


@pytest.fixture
def hall(page: Page) -> Page:
    page.set_viewport_size({"width": 1280, "height": 720})
    return page


def test_the_type_is_large_and_scores_say_where_they_are_from(open_page: Open, hall: Page) -> None:
    text = 'He said "yes, I will," and she said "no."\n' * 20
    trace = make_trace(text=text)
    ranking = rank_units(trace, labels.inside_quotes(trace))
    root = open_page(HiddenStateWidget(trace, ranking, labels=QUOTES, present=True))
    scroller = root.locator(".rnnviz-scroller")
    assert scroller.evaluate("element => getComputedStyle(element).fontSize") == "28px"
    box = scroller.bounding_box()
    assert box is not None
    assert 8 <= box["height"] / float(scroller.get_attribute("data-cell-height") or 0) <= 10
    assert hall.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(root.locator(".rnnviz-value")).to_be_in_viewport(ratio=1)
    note = root.get_by_text(ranking.note[1:], exact=False)
    expect(note).to_be_hidden()  # folded behind the line that says the score
    root.locator(".rnnviz-notes summary").click()
    expect(note).to_be_in_viewport(ratio=1)


def sign_of(screen: np.ndarray[Any, Any], box: tuple[float, ...], row: float) -> int:
    """Read the mark under a character, from a picture in greys: 1, -1, or 0 for none."""
    left, top, right, _ = box
    foot = screen[round(top + row) - 20 : round(top + row) - 8, round(left) + 1 : round(right) - 1]
    ground = int(np.bincount(foot.ravel()).argmax())
    marked = np.abs(foot.astype(int) - ground) > 60
    if not marked.any():
        return 0
    # A plus is as high as it is wide.
    return 1 if marked.any(axis=1).sum() > 4 else -1


def test_signs_can_be_read_without_colours(open_page: Open, hall: Page) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3, present=True, labels=QUOTES))
    values = trace.unit("rnn.l0.h", 3)
    tokens = range(60)
    boxes = character_boxes(root, tokens)
    row = float(root.locator(".rnnviz-scroller").get_attribute("data-cell-height") or 0)
    screen = np.asarray(Image.open(io.BytesIO(hall.screenshot())).convert("L"))
    shown = [sign_of(screen, box, row) for box in boxes]
    clear = [t for t in tokens if abs(values[t]) > 0.12]
    assert [shown[t] for t in clear] == np.sign(values[clear]).astype(int).tolist()
    assert {shown[t] for t in tokens if abs(values[t]) < 0.08} <= {0}


def test_keys_change_the_unit_and_go_from_span_to_span(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace(), unit=3, labels=QUOTES, present=True))
    root.get_by_role("textbox").focus()
    keyboard, readout = root.page.keyboard, root.locator(".rnnviz-readout")
    for key, unit in [("n", 4), ("n", 5), ("p", 4)]:
        keyboard.press(key)
        expect(root.locator(".rnnviz-number")).to_have_value(str(unit))
    first, second = (TEXT.index(word) for word in ('"Who', '"I am'))
    for key, token in [("s", first), ("s", second), ("Shift+S", first)]:
        keyboard.press(key)
        expect(readout).to_contain_text(f"after reading token {token}")
    keyboard.press("l")
    expect(root.locator(".rnnviz-minimap")).to_be_visible()


def test_the_list_of_keys_opens_closes_and_gives_the_focus_back(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace()))
    text = root.get_by_role("textbox")
    text.focus()
    root.page.keyboard.press("?")
    keys = root.get_by_role("dialog", name="keys")
    expect(keys).to_contain_text("next, previous unit")
    expect(keys.get_by_role("button", name="close")).to_be_focused()
    root.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(text).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["copies", "guess", "training", "hall"])
def test_no_way_of_looking_stands_in_anyones_way(
    open_page: Open, page: Page, scheme: Any, mode: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    arguments: dict[str, Any] = {
        "copies": {"units": [1, 2, 3], "arrange": "side by side"},
        "guess": {"guess": True},
        "training": {"checkpoint": 0, "saturation": gate_saturation(make_trace())},
        "hall": {"present": True, "guess": True, "units": [1, 2]},
    }[mode]
    two = QUOTES | {"column": np.arange(len(TEXT))}
    trace = [make_trace(1), make_trace(2)] if mode == "training" else make_trace()
    widget = HiddenStateWidget(trace, labels=two, title="A title", **arguments)
    widget.cursor = 30
    root = open_page(widget)
    if mode == "training":
        root.get_by_role("button", name="keys").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_frame_is_as_high_as_what_it_shows(page: Page, tmp_path: Path) -> None:
    """Each part alone: `python -m tests.browser.heights` prints what to write down anew."""
    found = {part: heights.height(page, part, tmp_path) for part in heights.PARTS}
    wrong = {part: h for part, h in found.items() if not 0 <= h.guessed - h.needed <= 40}
    assert wrong == {}
