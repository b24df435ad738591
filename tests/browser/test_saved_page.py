"""A saved page, opened from disk with the network off: it is the widget without its kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace, labels
from tests.browser.accessibility import violations
from tests.browser.pixels import assert_painted, centre

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

TEXT = 'The lamp was out.\n"Who is there?" she\tasked,\nand nobody answered.\n\n"I am," said he.\n'
UNITS = 24


def make_trace(text: str = TEXT, name: str = "rnn.l0.h") -> Trace:
    rng = np.random.default_rng(5)
    values = np.tanh(rng.standard_normal((len(text), UNITS))).astype(np.float32)
    values[:, 7] *= 3  # beyond its colour scale, were it bounded by 1
    values[5, 2] = np.nan
    return Trace.from_arrays(
        text, {name: values, "rnn.l0.z": (values + 3) / 6}, bounds={"rnn.l0.z": (0, 1)}
    )


def test_every_character_has_the_colour_of_its_value(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=7))
    values = trace.unit("rnn.l0.h", 7)
    limit = float(np.quantile(np.abs(values.astype(float)), 0.995))
    assert_painted(root, values.tolist(), limit)


def test_a_gate_is_drawn_from_zero_to_one(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, state="rnn.l0.z", unit=7))
    assert_painted(root, trace.unit("rnn.l0.z", 7).tolist(), limit=1)


def test_the_list_of_states_names_the_one_that_is_shown_once_all_is_here(open_page: Open) -> None:
    trace = make_trace("ab\n" * 2000)  # more than a page opens with
    root = open_page(HiddenStateWidget(trace, state="rnn.l0.z", unit=7))
    root.get_by_role("button", name="next unit").click()
    expect(root.locator(".rnnviz-legend")).not_to_contain_text("waiting")
    root.page.wait_for_function("document.readyState === 'complete'")
    expect(root.get_by_role("combobox", name="state")).to_have_value("rnn.l0.z")
    root.page.wait_for_timeout(500)
    assert root.get_by_role("combobox", name="state").input_value() == "rnn.l0.z"


def test_the_slider_moves_by_mouse_and_by_keyboard(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3))
    slider = root.get_by_role("slider", name="unit", exact=True)
    box = slider.bounding_box()
    assert box is not None
    root.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    middle = int(slider.input_value())
    assert middle == pytest.approx(UNITS / 2, abs=1)
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        slider.press(key)
    expect(slider).to_have_value(str(middle + 1))
    values = trace.unit("rnn.l0.h", middle + 1)
    limit = float(np.quantile(np.abs(values.astype(float)), 0.995))
    assert_painted(root, values.tolist(), limit)


def test_the_pointer_reads_token_place_and_value(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3))
    token = TEXT.index("nobody")
    root.page.mouse.move(*centre(root, token))
    readout = root.locator(".rnnviz-readout")
    expect(readout).to_contain_text(f"after reading token {token}")
    expect(readout).to_contain_text("line 3, column 5")
    shown = root.locator(".rnnviz-value").inner_text()
    assert shown.startswith("≈")  # no kernel to ask
    number = float(shown.removeprefix("≈").strip().replace("\N{MINUS SIGN}", "-"))
    assert number == pytest.approx(float(trace.unit("rnn.l0.h", 3)[token]), abs=1e-3)


def test_a_value_that_is_missing_is_not_drawn_as_one(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace(), unit=2))
    expect(root.locator(".rnnviz-missing")).to_have_count(1)
    expect(root.locator(".rnnviz-legend")).to_contain_text("missing")


HOSTILE = (
    "a<b<c </script><script>alert(1)</script> ]]> &amp; \"q\" 'q' <!-- -->\n"
    "<img src=x onerror=alert(2)> </iframe> \u2028 </div></style>\n"
)


def test_hostile_words_show_as_themselves(open_page: Open, page: Page) -> None:
    name = '<img src=x onerror="alert(3)">.h'
    trace = make_trace(HOSTILE, name)
    widget = HiddenStateWidget(
        {"earlier": trace, HOSTILE: trace}, title=HOSTILE, labels={HOSTILE: np.zeros(len(HOSTILE))}
    )
    root = open_page(widget, caption=HOSTILE, source=HOSTILE)
    rows = root.locator("[data-row-start]").all_text_contents()
    shown = "".join(rows).replace("↵", "\n")
    assert [c for c in shown if c.isascii()] == [c for c in HOSTILE if c.isascii()]
    expect(page.locator("img, iframe")).to_have_count(0)
    for place in (".rnnviz-heading", ".rnnviz-caption"):
        assert page.locator(place).all_text_contents() == [HOSTILE]
    assert page.locator(".rnnviz-source").all_text_contents() == [f"Source: {HOSTILE}"]
    expect(root.locator(".rnnviz-training")).to_contain_text("<img src=x onerror=alert(2)>")
    for character in "<&]":
        root.page.mouse.move(*centre(root, HOSTILE.index(character)))
        expect(root.locator(".rnnviz-readout")).to_contain_text(character)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 360])
def test_nothing_stands_in_the_way_of_those_who_cannot_see_or_point(
    open_page: Open, page: Page, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    widget = HiddenStateWidget(
        make_trace(), unit=7, labels={"inside quotes": labels.inside_quotes}, title="A title"
    )
    widget.cursor = 12
    root = open_page(widget)
    assert violations(page) == []
    scrolls = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not scrolls, "the page is wider than the window"
    expect(root.get_by_role("slider", name="unit", exact=True)).to_be_visible()


def test_a_million_characters_are_not_a_million_elements(open_page: Open, page: Page) -> None:
    text = "".join(f"line {i} of a long text, with words in it\n" for i in range(1000))
    values = np.zeros((len(text), 2), np.float32)
    root = open_page(HiddenStateWidget(Trace.from_arrays(text, {"h": values})))
    assert page.evaluate("document.querySelectorAll('*').length") < 1000
    root.get_by_role("textbox").focus()
    page.keyboard.press("Control+End")
    expect(root.locator("[data-row-start]").last).to_contain_text("line 999 of")
    expect(root.locator(".rnnviz-readout")).to_contain_text("line 1000, column 42")
