"""Labels of layout: where in its line a token stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.labels.catalogue import register_label
from rnnviz_widget.labels.label import Label, aligned, code_points, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace


@register_label("characters since the last newline")
def line_position(source: str | Trace) -> Label:
    r"""Return how many characters have been read since the last newline.

    The first character of a line has 1; the newline itself has 0, since it starts the next line.
    A tab counts as one character. The ``\r`` of a Windows line end counts as none (it keeps the
    position of the character before it).

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.

    Returns
    -------
    Label, shape (T,), int64, at least 0

    """
    text = text_of(source)
    return aligned(source, _Lines(text).position, "line position")


@register_label("characters to the next newline")
def distance_to_line_end(source: str | Trace) -> Label:
    r"""Return how many characters are still to come before the line ends: a prediction.

    0 at the last character of a line; at a newline, the length of the line it starts. So
    ``line_position + distance_to_line_end`` is the length of the line everywhere. The ``\r`` of a
    Windows line end is part of the line end, and has 0.

    A last line without a newline is not known to end there: the distance to the end of the text
    is given, and marked in ``missing``.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.

    Returns
    -------
    Label, shape (T,), int64, at least 0

    """
    text = text_of(source)
    lines = _Lines(text)
    missing = np.zeros(len(text), np.bool_)
    if lines.ends[-1] == len(text):  # the end of the text stands in for the missing newline
        missing[lines.starts[-1] :] = True
    return aligned(source, lines.length - lines.position, "distance to line end", missing)


@register_label("of the line, in columns")
def indentation(source: str | Trace, *, tab: int = 8) -> Label:
    r"""Return the indentation of the current line as far as it has been read, in columns.

    It grows through the white space at the start of a line, stays for the rest of the line and is
    0 at the newline, which starts the next line. Spaces and tabs count, a tab up to the next
    multiple of ``tab``; a line of white space alone is as indented as it is long.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    tab : int
        Columns between tab stops, at least 1.

    Returns
    -------
    Label, shape (T,), int64, at least 0

    """
    if tab < 1:
        msg = f"tab must be at least 1 column, got {tab}"
        raise ValueError(msg)
    text = text_of(source)
    columns = np.zeros(len(text), np.int64)
    known: dict[str, NDArray[np.int64]] = {}  # few distinct indentations, many lines
    settled = np.zeros(len(text), np.intp)  # where the value in force was reached
    newline = code_points(text) == ord("\n")
    settled[newline] = np.flatnonzero(newline)
    for match in re.finditer(r"^[ \t]+", text, re.MULTILINE):
        white = match.group()
        if white not in known:
            known[white] = _columns(white, tab)
        columns[match.start() : match.end()] = known[white]
        settled[match.start() : match.end()] = np.arange(match.start(), match.end())
    return aligned(source, columns[np.maximum.accumulate(settled)], "indentation")


def _columns(white: str, tab: int) -> NDArray[np.int64]:
    column, columns = 0, []
    for character in white:
        column = column + 1 if character == " " else (column // tab + 1) * tab
        columns.append(column)
    return np.array(columns, np.int64)


class _Lines:
    """The lines of a text: for each character its position and the length of its line.

    ``starts`` and ``ends`` are per line: the character that starts it (for all but the first the
    newline before) and one past its last character, line end excluded.
    """

    def __init__(self, text: str) -> None:
        characters = code_points(text)
        newlines = np.flatnonzero(characters == ord("\n"))
        # A virtual newline before the text starts its first line.
        self.starts = np.concatenate(([-1], newlines))
        self.ends = np.append(newlines, len(text))
        windows = (newlines > 0) & (characters[newlines - 1] == ord("\r"))
        self.ends[:-1] -= windows
        line = np.zeros(len(text), np.intp)
        line[newlines] = 1
        line = np.cumsum(line)
        self.length = (self.ends - self.starts - 1)[line]
        position = np.arange(len(text)) - self.starts[line]
        self.position = np.minimum(position, self.length)
        self.starts = np.maximum(self.starts, 0)
