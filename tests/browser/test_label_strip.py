"""The label that runs along under the characters, and what is not known of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Trace, labels
from tests.browser.pixels import (
    centre,
    character_boxes,
    settle,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Locator

    from tests.browser.conftest import Open

TEXT = 'The lamp was out.\n"Who is there?" she asked,\nand nobody answered.\n\n"I am," said he.\n'
QUOTES = {"inside quotes": labels.inside_quotes}


def strip(root: Locator, token: int) -> NDArray[np.int16]:
    """Return the greys between a character's colour and the next row: `(6, width)`, 0 is black."""
    ((left, top, right, _),) = character_boxes(root, [token])
    row = float(root.locator(".rnnviz-scroller").first.get_attribute("data-cell-height") or 0)
    screen = np.asarray(Image.open(io.BytesIO(root.page.screenshot())).convert("L"), dtype=np.int16)
    bottom = round(top) + round(row)
    return screen[bottom - 6 : bottom, round(left) : round(right)]


def strip_is_drawn(root: Locator, token: int) -> bool:
    """Tell whether there is anything dark between a character's colour and the next row."""
    below = strip(root, token)
    return bool((below[:, below.shape[1] // 2] < 160).any())


def test_the_label_runs_along_under_the_characters(open_page: Open) -> None:
    text = TEXT.replace("\n", " ")
    flat = Trace.from_arrays(text, {"h": np.zeros((len(text), 1))})
    root = open_page(HiddenStateWidget(flat, labels=QUOTES))
    inside = labels.inside_quotes(text)
    for token in (0, text.index("Who"), text.index("she"), text.index("I am"), text.index("said")):
        assert strip_is_drawn(root, token) == inside[token]
        root.page.mouse.move(*centre(root, token))
        says = f"inside quotes {'yes' if inside[token] else 'no'}"
        expect(root.locator(".rnnviz-readout")).to_contain_text(says)


def test_what_is_not_known_of_a_label_is_hatched_unlike_what_is_false(open_page: Open) -> None:
    flat = Trace.from_arrays("abcdefghi" * 4, {"h": np.zeros((36, 1))})
    at = np.arange(36) % 9
    for values in (at < 3, (at < 3).astype(float)):
        label = np.ma.masked_array(values, mask=at >= 6)
        root = open_page(HiddenStateWidget(flat, labels={"early": label}))
        inked = ((strip(root, token).min(axis=0) < 200).mean() for token in (10, 13, 16))
        yes, no, unknown = inked
        assert (yes, no) == (1, 0)
        assert 0.2 < unknown < 0.6
        expect(root.locator(".rnnviz-label")).to_have_text("early (hatched: not known)")


def test_another_label_is_chosen_by_its_name(open_page: Open) -> None:
    flat = Trace.from_arrays(TEXT, {"h": np.zeros((len(TEXT), 1))})
    vowels = np.array([character in "aeiou" for character in TEXT])
    root = open_page(HiddenStateWidget(flat, labels=QUOTES | {"vowel": vowels}))
    vowel, quoted = TEXT.index("amp"), TEXT.index("Wh")
    assert [strip_is_drawn(root, t) for t in (vowel, quoted)] == [False, True]
    root.get_by_role("button", name="vowel").click()
    settle(root.page)
    assert [strip_is_drawn(root, t) for t in (vowel, quoted)] == [True, False]
