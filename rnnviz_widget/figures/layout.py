"""Tokens as cells of a wrapped text, by the frontend's rules (``js/src/store/layout.ts``)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnviz_widget.signs import columns_of, is_shapeless, sign_of, tab_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

_JOINER = "\N{ZERO WIDTH JOINER}"
_SKIN_TONES = ("\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}", "\N{EMOJI MODIFIER FITZPATRICK TYPE-6}")


@dataclass(frozen=True)
class TextCell:
    """What fills one or more columns of a row: a character with its combining marks.

    Attributes
    ----------
    token
        Index of the token that it is of.
    row, column, width
        Where it stands, in cells.
    shown
        What is drawn: the characters themselves, or a visible sign.
    sign
        Whether `shown` is a sign, not the text's own character.
    """

    token: int
    row: int
    column: int
    width: int
    shown: str
    sign: bool


def lay_out(tokens: Sequence[str], columns: int, first: int = 0) -> list[TextCell]:
    """Return the cells of a text wrapped to rows of `columns` columns, in reading order.

    A line that is too long breaks after a blank where there is one in the row's last third. A
    newline may stand one column past the edge. A tab goes up to the next stop.

    Parameters
    ----------
    tokens
        The strings. A combining mark that begins a token is a cell of its own: paper has no pointer
        that could tell it from its letter, as the widget's has.
    columns
        At least 4, the width of a tab.
    first
        Index of the first token.
    """
    stops = tab_stop(columns)
    found = _clusters(tokens, first)
    cells: list[TextCell] = []
    line: list[TextCell] = []
    i = row = column = after_blank = 0
    while i < len(found):
        token, cluster = found[i]
        width = stops - column % stops if cluster == "\t" else columns_of(cluster)
        full = column + width > columns and cluster != "\n" and bool(line)
        if not full:
            shown = sign_of(cluster)
            line.append(TextCell(token, row, column, width, shown or cluster, shown is not None))
            column += width
            i += 1
            if cluster in (" ", "\t") and column * 3 > columns * 2:
                after_blank = len(line)
        if full or cluster == "\n":
            kept = after_blank if full and after_blank else len(line)
            i -= len(line) - kept
            cells += line[:kept]
            line, row, column, after_blank = [], row + 1, 0, 0
    return cells + line


def visible(text: str) -> str:
    """Return `text` with a visible sign for every character that has no shape of its own."""
    return "".join(sign_of(character) or character for character in text)


def clusters(tokens: Sequence[str]) -> list[list[str]]:
    """Return what each token is drawn as: its clusters, signs for what has no shape."""
    drawn: list[list[str]] = [[] for _ in tokens]
    for token, cluster in _clusters(tokens, 0):
        drawn[token].append(sign_of(cluster) or cluster)
    return drawn


def _clusters(tokens: Sequence[str], first: int) -> list[tuple[int, str]]:
    """Return each character with what combines with it, and the index of its token."""
    found: list[tuple[int, str]] = []
    for token, string in enumerate(tokens, first):
        begins = True
        for character in string:
            before = "" if begins else found[-1][1]
            if before and _extends(before, character):
                found[-1] = (token, before + character)
            else:
                found.append((token, character))
            begins = False
    return found


def _extends(before: str, character: str) -> bool:
    if character < "\u0300" or is_shapeless(before):
        return False
    low, high = _SKIN_TONES
    return (
        before[-1] == _JOINER
        or character == _JOINER
        or low <= character <= high
        or unicodedata.category(character).startswith("M")
    )
