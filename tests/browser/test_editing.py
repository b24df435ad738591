"""Pages whose network is in them: what is typed, held and written, beside what Python says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect

import rnnviz_widget as rnnviz
from rnnviz_widget import palettes
from tests.browser.pixels import TOLERANCE
from tests.simulations.engine import POLICY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.sync_api import Locator, Page

STATE, UNIT = "rnn.l1.h", 86  # inside quotes
PATIENCE = 30  # seconds: a busy machine computes slowly

# Colours on the canvas: of the first pixels of each character on screen; no row is wrapped.
DRAWN = """
(field) => {
  const canvas = field.querySelector("canvas");
  const ratio = canvas.width / canvas.clientWidth;
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
  const area = field.querySelector("textarea");
  const left = area.offsetLeft;
  const lines = area.value.split("\\n");
  const rows = Math.round(canvas.clientHeight / 24);
  const first = Math.round(field.scrollTop / 24);
  const colours = [];
  lines.forEach((line, row) => {
    const y = Math.round((row * 24 - field.scrollTop + 1) * ratio);
    const count = row + 1 < lines.length ? line.length + 1 : line.length;
    for (let i = 0; i < count; i++) {
      const x = Math.round((left + i * WIDTH + 1) * ratio);
      const at = 4 * (y * width + x);
      const seen = row >= first && row < first + rows;
      colours.push(seen ? [data[at], data[at + 1], data[at + 2]] : null);
    }
  });
  return colours;
}
""".replace("WIDTH", "8")


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


def settle(field: Locator, values: Callable[[], NDArray[np.float32]]) -> None:
    """Wait until each character on screen has the colour of its value."""
    wanted = palettes.colours("red-blue", values())
    for _ in until(PATIENCE):
        drawn = field.evaluate(DRAWN)
        seen = [i for i, colour in enumerate(drawn) if colour is not None]
        found = np.array([drawn[i] for i in seen], int)
        if len(drawn) == len(wanted) and seen:
            off = np.abs(found - wanted[seen]).max(axis=1)
            if (off <= TOLERANCE).all():
                return
    assert len(drawn) == len(wanted)
    assert [(seen[i], off[i]) for i in np.flatnonzero(off > TOLERANCE)][:5] == []


def until(seconds: float) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)


def text_of(field: Locator) -> str:
    value: str = field.locator("textarea").input_value()
    return value


def test_the_colours_are_those_of_the_text_that_is_there(
    field: Locator, guarded: Page, model: rnnviz.CharLM
) -> None:
    area, keys = field.locator("textarea"), guarded.keyboard
    original = text_of(field)
    settle(field, lambda: read(model, original))

    area.click(position={"x": 8 * 30, "y": 10})
    keys.type('"')
    assert text_of(field) == original[:30] + '"' + original[30:]
    settle(field, lambda: read(model, text_of(field)))

    for _ in range(2):
        keys.press("Shift+ArrowDown")
    keys.press("Delete")
    assert len(text_of(field)) < len(original) - 100
    settle(field, lambda: read(model, text_of(field)))

    before = text_of(field)
    keys.insert_text('Pasted. "Over\ntwo lines."\n' * 40)  # as the clipboard does
    assert len(text_of(field)) == len(before) + 40 * 26
    field.evaluate("(element) => element.scrollTo(0, 0)")
    settle(field, lambda: read(model, text_of(field)))

    for _ in range(50):
        keys.press("Control+z")
    assert text_of(field) == original
    field.evaluate("(element) => element.scrollTo(0, 0)")
    settle(field, lambda: read(model, original))

    session = guarded.context.new_cdp_session(guarded)
    area.click(position={"x": 80, "y": 10})
    session.send("Input.imeSetComposition", {"text": "qu", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "quite"})
    assert text_of(field) == original[:10] + "quite" + original[10:]
    settle(field, lambda: read(model, text_of(field)))

    guarded.get_by_role("button", name="original").click()
    assert text_of(field) == original
    settle(field, lambda: read(model, original))


def test_a_unit_that_is_held_does_to_the_network_what_clamp_does(
    field: Locator, guarded: Page, model: rnnviz.CharLM
) -> None:
    text = text_of(field)
    free = float(np.nanmean(rnnviz.record(model, text).loss))
    cost = guarded.locator(".rnnviz-cost")
    expect(cost).to_have_text(f"loss {free:.3f} nats", timeout=PATIENCE * 1000)
    guarded.get_by_role("button", name="hold unit 86").click()
    with rnnviz.clamp(model, STATE, UNIT, 0.9):
        trace = rnnviz.record(model, text)
        held = float(np.nanmean(trace.loss))
        written = rnnviz.sample(model, text[:40], 60, temperature=1e-9, seed=0)
    said = f"loss {held:.3f} nats, {free:.3f} without"
    expect(cost).to_have_text(said, timeout=PATIENCE * 1000)
    settle(field, lambda: trace.unit(STATE, UNIT))

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
    settle(field, lambda: read(model, text))


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
    settle(field, lambda: read(model, text_of(field)))


def test_where_no_program_may_run_a_sentence_says_so_and_the_picture_stays(
    page: Page, tmp_path: Path, html: str
) -> None:
    file = tmp_path / "page.html"
    policy = POLICY.replace(" blob:", "")
    file.write_text(html.replace("<head>", "<head>" + policy), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.get_by_text("This text cannot be edited here.")).to_be_visible()
    expect(page.locator("[data-row-start]").first).to_be_visible()
