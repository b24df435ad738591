"""A page inside another: an iframe that carries all that it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnviz_widget.export.still import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.export.pages import Page


@dataclass(frozen=True)
class _Manner:
    """How large the text is drawn: characters across in a notebook's column, pixels down."""

    columns: int
    rows: int  # at most, of all copies on one another together
    row: int
    strip: int  # what a row is higher by where a label is under it


# As the style sheet has them, in a column of some 900 pixels.
_ORDINARY = _Manner(columns=72, rows=18, row=21, strip=4)
_PRESENT = _Manner(columns=45, rows=8, row=45, strip=6)
_FEWEST_ROWS = 3
_AROUND_TEXT, _COPY_HEAD = 20, 38
_READOUT, _READOUT_LINE = 38, 23  # below the text: alone; for labels, and for next tokens, one more
_CONTROLS, _CONTROLS_PRESENT, _TRAINING, _GUESS, _RANKING = 67, 73, 35, 45, 31
_LEGEND, _CHART, _LABEL, _COPY_CHART = 146, 105, 24, 52
_GATES = 267
_BELOW_PRESENT, _GUESS_PRESENT, _COPY_PRESENT = 225, 43, 42
_NOTE_COLUMNS, _NOTE_LINE, _NOTE = 110, 21, 10  # a paragraph: across, each line, what is above
_HEADING = 42
_SLACK = 8  # borders, and what fonts differ by

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


@dataclass(frozen=True)
class Contents:
    """What a widget has that takes room.

    Attributes
    ----------
    lines
        How long those of the text are.
    labels, predictions, copies, checkpoints, rankings
        How many: labels under the chart, next tokens that the readout lists, copies of the text,
        checkpoints, rankings.
    beside
        Whether the copies stand side by side.
    guess, present
        Whether it is in these modes.
    gates
        Whether their saturation is drawn.
    notes
        How long the paragraphs above and below are; none of length 0 is there.
    heading
        Whether there is one.
    """

    lines: Sequence[int]
    labels: int = 0
    predictions: int = 0
    copies: int = 1
    checkpoints: int = 1
    rankings: int = 0
    beside: bool = False
    guess: bool = False
    present: bool = False
    gates: bool = False
    notes: Sequence[int] = ()
    heading: bool = False

    @property
    def height(self) -> int:
        """About how many CSS pixels all of it needs in a column of ordinary width."""
        lines = [math.ceil(length / _NOTE_COLUMNS) for length in self.notes if length]
        around = sum(lines) * _NOTE_LINE + len(lines) * _NOTE + self.heading * _HEADING + _SLACK
        around += _CONTROLS_PRESENT if self.present else _CONTROLS
        around += _TRAINING if self.checkpoints > 1 else 0
        around += _RANKING if self.rankings and not self.guess else 0
        around += _GATES if self.gates and not self.guess else 0
        stacked = self.copies > 1
        if self.present:
            below = _BELOW_PRESENT + self.guess * _GUESS_PRESENT + stacked * _COPY_PRESENT
            return around + self._text(_PRESENT) + below + self.labels * _LABEL
        readout = _READOUT + _READOUT_LINE * (bool(self.labels) + bool(self.predictions))
        charts = _COPY_CHART * (self.copies - 1)
        foot = max(_LEGEND, _CHART + charts + self.labels * _LABEL)
        return around + self._text(_ORDINARY) + readout + self.guess * _GUESS + foot

    def _text(self, manner: _Manner) -> int:
        """Return how high the copies are with what is around each."""
        deep = 1 if self.beside else self.copies
        columns = manner.columns // (self.copies if self.beside else 1)
        most = max(_FEWEST_ROWS, manner.rows // deep)
        rows = 0
        for length in self.lines:
            rows += max(1, math.ceil(length / columns))
            if rows >= most:
                break
        row = manner.row + (manner.strip if self.labels else 0)
        head = _COPY_HEAD if self.copies > 1 else 0
        return _AROUND_TEXT + deep * (min(rows, most) * row + head)
