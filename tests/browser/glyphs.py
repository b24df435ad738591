"""Where the browser puts each glyph, and what is drawn there, with the letters and without."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

INKS = np.array([[24, 24, 27], [255, 255, 255], [0, 0, 0]], float)
"""What letters are drawn in, as ``js/src/store/colour.ts`` has it."""

SHOWN = 40
"""A pixel shows ink where a channel (0 to 255) differs by more than this."""

ALIKE = 6
"""Pixels that are off by so much more (0 to 255) do not tell two inks apart."""

_GLYPHS = """
(roots) => roots.map((root) => {
  const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const rows = [...root.querySelectorAll("[data-row-start]")];
  const range = document.createRange();
  return rows.flatMap((row) => {
    const nodes = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
      const sign = node.parentElement.closest(".rnnviz-sign");
      const pieces = sign ? [{ segment: node.data, index: 0 }] : [...graphemes.segment(node.data)];
      for (const { segment, index } of pieces) {
        range.setStart(node, index);
        range.setEnd(node, index + segment.length);
        const box = sign ? sign.getBoundingClientRect() : range.getBoundingClientRect();
        const { left, right, top, bottom } = box;
        found.push({ text: segment, sign: Boolean(sign), left, right, top, bottom });
      }
    }
    return found;
  });
})
"""

_POINT = """
(roots) => roots.map((root, i) => {
  const scroller = root.querySelector(".rnnviz-scroller");
  const heading = root.querySelector(".rnnviz-after");
  const told = places[i].map(([x, y]) => {
    const options = { clientX: x, clientY: y, bubbles: true };
    scroller.dispatchEvent(new PointerEvent("pointermove", options));
    return Number(heading.textContent.match(/\\d+$/)?.[0] ?? -1);
  });
  scroller.dispatchEvent(new PointerEvent("pointerleave"));
  return told;
})
"""


@dataclass(frozen=True)
class Glyph:
    """A character with what combines with it, and its box in pixels of the window."""

    text: str
    sign: bool
    tokens: range
    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def glyphs_of(page: Page, tokens: list[list[str]]) -> list[list[Glyph]]:
    """Return the glyphs of each widget of a page; `tokens` are those of its trace."""
    found = page.locator(".rnnviz").evaluate_all(_GLYPHS)
    return [_numbered(raw, of) for raw, of in zip(found, tokens, strict=True)]


def _numbered(raw: list[dict[str, Any]], tokens: list[str]) -> list[Glyph]:
    """Say which tokens each glyph is of: what is drawn follows the text."""
    owner = [t for t, token in enumerate(tokens) for _ in token]
    at = 0
    glyphs = []
    for one in raw:
        count = 1 if one["sign"] else len(one["text"])
        of = range(owner[at], owner[at + count - 1] + 1)
        at += count
        box = (one[side] for side in ("left", "right", "top", "bottom"))
        glyphs.append(Glyph(one["text"], one["sign"], of, *box))
    assert at == len(owner), "not all of the text is on screen"
    return glyphs


def tokens_under(page: Page, places: list[list[tuple[float, float]]]) -> list[list[int]]:
    """Return, for each widget, the tokens that it names when the pointer is at each place."""
    page.evaluate("(given) => { window.places = given }", places)
    told: list[list[int]] = page.locator(".rnnviz").evaluate_all(_POINT)
    return told


@dataclass(frozen=True)
class Picture:
    """A page with its letters and without, `(H, W, 3)`; `ratio` pixels per pixel of the window."""

    whole: NDArray[np.int16]
    ground: NDArray[np.int16]
    ratio: float

    def crop(self, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
        rows, columns = (
            slice(
                round(low * self.ratio), max(round(low * self.ratio) + 1, round(high * self.ratio))
            )
            for low, high in ((top, bottom), (left, right))
        )
        return rows, columns


def take_picture(page: Page) -> Picture:
    """Take a picture of all of a page, twice."""

    def screen() -> NDArray[np.int16]:
        taken = page.screenshot(animations="disabled")
        return np.asarray(Image.open(io.BytesIO(taken)).convert("RGB"), np.int16)

    def hide(letters: str) -> None:
        page.locator(".rnnviz-ink").evaluate_all(
            "(all, state) => { for (const one of all) one.style.visibility = state }", letters
        )

    whole = screen()
    hide("hidden")
    ground = screen()
    hide("")
    ratio = whole.shape[1] / page.evaluate("innerWidth")
    return Picture(whole, ground, ratio)


def fitted_ink(ground: NDArray[np.int16], seen: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return which of the inks, mixed with the ground `(3,)`, explains pixels `(N, 3)` best.

    Where two explain them alike, as the two dark ones do where a letter is thin, it is the one
    that can be read better.
    """
    errors = []
    for ink in INKS:
        way = ink - ground
        share = np.clip((seen - ground) @ way / (way @ way), 0, 1)
        errors.append(np.abs(ground + share[:, None] * way - seen).max(-1).mean())
    alike = [ink for ink, error in zip(INKS, errors, strict=True) if error <= min(errors) + ALIKE]
    return max(alike, key=lambda ink: contrast(ink, ground))


def contrast(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, 1 to 21."""

    def luminance(colour: NDArray[Any]) -> float:
        share = np.asarray(colour, float) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)
