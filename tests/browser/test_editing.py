"""Pages whose network is in them: what is typed, held and written, beside what Python says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

import rnnviz_widget as rnnviz
from tests.browser import little
from tests.browser.edited import (
    PATIENCE,
    PHONE,
    edit_in_every_way,
    put_on_the_clipboard,
    settle,
    text_of,
    until,
)
from tests.simulations.engine import POLICY

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, Locator, Page

STATE, UNIT = "rnn.l1.h", 86  # inside quotes


@pytest.fixture(scope="module")
def model() -> rnnviz.CharLM:
    return rnnviz.load_model("prose")


@pytest.fixture(scope="module")
def html(model: rnnviz.CharLM) -> str:
    text = rnnviz.sample_text("prose")[:700]
    widget = rnnviz.HiddenStateWidget(model=model, text=text, state=STATE, unit=UNIT)
    return widget.to_html(live=True)


@pytest.fixture
def field(guarded: Page, tmp_path: Path, html: str) -> Locator:
    """Open the page, and wait until its text can be edited."""
    return opened(guarded, tmp_path, html)


def opened(page: Page, folder: Path, html: str) -> Locator:
    file = folder / "live.html"
    file.write_text(html, encoding="utf-8")
    page.goto(file.as_uri())
    field = page.locator(".rnnviz-edited")
    expect(field).to_be_visible()
    return field


def read(model: rnnviz.CharLM, text: str) -> NDArray[np.float32]:
    ids = model.encode(text, unknown="replace")
    return rnnviz.record(model, ids, tokens=list(text)).unit(STATE, UNIT)


def test_the_colours_are_those_of_the_text_that_is_there(
    field: Locator, guarded: Page, model: rnnviz.CharLM
) -> None:
    area, keys = field.locator("textarea"), guarded.keyboard
    original = text_of(field)
    settle(field, read(model, original))

    area.click(position={"x": 8 * 30, "y": 10})
    keys.type('"')
    assert text_of(field) == original[:30] + '"' + original[30:]
    settle(field, read(model, text_of(field)))

    for _ in range(2):
        keys.press("Shift+ArrowDown")
    keys.press("Delete")
    assert len(text_of(field)) < len(original) - 100
    settle(field, read(model, text_of(field)))

    before = text_of(field)
    put_on_the_clipboard(guarded, 'Pasted. "Over\ntwo lines."\n' * 400)
    keys.press("Control+v")
    assert len(text_of(field)) == len(before) + 400 * 26
    field.evaluate("(element) => element.scrollTo(0, 0)")
    settle(field, read(model, text_of(field)))

    for _ in range(50):
        keys.press("Control+z")
    assert text_of(field) == original
    field.evaluate("(element) => element.scrollTo(0, 0)")
    settle(field, read(model, original))

    session = guarded.context.new_cdp_session(guarded)
    area.click(position={"x": 80, "y": 10})
    session.send("Input.imeSetComposition", {"text": "qu", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "quite"})
    assert text_of(field) == original[:10] + "quite" + original[10:]
    settle(field, read(model, text_of(field)))

    guarded.get_by_role("button", name="original").click()
    assert text_of(field) == original
    settle(field, read(model, original))


def test_a_unit_that_is_held_does_to_the_network_what_clamp_does(
    field: Locator, guarded: Page, model: rnnviz.CharLM
) -> None:
    text = text_of(field)
    free = float(np.nanmean(rnnviz.record(model, text).loss))
    cost = guarded.locator(".rnnviz-cost")
    expect(cost).to_have_text(f"loss {free:.3f} nats", timeout=PATIENCE * 1000)
    guarded.get_by_role("button", name="hold unit 86").click()
    with rnnviz.clamp(model, STATE, UNIT, 1.0):
        trace = rnnviz.record(model, text)
        held = float(np.nanmean(trace.loss))
        written = rnnviz.sample(model, text[:40], 60, temperature=1e-9, seed=0)
    said = f"loss {held:.3f} nats, {free:.3f} without"
    expect(cost).to_have_text(said, timeout=PATIENCE * 1000)
    settle(field, trace.unit(STATE, UNIT))

    guarded.get_by_role("button", name="how ▾").click()
    guarded.get_by_label("temperature").fill("0")
    guarded.get_by_label("pace").select_option("at once")
    field.locator("textarea").evaluate("(area) => area.setSelectionRange(40, 40)")
    guarded.get_by_role("button", name="write on").click()
    for _ in until(PATIENCE):
        if len(text_of(field)) >= 100 and text_of(field) != text:
            break
    guarded.get_by_role("button", name="stop").click()
    assert text_of(field)[:100] == text[:40] + written
    for _ in range(400):
        if text_of(field) == text:
            break
        field.locator("textarea").press("Control+z")
    assert text_of(field) == text
    guarded.get_by_role("button", name="unit 86 held").click()
    field.evaluate("(element) => element.scrollTo(0, 0)")
    settle(field, read(model, text))


def test_what_the_network_does_not_know_is_kept_and_said_and_is_no_markup(
    field: Locator, guarded: Page
) -> None:
    area = field.locator("textarea")
    area.click(position={"x": 2, "y": 10})
    typed = "<img src=x onerror=alert(1)>\u201ccaf\u00e9\u201d"
    guarded.keyboard.insert_text(typed)
    assert text_of(field).startswith(typed)
    said = guarded.locator(".rnnviz-strangers")
    expect(said).to_contain_text('\u201c as "')
    expect(said).to_contain_text("\u00e9 as e")
    assert guarded.locator(".rnnviz img").count() == 0


def test_under_a_policy_without_webassembly_the_text_is_edited_by_javascript(
    page: Page, tmp_path: Path, html: str, model: rnnviz.CharLM
) -> None:
    field = opened(page, tmp_path, html.replace("<head>", "<head>" + POLICY))
    field.locator("textarea").click(position={"x": 8 * 30, "y": 10})
    page.keyboard.type('"')
    settle(field, read(model, text_of(field)))


def test_where_no_program_may_run_a_sentence_says_so_and_the_picture_stays(
    page: Page, tmp_path: Path, html: str
) -> None:
    file = tmp_path / "page.html"
    policy = POLICY.replace(" blob:", "")
    file.write_text(html.replace("<head>", "<head>" + policy), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.get_by_text("This text cannot be edited here.")).to_be_visible()
    expect(page.locator("[data-row-start]").first).to_be_visible()


def test_a_text_that_is_read_after_another_has_the_colours_that_follow_it(
    guarded: Page, tmp_path: Path, model: rnnviz.CharLM
) -> None:
    text = rnnviz.sample_text("prose")
    before, shown = text[:333], text[333:700]
    widget = rnnviz.HiddenStateWidget(
        model=model, text=shown, before=before, state=STATE, unit=UNIT
    )
    field = opened(guarded, tmp_path, widget.to_html(live=True))
    settle(field, read(model, before + shown)[333:])
    field.locator("textarea").click(position={"x": 8 * 30, "y": 10})
    guarded.keyboard.type("No!")
    settle(field, read(model, before + text_of(field))[333:])


def test_who_guesses_the_next_character_plays_against_the_network(
    field: Locator, guarded: Page, model: rnnviz.CharLM
) -> None:
    text = text_of(field)
    values = read(model, text)
    guarded.get_by_role("button", name="guess").click()
    begun = text.index("\n") + 1
    game = guarded.locator(".rnnviz-game")
    expect(game).to_contain_text("Type the character that comes next.")
    assert text_of(field) == text[:begun]
    field.locator("textarea").click(position={"x": 90, "y": 10})  # not where the text ends
    ids = rnnviz.record(model, text).predictions.ids[:, 0]
    its = 0
    for t in range(begun, begun + 6):
        if t == begun + 4:
            guarded.keyboard.insert_text("Q")
            expect(game).to_contain_text("not Q")
            assert text_of(field) == text[:t]
        guarded.keyboard.insert_text(text[t])
        its += model.vocabulary[ids[t - 1]] == text[t]
        assert text_of(field) == text[: t + 1]
        mine = t - begun + 1 - (t >= begun + 4)
        said = f"right at once: you {mine} of {t - begun + 1}, the network {its}"
        expect(game).to_contain_text(said, timeout=PATIENCE * 1000)
    field.locator("textarea").press("Backspace")
    assert text_of(field) == text[: begun + 6]
    settle(field, values[: begun + 6])
    guarded.get_by_role("button", name="character").click()
    assert text_of(field) == text[: begun + 7]
    expect(game).to_contain_text("of 6,")
    guarded.get_by_role("button", name="end").click()
    assert text_of(field) == text
    settle(field, values)


def test_who_guesses_the_values_sees_the_letters_and_the_colours_up_to_the_cursor(
    guarded: Page, tmp_path: Path, model: rnnviz.CharLM
) -> None:
    text = rnnviz.sample_text("prose")[:300]
    widget = rnnviz.HiddenStateWidget(model=model, text=text, state=STATE, unit=UNIT, guess=True)
    widget.cursor = 9
    field = opened(guarded, tmp_path, widget.to_html(live=True))
    assert text_of(field) == text
    known = np.where(np.arange(len(text)) < 10, read(model, text), np.nan)
    settle(field, known.astype(np.float32))


def test_what_changed_is_said_and_labels_follow(
    guarded: Page, tmp_path: Path, model: rnnviz.CharLM
) -> None:
    text = rnnviz.sample_text("prose")[:700]
    shown = {"quotes": rnnviz.labels.inside_quotes, "comment": rnnviz.labels.inside_comment}
    widget = rnnviz.HiddenStateWidget(model=model, text=text, state=STATE, unit=UNIT, labels=shown)
    field = opened(guarded, tmp_path, widget.to_html(live=True))
    area = field.locator("textarea")
    area.click(position={"x": 8 * 30, "y": 10})
    guarded.keyboard.type('"Oh')
    now = text[:30] + '"Oh' + text[30:]
    settle(field, read(model, now))
    facts = guarded.locator(".rnnviz-labelled")
    expect(facts).to_contain_text("quotes yes")
    expect(facts).to_contain_text("comment not known")

    guarded.get_by_role("button", name="what changed").click()
    old, new = read(model, text), read(model, now)
    differences = np.abs(np.delete(new, [30, 31, 32]) - old)
    said = guarded.locator(".rnnviz-changes [role=status]")
    expect(said).to_contain_text(f"at most {differences.max():.2f}", timeout=PATIENCE * 1000)
    found = re.fullmatch(
        r"3 characters came or went; unit 86 differs after (\d+) of the 700 that stayed, by .*",
        str(said.text_content()),
    )
    assert found
    assert (differences > 0.0202).sum() <= int(found[1]) <= (differences > 0.0198).sum()
    area.press("Control+z")
    guarded.get_by_role("button", name="original").click()
    expect(said).to_contain_text("Nothing has changed")


def test_a_unit_is_held_by_pulling_at_its_line_and_what_is_written_stands_beside_the_same_without(
    field: Locator, guarded: Page, model: rnnviz.CharLM
) -> None:
    text = text_of(field)
    settle(field, read(model, text))
    box = guarded.locator(".rnnviz-plot").bounding_box()
    assert box
    guarded.mouse.move(box["x"] + box["width"] / 3, box["y"] + 20)
    button = guarded.get_by_role("button", name="hold unit 86")
    expect(button).to_be_visible()
    box = guarded.locator(".rnnviz-plot").bounding_box()  # what the readout says may have moved it
    assert box
    guarded.mouse.move(box["x"] + box["width"] / 3, box["y"] + 20)
    guarded.mouse.down()
    guarded.mouse.move(box["x"] + box["width"] / 3, box["y"] + 63, steps=4)
    guarded.mouse.up()
    begin = guarded.get_by_role("button", name="from character")
    start = int(str(begin.text_content()).split()[2]) - 1
    assert abs(start - len(text) / 3) < 20
    free = read(model, text)
    held = np.where(np.arange(len(text)) < start, free, np.float32(-1))
    settle(field, held)
    with rnnviz.clamp(model, STATE, UNIT, held):
        cost = float(np.nanmean(rnnviz.record(model, text).loss))
    said = guarded.locator(".rnnviz-cost").first
    expect(said).to_contain_text(f"loss {cost:.3f} nats,", timeout=PATIENCE * 1000)

    begin.click()
    expect(guarded.get_by_role("button", name="from the beginning")).to_be_visible()
    guarded.get_by_role("button", name="how ▾").click()
    guarded.get_by_label("temperature").fill("0")
    field.locator("textarea").evaluate("(area) => area.setSelectionRange(40, 40)")
    guarded.get_by_role("button", name="write both").click()
    sheets = guarded.locator(".rnnviz-pair canvas")
    with rnnviz.clamp(model, STATE, UNIT, -1.0):
        with_it = rnnviz.sample(model, text[:40], 36, temperature=1e-9, seed=0)
    without = rnnviz.sample(model, text[:40], 36, temperature=1e-9, seed=0)
    assert with_it != without
    for sheet, written in ((sheets.first, with_it), (sheets.last, without)):
        begins = re.compile("^" + re.escape(written))
        expect(sheet).to_have_attribute("aria-label", begins, timeout=PATIENCE * 1000)
    guarded.get_by_role("button", name="close", exact=True).click()
    expect(sheets.first).to_be_hidden()
    assert text_of(field) == text


def test_a_letter_shows_predictions_but_where_one_types(field: Locator, guarded: Page) -> None:
    text = text_of(field)
    area = field.locator("textarea")
    predictions = guarded.get_by_role("button", name="predictions")
    area.click(position={"x": 80, "y": 10})
    area.press("e")
    assert text_of(field) == text[:10] + "e" + text[10:]
    expect(predictions).to_have_attribute("aria-pressed", "false")
    area.press("Escape")
    guarded.keyboard.press("e")
    expect(predictions).to_have_attribute("aria-pressed", "true")
    assert text_of(field) == text[:10] + "e" + text[10:]
    guarded.keyboard.press("?")
    keys = guarded.get_by_role("dialog", name="keys")
    expect(keys).to_contain_text("what the network expects after each character")


@pytest.mark.parametrize("touch", [False, True])
def test_it_is_edited_in_every_way_at_a_desk_and_on_a_phone(
    touch: bool, browser: Browser, tmp_path: Path
) -> None:
    context = browser.new_context(offline=True, **(PHONE if touch else {}))
    field = opened(context.new_page(), tmp_path, little.widget().to_html(live=True))
    edit_in_every_way(field, little.values)
    context.close()


def test_on_a_narrow_touch_screen_the_text_is_edited_and_no_row_of_buttons_is_wasted(
    browser: Browser, tmp_path: Path, model: rnnviz.CharLM
) -> None:
    text = little.TEXT
    widget = rnnviz.HiddenStateWidget(model=model, text=text, state=STATE, unit=UNIT)
    context = browser.new_context(offline=True, **PHONE)
    page = context.new_page()
    field = opened(page, tmp_path, widget.to_html(live=True))
    area = field.locator("textarea")
    area.tap(position={"x": 8 * 10, "y": 10})
    page.keyboard.insert_text('"no" ')
    assert text_of(field) == text[:10] + '"no" ' + text[10:]
    settle(field, read(model, text_of(field)))
    pills = page.locator(".rnnviz-live > .rnnviz-pills").first
    assert pills.evaluate("(row) => row.clientHeight") <= 3 * 40
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("slider", name="hold the unit at").fill("-0.5")
    with rnnviz.clamp(model, STATE, UNIT, -0.5):
        held = rnnviz.record(model, text_of(field)).unit(STATE, UNIT)
    settle(field, held)
    context.close()
