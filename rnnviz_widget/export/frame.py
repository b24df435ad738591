"""A page inside another: an iframe that carries all that it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnviz_widget.export.pages import Page, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

# Pixels and characters as the style sheet has them, in a notebook's column of ordinary width.
_COLUMNS = 72
_ROW = 21
_ROWS_SHOWN = 18
_READOUT = 262  # beside the text, which may be shorter
_CONTROLS = 43
_CHART = 122
_LABEL = 24
_NOTE_LINE = 20
_HEADING = 38
_AROUND = 34  # padding, borders and the page's margin

# Scripts may run, and nothing else: no access to the page around it, its storage or its cookies.
_FRAME = (
    '<iframe srcdoc="{page}" sandbox="allow-scripts" title="{title}" '
    'style="display:block;width:100%;max-width:100%;height:{height}px;border:0"></iframe>'
)


@dataclass(frozen=True, repr=False)
class Frame:
    """A self-contained `<iframe srcdoc>`: a notebook shows it, and so does a page made from one.

    Attributes
    ----------
    page
        The page inside.
    height
        In CSS pixels.
    """

    page: Page
    height: int

    @property
    def html(self) -> str:
        """The iframe element."""
        title = self.page.title or "What a hidden unit does"
        return _FRAME.format(page=escape(self.page.html), title=escape(title), height=self.height)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Say in words what is shown, for places that show no HTML."""
        return self.page.words


def frame_height(lines: Iterable[str], *, labels: int, notes: Iterable[str], title: bool) -> int:
    """Return how many CSS pixels a widget needs, in a column of ordinary width.

    Parameters
    ----------
    lines
        Of the text.
    labels
        How many are drawn under the chart.
    notes
        What stands in paragraphs above and below the text.
    title
        Whether there is a heading.
    """
    rows = 0
    for line in lines:
        rows += max(1, math.ceil(len(line) / _COLUMNS))
        if rows >= _ROWS_SHOWN:
            break
    text = max(min(rows, _ROWS_SHOWN) * _ROW, _READOUT)
    wrapped = sum(math.ceil(len(note) / _COLUMNS) for note in notes)
    height = _CONTROLS + text + _CHART + labels * _LABEL + wrapped * _NOTE_LINE
    return height + _AROUND + (_HEADING if title else 0)
