"""Colours on screen, and what they must be by the recorded values and the palette's table."""

from __future__ import annotations

import io
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from playwright.sync_api import Locator, Page

RGB = tuple[int, int, int]
Box = tuple[float, float, float, float]

RED_BLUE = (
    "#10376e",
    "#3379bc",
    "#7fbee8",
    "#c8e5f5",
    "#faf9f8",
    "#fdd7c4",
    "#f79a7d",
    "#d34037",
    "#7f0e1d",
)
"""The palette "red-blue" on a light page, from -1 to +1 in steps of a quarter."""

TOLERANCE = 4
"""By how much a channel (0 to 255) may be off: a value in eight bits is off by up to 1/254."""

_CHARACTER_BOXES = """
(root, tokens) => {
  const rows = [...root.querySelectorAll("[data-row-start]")];
  return tokens.map((token) => {
    const row = rows.findLast(({ dataset }) => Number(dataset.rowStart) <= token);
    const nodes = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    let at = token - Number(row.dataset.rowStart);
    let node = nodes.nextNode();
    for (; at >= node.data.length; node = nodes.nextNode()) at -= node.data.length;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const { left, top, right, bottom } = range.getBoundingClientRect();
    return [left, top, right, bottom];
  });
}
"""


def character_boxes(widget: Locator, tokens: Iterable[int]) -> list[Box]:
    """Return left, top, right and bottom, in the window's pixels, of tokens that are on screen.

    Where the characters stand is asked of the browser's own text layout. Every token before them in
    their rows must be one character.
    """
    x, y, scale = _frame_place(widget)
    return [
        (x + left * scale, y + top * scale, x + right * scale, y + bottom * scale)
        for left, top, right, bottom in widget.evaluate(_CHARACTER_BOXES, list(tokens))
    ]


def _frame_place(widget: Locator) -> tuple[float, float, float]:
    """Return where the frame that the widget is in begins in the window, and how it is scaled."""
    handle = widget.element_handle()
    frame = handle.owner_frame() if handle else None
    if frame is None or frame.parent_frame is None:
        return 0, 0, 1
    box = frame.frame_element().bounding_box()
    assert box is not None, "the widget's frame is not on screen"
    return box["x"], box["y"], box["width"] / frame.evaluate("innerWidth")


def centre(widget: Locator, token: int) -> tuple[float, float]:
    """Return the point in the middle of a token that is on screen."""
    ((left, top, right, bottom),) = character_boxes(widget, [token])
    return (left + right) / 2, (top + bottom) / 2


def painted_colours(widget: Locator, tokens: Iterable[int]) -> list[RGB]:
    """Return the colour under each of these tokens, which must be on screen.

    The letter covers less of its box than the background does: the most frequent colour is that
    of the background.
    """
    boxes = character_boxes(widget, tokens)
    screen = Image.open(io.BytesIO(widget.page.screenshot())).convert("RGB")
    colours = []
    for left, top, right, bottom in boxes:
        inside = screen.crop((round(left) + 1, round(top) + 1, round(right) - 1, round(bottom) - 1))
        pixels = map(tuple, np.asarray(inside).reshape(-1, 3).tolist())
        colours.append(Counter(pixels).most_common(1)[0][0])
    return colours


def expected_colours(values: Iterable[float], palette: tuple[str, ...], limit: float) -> list[RGB]:
    """Return the palette's colours of values, linear in sRGB between its anchors."""
    anchors = np.array([[int(a[i : i + 2], 16) for i in (1, 3, 5)] for a in palette], dtype=float)
    positions = np.clip(np.asarray(list(values), dtype=float) / limit, -1, 1)
    knots = np.linspace(-1, 1, len(anchors))
    channels = np.stack([np.interp(positions, knots, anchors[:, c]) for c in range(3)], axis=-1)
    return [tuple(colour) for colour in np.rint(channels).astype(int).tolist()]


def differences(painted: Iterable[RGB], expected: Iterable[RGB]) -> list[int]:
    """Return, for each pair of colours, by how much the channel that differs most is off."""
    return [
        max(abs(p - e) for p, e in zip(mine, theirs, strict=True))
        for mine, theirs in zip(painted, expected, strict=True)
    ]


def wait_until_painted(widget: Locator, values: Mapping[int, float], seconds: float) -> None:
    """Wait until these tokens have the colours of their values on the scale from -1 to 1."""
    expected = expected_colours(values.values(), RED_BLUE, limit=1)

    def largest_difference() -> int:
        return max(differences(painted_colours(widget, values), expected))

    until = time.monotonic() + seconds
    while (worst := largest_difference()) > TOLERANCE and time.monotonic() < until:
        widget.page.wait_for_timeout(50)
    assert worst <= TOLERANCE


def settle(page: Page) -> None:
    """Wait until what has been asked for is drawn: the widget draws once a frame."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => "
        "requestAnimationFrame(() => setTimeout(done)))))"
    )


def assert_painted(root: Locator, values: Iterable[float], limit: float) -> None:
    """Check that every token that has a value is on screen in the colour of it."""
    known = {t: value for t, value in enumerate(values) if np.isfinite(value)}
    expected = expected_colours(known.values(), RED_BLUE, limit)
    settle(root.page)
    assert max(differences(painted_colours(root, known), expected)) <= TOLERANCE
