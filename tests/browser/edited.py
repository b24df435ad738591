"""A text that is edited as people do, and the colour of each character, from its canvas."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget import palettes
from tests.browser.pixels import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Locator, Page

    from tests.browser.pixels import RGB

PATIENCE = 30  # seconds: a busy machine computes slowly

PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
"""A browser's context with a narrow touch screen."""

PASTED = "So,\n" + '"Over," he said,\nand they went.\n' * 313
"""What is pasted: 10,020 characters."""

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


def colours(field: Locator) -> list[RGB | None]:
    """Return the colour of each character, None where it is not on screen."""
    found: list[RGB | None] = field.evaluate(DRAWN)
    return found


def settle(field: Locator, values: NDArray[np.float32]) -> None:
    """Wait until each character on screen has the colour of its value; where that is NaN, none."""
    known = np.isfinite(values)[:, None]
    wanted = np.where(known, palettes.colours("red-blue", np.nan_to_num(values)), 0)
    for _ in until(PATIENCE):
        drawn = colours(field)
        seen = [i for i, colour in enumerate(drawn) if colour is not None]
        found = np.array([drawn[i] for i in seen], int)
        if len(drawn) == len(wanted) and seen:
            off = np.abs(found - wanted[seen]).max(axis=1)
            if (off <= TOLERANCE).all():
                return
    assert len(drawn) == len(wanted)
    assert [(seen[i], off[i]) for i in np.flatnonzero(off > TOLERANCE)][:5] == []


def until(seconds: float) -> Iterator[None]:
    """Come again and again, for as long as that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)


def text_of(field: Locator) -> str:
    """Return the text that is there."""
    value: str = field.locator("textarea").input_value()
    return value


def put_on_the_clipboard(page: Page, text: str) -> None:
    """Copy a text in another tab, as people do."""
    other = page.context.new_page()
    other.set_content("<textarea></textarea>")
    area = other.locator("textarea")
    area.fill(text)
    area.press("Control+a")
    area.press("Control+c")
    other.close()
    page.bring_to_front()


def edit_in_every_way(field: Locator, read: Callable[[str], NDArray[np.float32]]) -> None:
    """Type, undo and redo 50 times, paste, compose, delete across lines; look at the colours.

    Parameters
    ----------
    field
        What shows a text with short lines, like that of `tests.browser.little`.
    read
        Returns the values `(T,)` that are to be seen of a text.
    """
    page, area = field.page, field.locator("textarea")
    keys = page.keyboard
    original = text_of(field)
    touches = page.evaluate("navigator.maxTouchPoints > 0")

    def put_caret(column: int) -> None:
        field.evaluate("(field) => field.scrollTo(0, 0)")
        (area.tap if touches else area.click)(position={"x": 8 * column, "y": 10})
        keys.press("Control+Home")  # in a frame that is scaled, the click came somewhere near
        for _ in range(column):
            keys.press("ArrowRight")

    def now_is(text: str) -> None:
        assert text_of(field) == text
        values = read(text)
        for edge in (1, 0):  # the last rows, and the first
            field.evaluate("(field, edge) => field.scrollTo(0, edge * field.scrollHeight)", edge)
            settle(field, values)

    now_is(original)
    put_caret(10)
    letters = 'so "said"\n' * 5
    for letter in letters:
        keys.type(letter)
        keys.press("ArrowLeft")  # so that each is undone by itself
    typed = original[:10] + letters[::-1] + original[10:]
    now_is(typed)
    for _ in letters:
        keys.press("Control+z")
    now_is(original)
    for _ in letters:
        keys.press("Control+Shift+z")
    now_is(typed)
    for _ in letters:
        keys.press("Control+z")

    put_on_the_clipboard(page, PASTED)
    put_caret(10)
    keys.press("Control+v")
    now_is(original[:10] + PASTED + original[10:])
    keys.press("Control+z")
    now_is(original)

    put_caret(10)
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "qu", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "quit"})
    composed = original[:10] + "quit" + original[10:]
    now_is(composed)

    put_caret(10)
    for _ in range(2):
        keys.press("Shift+ArrowDown")
    keys.press("Delete")
    lines = composed.split("\n")
    now_is("\n".join([lines[0][:10] + lines[2][10:], *lines[3:]]))
