"""Signs and widths: one table, in Python and in the frontend, that agrees with Unicode's own."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from rnnviz_widget import signs

SOURCE = Path(__file__).parents[2] / "js" / "src" / "signs.json"
BUILT = Path(signs.__file__).parent / "static" / "signs.json"


def assigned(first: int, stop: int) -> list[str]:
    return [chr(c) for c in range(first, stop) if unicodedata.category(chr(c)) != "Cn"]


def test_the_table_is_the_frontends_own() -> None:
    assert json.loads(BUILT.read_text("utf-8")) == json.loads(SOURCE.read_text("utf-8"))


def test_every_control_character_has_a_sign_of_its_own_that_is_none() -> None:
    controls = [chr(c) for c in (*range(32), 127)]
    found = [signs.sign_of(character) for character in controls]
    assert len(set(found)) == len(controls)
    assert all(sign and signs.sign_of(sign) is None for sign in found)
    assert (signs.sign_of("\n"), signs.sign_of("\t"), signs.sign_of("\r")) == ("↵", "→", "␍")


def test_what_can_be_seen_has_no_sign() -> None:
    assert [c for c in assigned(33, 0x2000) if c.isalnum() and signs.sign_of(c) is not None] == []


def test_what_is_no_emoji_is_wide_where_unicode_says_so() -> None:
    """Beside the frontend's own ranges there is the browser's list of emoji, and no more."""
    spans = [span.split("-") for span in json.loads(SOURCE.read_text("utf-8"))["wide"].split()]
    ranges = [range(int(ends[0], 16), int(ends[-1], 16) + 1) for ends in spans]
    for character in assigned(0x1100, 0x40000):
        code = ord(character)
        emoji = 0x2300 <= code < 0x2C00 or 0x1F000 <= code < 0x20000
        if not emoji or code in (0x2329, 0x232A):
            wide = unicodedata.east_asian_width(character) in "WF"
            assert wide == any(code in span for span in ranges), hex(code)


def test_a_picture_takes_two_columns_and_a_letter_one() -> None:
    for cluster in ("漢", "한", "\U0001f642", "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001f1e9"):
        assert signs.columns_of(cluster) == 2
    for cluster in ("a", "é", "\u2764", "\u05d0", "\u0639"):
        assert signs.columns_of(cluster) == 1
