"""Labels of prose: quotation marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.labels.catalogue import register_label
from rnnviz_widget.labels.label import Label, aligned, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.trace import Trace

QUOTES = (('"', '"'), ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"))
APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_BLANK_LINE = r"\n[^\S\n]*\n"


@register_label("a quotation mark is open")
def inside_quotes(source: str | Trace, *, pairs: Sequence[tuple[str, str] | str] = QUOTES) -> Label:
    r"""Return True where the text read so far has an open quotation mark.

    The opening mark is inside, the closing one outside. Ambiguous cases are decided so:

    - A blank line (white space only) closes what is open, at its own newline: novels leave the
      mark of a paragraph open when the next one goes on speaking. A single newline closes nothing.
    - While a quotation is open only its own closing mark counts. Other marks, and its opening mark
      again, are part of what is quoted: quotations do not nest.
    - A straight mark opens if nothing is open. Nothing is known of inches (``5"``) or escapes
      (``\"``); in source code use `inside_string`.
    - A closing mark where nothing is open does nothing.
    - Apostrophes are no quotes. Where ``pairs`` makes ``'`` or its curly form a mark, it is still
      an apostrophe between two letters or digits (``don't``); at the edge of a word (``'tis``,
      ``boys'``) nobody can tell, and it counts as a mark.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    pairs : sequence of (opening, closing) characters
        Default: straight and curly double quotes. ``["«»", "„“"]`` for other customs.

    Returns
    -------
    Label, shape (T,), bool

    Raises
    ------
    ValueError
        If a pair is not two single characters, or an opening mark is given twice.

    """
    closing = _closing_marks(pairs)
    text = text_of(source)
    marks = "".join({*closing.keys(), *closing.values()})
    event = re.compile(f"[{re.escape(marks)}]|{_BLANK_LINE}")
    inside = np.zeros(len(text), np.bool_)
    start, awaited = 0, ""
    for match in event.finditer(text):
        mark = match.group()
        if mark in APOSTROPHES and _in_word(text, match.start()):
            continue
        if not awaited:
            start, awaited = match.start(), closing.get(mark, "")
        elif mark == awaited or len(mark) > 1:
            inside[start : match.end() - 1] = True
            awaited = ""
    if awaited:
        inside[start:] = True
    return aligned(source, inside, "inside quotes")


def _closing_marks(pairs: Sequence[tuple[str, str] | str]) -> dict[str, str]:
    closing: dict[str, str] = {}
    for pair in pairs:
        characters = tuple(pair)
        if list(map(len, characters)) != [1, 1] or characters[0] in closing:
            msg = (
                f"pairs must be (opening, closing) characters, each opening once, got {pair!r} in "
                f"{list(pairs)!r}"
            )
            raise ValueError(msg)
        closing[characters[0]] = characters[1]
    if not closing:
        msg = "pairs must name at least one (opening, closing) pair, got none"
        raise ValueError(msg)
    return closing


def _in_word(text: str, at: int) -> bool:
    return 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
