"""All units over the text on screen, and where one is extreme: in a saved page, offline."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace, contexts
from tests.browser.accessibility import violations
from tests.browser.pixels import RED_BLUE, TOLERANCE, differences, expected_colours, settle

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Open

LINES = [f"line {i} of a text, and its words\n" for i in range(60)]
TEXT = "".join(LINES)
UNITS = 40


def make_trace(text: str = TEXT, units: int = UNITS, name: str = "rnn.l0.h") -> Trace:
    """Return noise of rising variance, the last unit like the fourth with the other sign."""
    rng = np.random.default_rng(3)
    values = rng.standard_normal((len(text), units)) * np.linspace(0.1, 0.4, units)
    values[:, -1] = -values[:, 3] * 0.9
    return Trace.from_arrays(
        text,
        {name: np.tanh(values), "rnn.l0.z": (np.tanh(values) + 1) / 2},
        bounds={name: (-1, 1), "rnn.l0.z": (0, 1)},
    )


def rows(root: Locator) -> Locator:
    return root.get_by_role("listbox", name="units over the text on screen").get_by_role("option")


def order(root: Locator) -> list[str]:
    settle(root.page)
    return [one.locator("code").inner_text() for one in rows(root).all()]


def opened(open_page: Open, **options: Any) -> Locator:
    root = open_page(HiddenStateWidget(make_trace(), unit=3, **options))
    root.get_by_role("textbox").press("m")
    root.get_by_role("tab", name="all units").click()
    expect(rows(root).first).to_be_visible()
    return root


def shown_tokens(root: Locator) -> range:
    """Return the tokens that the panel says it shows."""
    words = root.get_by_text("units over tokens").inner_text().split()
    at = words.index("tokens")
    return range(int(words[at + 1]), int(words[at + 3].rstrip(",")) + 1)


def test_strips_have_the_colours_of_the_text_on_screen_and_follow_it(open_page: Open) -> None:
    root = opened(open_page)
    trace = make_trace()
    for _ in range(2):
        tokens = shown_tokens(root)
        row = rows(root).nth(2)
        state, unit = row.locator("code").inner_text().split()
        canvas = row.locator("canvas")
        assert canvas.evaluate("canvas => canvas.width") == len(tokens)
        pixels = canvas.evaluate(
            "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, 1).data]"
        )
        painted = [tuple(p) for p in np.reshape(pixels, (-1, 4))[:, :3].tolist()]
        values = trace.unit(state, int(unit))[tokens.start : tokens.stop]
        expected = expected_colours(values, RED_BLUE, limit=1)
        assert max(differences(painted, expected)) <= TOLERANCE
        before = tokens
        root.get_by_role("textbox").press("Control+End")
        expect(root.get_by_text("line 59")).to_be_visible()
        expect(root.get_by_text(f"to {len(TEXT) - 1},")).to_be_visible()
    assert shown_tokens(root).start > before.start or before.start > 0


def test_units_are_sorted_filtered_and_pinned(open_page: Open) -> None:
    root = opened(open_page)
    trace = make_trace()
    tokens = shown_tokens(root)
    span = slice(tokens.start, tokens.stop)
    variances = np.var(np.asarray(trace["rnn.l0.h"])[span], axis=0)
    sort = root.get_by_role("combobox", name="sorted by")
    sort.select_option("variance")
    assert order(root)[0] == f"rnn.l0.h {variances.argmax()}"
    sort.select_option("similarity")
    assert order(root)[:2] == ["rnn.l0.h 3", f"rnn.l0.h {UNITS - 1}"]
    expect(rows(root).nth(1)).to_contain_text("\N{MINUS SIGN}1")
    sort.select_option("value at the cursor")
    root.get_by_role("textbox").press("ArrowRight")
    first = trace["rnn.l0.h"][int(tokens.start)]
    assert order(root)[0] == f"rnn.l0.h {np.argmax(first)}"
    root.get_by_role("searchbox", name="filter").fill("l0.h 1")
    assert all(name.split()[1].startswith("1") or "1" in name for name in order(root))
    root.get_by_role("searchbox", name="filter").fill("nothing like it")
    expect(rows(root)).to_have_count(0)
    root.get_by_role("searchbox", name="filter").fill("")
    sort.select_option("number")
    rows(root).nth(4).locator(".rnnviz-pin").click()
    assert order(root)[:2] == ["rnn.l0.h 4", "rnn.l0.h 0"]
    root.get_by_role("checkbox", name="all states").check()
    root.get_by_role("searchbox", name="filter").fill("z 7")
    expect(rows(root)).to_have_count(4)
    assert order(root) == [f"rnn.l0.z {unit}" for unit in (7, 17, 27, 37)]


def test_a_row_is_chosen_by_click_and_by_keys(open_page: Open) -> None:
    root = opened(open_page)
    number = root.locator(".rnnviz-number")
    root.get_by_role("combobox", name="sorted by").select_option("number")
    rows(root).nth(5).click()
    expect(number).to_have_value("5")
    expect(rows(root).nth(5)).to_have_attribute("aria-selected", "true")
    box = root.get_by_role("listbox", name="units over the text on screen")
    box.focus()
    keys = root.page.keyboard
    keys.press("ArrowDown")
    expect(number).to_have_value("6")
    keys.press("End")
    expect(number).to_have_value(str(UNITS - 1))
    active = box.get_attribute("aria-activedescendant")
    expect(root.locator(f'[id="{active}"]')).to_contain_text(f"rnn.l0.h {UNITS - 1}")
    keys.press("Space")
    settle(root.page)
    keys.press("Home")
    expect(number).to_have_value(str(UNITS - 1))  # pinned: it is the first
    keys.press("ArrowDown")
    expect(number).to_have_value("0")


def test_of_a_thousand_units_only_those_on_screen_exist(open_page: Open) -> None:
    trace = make_trace(TEXT[:400], units=1024)
    root = open_page(HiddenStateWidget(trace, unit=3))
    root.get_by_role("textbox").press("m")
    root.get_by_role("textbox").press("u")
    expect(root.get_by_text("1,024 units over tokens")).to_be_visible()
    assert 10 <= rows(root).count() <= 20
    root.get_by_role("combobox", name="sorted by").select_option("number")
    box = root.get_by_role("listbox", name="units over the text on screen")
    box.evaluate("box => { box.scrollTop = 22 * 700 }")
    expect(root.get_by_text("rnn.l0.h 705", exact=True)).to_be_visible()
    assert rows(root).count() <= 20


# --- contexts ----------------------------------------------------------------------------------


def lines(root: Locator, sort: str) -> Locator:
    return root.get_by_role("list", name=sort, exact=True).get_by_role("button")


def test_contexts_are_those_of_python_and_a_click_goes_there(open_page: Open) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3))
    root.get_by_role("textbox").press("m")
    root.get_by_role("tab", name="contexts").click()
    found = contexts(trace, "rnn.l0.h", 3)
    for sort, some in found.sorts.items():
        expect(lines(root, sort)).to_have_count(len(some))
        place = f"{some[0].line}:{some[0].column}"
        expect(lines(root, sort).first).to_contain_text(place)
        before, at, after = some[0].parts()
        expect(lines(root, sort).first.locator(".rnnviz-context")).to_have_text(
            before + at + after, use_inner_text=False
        )
    lines(root, "highest").first.click()
    expect(root.locator(".rnnviz-readout")).to_contain_text(
        f"after reading token {found.highest[0].token}"
    )
    expect(root.locator(".rnnviz-cursor").first).to_be_visible()
    lines(root, "highest").first.focus()
    root.page.keyboard.press("ArrowDown")
    root.page.keyboard.press("Enter")
    expect(root.locator(".rnnviz-readout")).to_contain_text(
        f"after reading token {found.highest[1].token}"
    )
    root.get_by_role("button", name="next unit").click()
    other = contexts(trace, "rnn.l0.h", 4).highest[0]
    expect(lines(root, "highest").first).to_contain_text(f"{other.line}:{other.column}")


def test_stretches_of_one_text_are_one_line(open_page: Open) -> None:
    text = "licence! " * 5 + "words of a story, and a sudden HALT here.\n"
    values = np.array([[float(c == "!") + 0.5 * (c == "H")] for c in text])
    root = open_page(HiddenStateWidget(Trace.from_arrays(text, {"h": values})))
    root.get_by_role("textbox").press("m")
    root.get_by_role("textbox").press("x")
    expect(lines(root, "highest").first).to_contain_text("1:")
    found = contexts(Trace.from_arrays(text, {"h": values}), "h", 0).highest
    assert lines(root, "highest").count() == len(found)


def test_the_place_of_a_line_has_the_colour_of_its_value(open_page: Open, page: Page) -> None:
    trace = make_trace()
    root = open_page(HiddenStateWidget(trace, unit=3))
    root.get_by_role("textbox").press("m")
    root.get_by_role("textbox").press("x")
    place = lines(root, "highest").first.locator("strong")
    expect(place).to_be_visible()
    box = place.bounding_box()
    assert box is not None
    screen = Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")  # type: ignore[arg-type]
    colours = {tuple(p) for p in np.asarray(screen).reshape(-1, 3).tolist()}
    value = contexts(trace, "rnn.l0.h", 3).highest[0].value
    (expected,) = expected_colours([value], RED_BLUE, limit=1)
    assert min(max(differences([c], [expected])) for c in colours) <= TOLERANCE


HOSTILE = '<img src=x onerror=alert(1)>"<b>&amp;</b>"\u202e\x1b[31m</script>\n' * 3


def test_hostile_texts_and_names_are_shown_as_text(open_page: Open) -> None:
    trace = make_trace(HOSTILE, 4, "<script>alert(1)</script>.h")
    root = open_page(HiddenStateWidget(trace))
    root.get_by_role("textbox").press("m")
    root.get_by_role("textbox").press("u")
    expect(rows(root).first).to_contain_text("<script>alert(1)</script>.h")
    root.get_by_role("textbox").press("x")
    expect(lines(root, "highest").first).to_contain_text("<b>&amp;</b>")
    assert "\u202e" not in root.locator(".rnnviz-extremes").inner_text()
    expect(root.locator("img, b, script:not([type])")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.parametrize("key", ["u", "x"])
def test_no_panel_stands_in_anyones_way(
    open_page: Open, page: Page, scheme: Any, width: int, key: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    root = open_page(HiddenStateWidget(make_trace(), unit=3, title="A title"))
    root.get_by_role("textbox").press("m")
    root.get_by_role("textbox").press(key)
    expect((rows(root) if key == "u" else lines(root, "highest")).first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_list_of_keys_has_those_that_are_here(open_page: Open) -> None:
    root = open_page(HiddenStateWidget(make_trace(), unit=3))
    text = root.get_by_role("textbox")
    text.press("m")
    expect(root.get_by_role("tab", name="mark")).to_be_visible()
    text.press("?")
    keys = root.get_by_role("dialog", name="keys")
    expect(keys).to_contain_text("all units over the text on screen")
    expect(keys).to_contain_text("where this unit is highest")
