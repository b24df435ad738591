"""Every glyph on its own token's colour, readable, and under the pointer: any text, in any host."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest

from rnnviz_widget import HiddenStateWidget, Trace, page
from tests.browser.glyphs import (
    SHOWN,
    Glyph,
    Picture,
    contrast,
    fitted_ink,
    glyphs_of,
    take_picture,
    tokens_under,
)
from tests.browser.pixels import TOLERANCE, expected_colours, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

WIDTH, HEIGHT = 1000, 2000
STATE = "h"
READABLE = 4.5
DRIFT = 0.1
"""By how much of a cell a colour may be beside its glyph."""

# ruff: noqa: RUF001  (letters that look like others are the point here)

TEXTS: dict[str, list[str]] = {
    "C": list(
        "static int __lock_key(struct my_lock *q_)\n{\n\tif (_a | b__ && (j_py->_g))\t/* _ */\n"
        "\t\treturn _0__; // |_|_|\n}\n"
    ),
    "Arabic": list("قال المعلم: السلام عليكم ورحمة الله، كيف حالكم اليوم؟\nمَكْتَبَة\n"),
    "Hebrew in English": list('The word "שלום" means peace, and "ספר" is a book; 3 ספרים too.\n'),
    "Hebrew": list("הספר היה על השולחן, והאור כבה.\nמי שם? שאלה.\n"),
    "emoji": list("a 🙂 b ❤ c ❤️ d 👍🏽 e 👩‍👩‍👧 f 🇩🇪 g 1️⃣ h ☎ i ✅ j\n"),
    "combining": list("Cafe\u0301 nai\u0308ve A\u030angstro\u0308m o\u0302\u0303 x\u0332y\n"),
    "CJK": list("漢字かな交じり文 and 한국어 mixed, 「中文」。\n"),
    "tabs": list("\ta\tb_\tlong word\t_|\n\t\tj\tq\n"),
    "long tokens": ["a_token_of_forty_characters_or_a_few_more", " and", " then",
                    " another_one_that_is_nearly_as_long_as_it", " jq", "_y", "|\n"],
    "numbers": ["12", "7", "105", "3", "-41", "0", "9999", "6"],
}  # fmt: skip

HOSTS: dict[str, str] = {
    "plain": "",
    "letter-spacing": "body { letter-spacing: .02em }",
    "word-spacing": "body { word-spacing: 3px }",
    "text-indent": "body { text-indent: 2em }",
    "what else is inherited": "body { text-transform: uppercase; text-align: right; "
    "direction: rtl; font-style: italic; font-weight: 700; font-variant: small-caps; "
    "text-shadow: 2px 2px red; "
    "-webkit-text-fill-color: red; word-break: break-all; white-space: pre-wrap; tab-size: 3; "
    "line-height: 3 }",
    "what a host sets on all elements": "main * { letter-spacing: .05em; word-spacing: 2px }",
    "a reader's spacing": "* { line-height: 1.5 !important; letter-spacing: .12em !important; "
    "word-spacing: .16em !important } p { margin-bottom: 2em !important }",
    "a reader's font": "* { font-family: serif !important; font-size: 17px !important }",
    "scaled down": "main { transform: scale(.6); transform-origin: 0 0 }",
    "scaled up": "main { width: 570px; transform: scale(1.7); transform-origin: 0 0 }",
    "zoom": "main { zoom: 1.35 }",
    "zoomed out": "main { zoom: .8 }",
}


def make_widget(tokens: list[str], seed: int) -> tuple[HiddenStateWidget, np.ndarray[Any, Any]]:
    """Return a widget whose neighbouring tokens differ in colour, and their values."""
    rng = np.random.default_rng(seed)
    # Steps that never come near a whole round: neighbours are far apart on the scale.
    values = (np.cumsum(rng.uniform(0.35, 0.65, len(tokens))) % 1) * 2 - 1
    column = values[:, None].astype(np.float32)
    trace = Trace.from_arrays(tokens, {STATE: column}, bounds={STATE: (-1, 1)})
    return HiddenStateWidget(trace), column[:, 0]


class Shown:
    """A page of all texts, and what must be true of it whatever the host."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        made = [make_widget(tokens, seed) for seed, tokens in enumerate(TEXTS.values())]
        self.values = [values for _, values in made]
        html = page([widget for widget, _ in made], title="All texts").html
        tab.set_content(html)
        font = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
        tab.evaluate(
            "(bytes) => { window.font = bytes }", base64.b64encode(font.read_bytes()).decode()
        )
        tab.add_style_tag(
            content=".rnnviz-body { max-width: none; margin: 8px; padding: 0 } .rnnviz-title, "
            ".rnnviz-controls, .rnnviz-foot, .rnnviz-readout, .rnnviz-minimap { display: none } "
            ".rnnviz-figure + .rnnviz-figure { margin-top: 4px }"
        )
        tab.wait_for_function(
            "(count) => document.querySelectorAll('.rnnviz-row[data-row-start]').length >= count",
            arg=len(TEXTS),
        )
        self.style = tab.add_style_tag(content=" ")

    def use(self, css: str) -> None:
        self.style.evaluate("(element, css) => { element.textContent = css }", css)
        settle(self.tab)

    def load_font(self, family: str) -> None:
        self.tab.evaluate(
            """async (family) => {
              const bytes = Uint8Array.from(atob(window.font), (c) => c.charCodeAt(0));
              document.fonts.add(await new FontFace(family, bytes).load());
            }""",
            family,
        )
        settle(self.tab)

    def cells(self) -> list[float]:
        """Return how wide a column of each text is, in pixels of the window."""
        widths: list[float] = self.tab.locator(".rnnviz-scroller").evaluate_all(
            "(all) => all.map((one) => one.dataset.cellWidth * one.getBoundingClientRect().width "
            "/ one.offsetWidth)"
        )
        return widths

    def flaws(self) -> dict[str, list[str]]:
        """Return what is wrong, by text."""
        glyphs = glyphs_of(self.tab, list(TEXTS.values()))
        told = tokens_under(self.tab, [[one.middle for one in of] for of in glyphs])
        picture = take_picture(self.tab)
        cells = self.cells()
        theme = self.tab.locator(".rnnviz").first.get_attribute("data-theme") or ""
        found = {
            name: list(
                _flaws(
                    glyphs[i],
                    expected_colours(self.values[i].tolist(), palette(theme), 1),
                    picture,
                    told[i],
                    cells[i],
                )
            )
            for i, name in enumerate(TEXTS)
        }
        return {name: wrong for name, wrong in found.items() if wrong}


def palette(theme: str) -> tuple[str, ...]:
    table = Path(__file__).parents[2] / "rnnviz_widget" / "static" / "palettes.json"
    colours: list[str] = json.loads(table.read_text(encoding="utf-8"))["red-blue"][theme]
    return tuple(colours)


def _flaws(
    glyphs: list[Glyph],
    colours: list[tuple[int, int, int]],
    picture: Picture,
    told: list[int],
    cell: float,
) -> Iterator[str]:
    for glyph, named in zip(glyphs, told, strict=True):
        if glyph.right - glyph.left < 0.5:
            continue  # it has no place of its own: it stands on the one before
        if named not in glyph.tokens:
            yield f"{glyph.text!r}: the pointer is told {named}, not {glyph.tokens}"
        edge = 1.5 if glyph.tokens[0] != glyph.tokens[-1] or len(colours) < 20 else 0.0
        left, right = glyph.left + DRIFT * cell + edge, glyph.right - DRIFT * cell - edge
        rows, columns = picture.crop(left, glyph.top + 1, right, glyph.bottom - 1)
        ground = picture.ground[rows, columns].reshape(-1, 3)
        allowed = np.array([colours[t] for t in glyph.tokens])
        off = np.abs(ground[:, None] - allowed).max(-1).min(-1)
        if off.max() > TOLERANCE:
            yield f"{glyph.text!r}: {100 * (off > TOLERANCE).mean():.0f} % in another's colour"
        if glyph.text.isspace():
            continue
        # A descender may go below the box that the browser gives for the letters.
        rows, columns = picture.crop(glyph.left, glyph.top - 2, glyph.right, glyph.bottom + 2)
        whole, bare = (
            layer[rows, columns].reshape(-1, 3) for layer in (picture.whole, picture.ground)
        )
        inked = np.abs(whole - bare).max(-1) > SHOWN
        if inked.sum() < 2:
            yield f"{glyph.text!r}: no ink"
        elif not glyph.sign and not is_picture(glyph.text):
            own = np.abs(bare - allowed[0]).max(-1) <= TOLERANCE
            if not (inked & own).any():
                yield f"{glyph.text!r}: its ink is not on its colour"
                continue
            painted = np.median(bare[own], axis=0)
            ink = fitted_ink(painted, whole[inked & own])
            if contrast(ink, painted) < READABLE:
                yield f"{glyph.text!r}: ink {ink} cannot be read on {painted}"


def is_picture(text: str) -> bool:
    return any(ord(character) >= 0x2600 for character in text) and not text[0].isalpha()


@pytest.fixture(scope="module")
def shown(browser: Browser) -> Iterator[Shown]:
    screen = {"width": WIDTH, "height": HEIGHT}
    # What stands for a host are styles that a page of ours would refuse.
    context = browser.new_context(viewport=screen, color_scheme="light", bypass_csp=True)
    yield Shown(context.new_page())
    context.close()


@pytest.mark.parametrize("host", HOSTS)
def test_letters_and_colours_are_one_in_every_host(shown: Shown, host: str) -> None:
    shown.use(HOSTS[host])
    assert shown.flaws() == {}


def test_a_font_that_arrives_late_is_followed(shown: Shown) -> None:
    shown.use(":root { --jp-code-font-family: 'Late', monospace }")
    assert shown.flaws() == {}
    before = glyphs_of(shown.tab, list(TEXTS.values()))
    shown.load_font("Late")
    assert glyphs_of(shown.tab, list(TEXTS.values())) != before
    assert shown.flaws() == {}


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2])
def test_letters_and_colours_are_one_on_any_screen(shown: Shown, ratio: float) -> None:
    shown.use("")
    session = shown.tab.context.new_cdp_session(shown.tab)
    screen = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": ratio, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", screen)
    try:
        settle(shown.tab)
        assert shown.tab.evaluate("devicePixelRatio") == ratio
        assert shown.flaws() == {}
    finally:
        session.send("Emulation.clearDeviceMetricsOverride")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_forces_colours_keeps_those_of_the_values(shown: Shown, scheme: Any) -> None:
    shown.use("")
    shown.tab.emulate_media(forced_colors="active", color_scheme=scheme)
    try:
        settle(shown.tab)
        assert shown.flaws() == {}
    finally:
        shown.tab.emulate_media(forced_colors="none", color_scheme="light")


def test_letters_and_colours_are_one_in_a_hall(shown: Shown) -> None:
    shown.use("")
    press = "(all) => { for (const one of all) one.click() }"
    large = shown.tab.locator(".rnnviz-tools button", has_text="large")
    shown.tab.set_viewport_size({"width": WIDTH, "height": 2 * HEIGHT})
    large.evaluate_all(press)
    try:
        settle(shown.tab)
        assert shown.flaws() == {}
    finally:
        large.evaluate_all(press)
        shown.tab.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def test_letters_and_colours_are_one_in_a_shadow_root(shown: Shown) -> None:
    shown.use("body { letter-spacing: 1px }")
    shown.tab.evaluate(
        """() => {
          const shadow = document.createElement("div").attachShadow({ mode: "open" });
          const styles = document.querySelectorAll("style");
          shadow.append(...[...styles].map((style) => style.cloneNode(true)));
          shadow.append(document.querySelector("main"));
          document.body.append(shadow.host);
        }"""
    )
    try:
        settle(shown.tab)
        assert shown.flaws() == {}
    finally:
        shown.tab.evaluate(
            "() => { const host = document.body.lastElementChild; "
            "host.replaceWith(host.shadowRoot.querySelector('main')) }"
        )
