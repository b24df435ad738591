"""Signs for what has no shape, and how wide characters are, as the frontend has them.

Both read one table, ``js/src/signs.json``; the build puts it beside the bundle.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

_TABLE = Path(__file__).parent / "static" / "signs.json"
_EMOJI_STYLE = "\N{VARIATION SELECTOR-16}"
_SHAPELESS = ("Cc", "Cf", "Cs", "Zl", "Zp")


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table


@cache
def _wide() -> tuple[tuple[int, int], ...]:
    spans = (span.split("-") for span in _table()["wide"].split())
    return tuple((int(ends[0], 16), int(ends[-1], 16)) for ends in spans)


def sign_of(cluster: str) -> str | None:
    r"""Return a visible sign for a character that has no shape of its own, or None.

    >>> sign_of("\n"), sign_of("\x01"), sign_of("a")
    ('↵', '␁', None)
    """
    table = _table()
    code = ord(cluster[0])
    sign: str | None = None
    if cluster[0] in "\n\t":
        sign = table["newline" if cluster[0] == "\n" else "tabulator"]
    elif code < ord(" "):
        sign = chr(ord(table["firstControl"]) + code)
    elif code == 0x7F:  # noqa: PLR2004  (DEL)
        sign = table["delete"]
    elif is_mark(cluster):
        sign = table["shapeless"] + cluster
    elif unicodedata.category(cluster[0]) == "Cs":
        sign = table["surrogate"]
    elif is_shapeless(cluster):
        sign = table["shapeless"]
    return sign


def is_mark(cluster: str) -> bool:
    """Return whether the first character combines with the one before it."""
    return unicodedata.category(cluster[0]).startswith("M")


def is_shapeless(cluster: str) -> bool:
    """Return whether the first character has no shape of its own: controls, formats, surrogates."""
    return unicodedata.category(cluster[0]) in _SHAPELESS


def columns_of(cluster: str) -> int:
    """Return the columns of a character with what combines with it: 2 for Han, Hangul and emoji."""
    code = ord(cluster[0])
    wide = (
        any(low <= code <= high for low, high in _wide())
        or unicodedata.east_asian_width(cluster[0]) in "WF"
        or _EMOJI_STYLE in cluster
        or "\N{REGIONAL INDICATOR SYMBOL LETTER A}"
        <= cluster[0]
        <= "\N{REGIONAL INDICATOR SYMBOL LETTER Z}"
    )
    return 2 if wide else 1


def tab_stop(columns: int) -> int:
    """Return the columns between tab stops of a row: 8, or 4 where there is little room."""
    tab = _table()["tab"]
    return int(tab["narrow"] if columns < tab["below"] else tab["stop"])


SHAPELESS_SIGN = "\N{DOTTED CIRCLE}"
"""For what has no shape and no sign of its own."""
