"""A page inside another: an iframe that carries all that it shows, and how high it must be."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.export.still import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.export.pages import Page


_TABLE = Path(__file__).parents[1] / "static" / "heights.json"


@cache
def heights() -> Mapping[str, int]:
    """Return how high each part of the widget is, in CSS pixels, in a column of some 900.

    One table, ``js/src/heights.json``: the frontend draws by its first half. The second half is
    what the style sheet makes of a part; ``python -m tests.browser.heights`` measures it anew.
    """
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    measured = table.pop("measured")
    return {**table, **measured}


# Scripts may run, and nothing else: no access to the page around it, its storage or its cookies.
_FRAME = (
    '<iframe srcdoc="{page}" sandbox="allow-scripts" title="{title}" '
    'style="display:block;width:100%;max-width:100%;height:{height}px;border:0">{words}</iframe>'
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
        """The iframe element; what it shows in words, where a host takes frames out."""
        return _FRAME.format(
            page=escape(self.page.html),
            title=escape(self.page.title or "What a hidden unit does"),
            height=self.height,
            words=escape(self.page.words),
        )

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
    text_height
        Most CSS pixels of the text, if it was said.
    columns
        Most columns of the text, if it was said.
    controls
        Whether there are any.
    gates
        Whether their saturation is drawn.
    beyond
        Whether values may lie beyond the colour scale, which the legend says.
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
    text_height: int | None = None
    columns: int | None = None
    controls: bool = True
    gates: bool = False
    beyond: bool = False
    notes: Sequence[int] = ()
    heading: bool = False

    @property
    def height(self) -> int:
        """About how many CSS pixels all of it needs in a column of ordinary width."""
        at = heights()
        lines = [math.ceil(length / at["noteColumns"]) for length in self.notes if length]
        around = sum(lines) * at["noteLine"] + len(lines) * at["note"] + at["slack"]
        around += self.heading * at["heading"]
        if self.controls:
            around += at["controlsPresent" if self.present else "controls"]
        around += at["training"] if self.checkpoints > 1 else 0
        around += at["ranking"] if self.rankings and not self.guess else 0
        around += at["gates"] if self.gates and not self.guess else 0
        around += self._text() + self.guess * at["guessPresent" if self.present else "guess"]
        labels = self.labels * at["label"]
        if self.present:
            foot = at["footPresent"] + (self.copies > 1) * at["copyPresent"]
            return around + foot + self.beyond * at["beyondPresent"] + labels
        lanes = self.copies * at["lane"] if self.copies > 1 else at["line"]
        beyond = self.beyond and not self.guess
        foot = max(at["legend"] + beyond * at["beyond"], at["aroundChart"] + lanes + labels)
        return around + at["readout"] + bool(self.predictions) * at["readoutLine"] + foot

    def _text(self) -> int:
        """Return how high the copies are with what is around each."""
        at, manner = heights(), "Present" if self.present else ""
        deep = 1 if self.beside else self.copies
        columns = at["columns" + manner] // (self.copies if self.beside else 1)
        columns = min(columns, self.columns or columns)
        row = at["row" + manner] + (at["strip" + manner] if self.labels else 0)
        fewest = at["fewestOfTwo" if deep <= 2 else "fewestOfMany"]  # noqa: PLR2004  (two)
        most = max(fewest, at["rows" + manner] // deep)
        room = (
            most * row
            if self.text_height is None
            else max(1, self.text_height // deep // row) * row
        )
        height = 0
        for length in self.lines:
            height += max(1, math.ceil(length / columns)) * row
            if height >= room:
                break
        head = at["copyHead"] if self.copies > 1 or not self.controls else 0
        return at["aroundText"] + deep * (min(height, room) + head)
