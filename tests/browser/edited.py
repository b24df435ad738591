"""What is drawn of a text that can be edited: the colour of each character, from the canvas."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import palettes
from tests.browser.pixels import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Locator

    from tests.browser.pixels import RGB

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


def colours(field: Locator) -> list[RGB | None]:
    """Return the colour of each character, None where it is not on screen."""
    found: list[RGB | None] = field.evaluate(DRAWN)
    return found


def settle(field: Locator, values: NDArray[np.float32]) -> None:
    """Wait until each character on screen has the colour of its value."""
    wanted = palettes.colours("red-blue", values)
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
