"""Shannon's game: people guess the text, the network's bits beside theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Open

TEXT = "one two\nthree" + "\nmore" * 20


def make_widget() -> HiddenStateWidget:
    loss = np.full(len(TEXT), np.log(4), np.float32)
    loss[-1] = np.nan
    trace = Trace.from_arrays(TEXT, {"h": np.ones((len(TEXT), 2))}, loss=loss)
    return HiddenStateWidget(trace, guess="text")


def test_no_letter_that_is_to_be_guessed_can_be_seen_or_copied(open_page: Open, page: Page) -> None:
    root = open_page(make_widget())
    assert "one" not in root.inner_text()
    root.get_by_role("textbox").focus()
    page.keyboard.press("Control+a")
    for key in "on":
        page.keyboard.press(key)
    ink = root.locator("[data-row-start] .rnnviz-ink").first
    expect(ink).to_have_text("on")
    canvas = root.locator(".rnnviz-plot canvas")
    where = canvas.bounding_box()
    assert where
    canvas.hover(position={"x": where["width"] - 3, "y": 10})
    expect(root.locator(".rnnviz-value")).to_have_text("not yet revealed")
    assert "three" not in root.inner_text()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "two" not in (root.locator(".rnnviz-printout").text_content() or "")


def test_the_bits_of_people_stand_beside_those_of_the_network(open_page: Open, page: Page) -> None:
    root = open_page(make_widget())
    game = root.locator(".rnnviz-game")
    expect(game).to_contain_text("Type the character that comes next.")
    root.get_by_role("textbox").focus()
    for key in ("o", "x", "n", "e", "Space"):
        page.keyboard.press(key)
    expect(game).to_contain_text("at guess 1; the network paid 2.0 bits")
    # Of three characters one took two guesses: 0.92 bits.
    expect(game).to_contain_text("right at once: you 2 of 3")
    expect(game).to_contain_text("bits a character: you 0.92, the network 2.00")
    page.keyboard.press("ArrowRight")
    for key in ("w", "o", "Enter"):
        page.keyboard.press(key)
    expect(root.locator("[data-row-start] .rnnviz-ink").first).to_have_text(
        "one two\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
    )
    page.keyboard.press("Escape")
    expect(root.locator("[data-row-start] .rnnviz-ink").nth(1)).to_contain_text("three")
    expect(game).to_be_hidden()
