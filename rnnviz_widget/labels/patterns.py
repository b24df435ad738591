"""Labels from characters and regular expressions of one's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.escaping import briefly
from rnnviz_widget.labels.catalogue import register_label
from rnnviz_widget.labels.label import Label, aligned, code_points, text_of

if TYPE_CHECKING:
    from rnnviz_widget.trace import Trace


@register_label("the next character is one of these", argument="chars")
def next_is(source: str | Trace, chars: str) -> Label:
    r"""Return True where the next character is one of ``chars``: a prediction.

    For a token of several characters this is the character after its last one. Nothing is known
    at the end of the text: the last value is False and marked in ``missing``. In a text with
    Windows line ends ``"\r\n"`` is true before each of the two.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    chars : str
        The characters in question, at least one; any of them counts.

    Returns
    -------
    Label, shape (T,), bool

    """
    if not chars:
        msg = f"chars must be a str of at least one character, got {briefly(chars)}"
        raise ValueError(msg)
    text = text_of(source)
    values = np.zeros(len(text), np.bool_)
    values[:-1] = np.isin(code_points(text)[1:], [ord(character) for character in chars])
    missing = np.zeros(len(text), np.bool_)
    missing[-1] = True
    shown = " or ".join(repr(character) for character in dict.fromkeys(chars))
    return aligned(source, values, f"next is {shown}", missing)


@register_label("in a match of this pattern", argument="pattern")
def matches(source: str | Trace, pattern: str | re.Pattern[str], *, group: int | str = 0) -> Label:
    r"""Return True at every character of every match of a regular expression.

    Matches are found from left to right and do not overlap (``re.finditer``). All of a match is
    True, also the characters read before it could be known to match: a pattern that needs what
    comes later makes a prediction of the label. Lookbehind and ``group`` say which part is meant:
    ``r"if (\(.*?)\)"`` with ``group=1`` starts at the bracket and leaves the closing one out.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    pattern : str or compiled pattern
        Compile it to give flags, or write them into it: ``r"(?m)^\s+"``.
    group : int or str
        Which group of the match is meant; 0 is the whole.

    Returns
    -------
    Label, shape (T,), bool

    Raises
    ------
    ValueError
        If the pattern is no regular expression, or has no such group.

    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        msg = f"pattern must be a regular expression, got {briefly(pattern)}: {error}"
        raise ValueError(msg) from error
    if group not in (*range(compiled.groups + 1), *compiled.groupindex):
        named = f" or one of {sorted(compiled.groupindex)}" if compiled.groupindex else ""
        msg = f"group must be in [0, {compiled.groups}]{named}, got {group!r}"
        raise ValueError(msg)
    text = text_of(source)
    values = np.zeros(len(text), np.bool_)
    for match in compiled.finditer(text):
        start, stop = match.span(group)
        values[max(start, 0) : max(stop, 0)] = True  # (-1, -1): the group took no part
    return aligned(source, values, f"matches /{compiled.pattern}/")
