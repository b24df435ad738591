"""What a page opens on: the model's own unit for a label, at a place of the text that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.charlm import FoundUnit
    from rnnviz_widget.ranking import Entry, Ranking
    from rnnviz_widget.trace import Trace

ON_SCREEN = 18
"""About how many lines of a text are seen at once."""

_SHOWS = 0.15  # share of a screen's characters where a label holds, for it to be seen to hold


@dataclass(frozen=True)
class ChosenUnit:
    """The unit that a page opens on.

    Attributes
    ----------
    state, unit
        What is painted.
    sign
        -1 if it is low where the label is: its colours are then turned.
    ranking
        How it and all others follow the label on the two texts of the kit.
    found
        What was measured on the model's corpus; None if the unit is the first of `ranking`.
    """

    state: str
    unit: int
    sign: int
    ranking: Ranking
    found: FoundUnit | None

    @classmethod
    def of(cls, ranking: Ranking, found: FoundUnit | None) -> ChosenUnit:
        """Return the model's own unit for a label, or where it has none the first of a ranking."""
        if found is None or ranking.within:
            first = ranking[0]
            return cls(first.state, first.unit, first.sign, ranking, None)
        return cls(found.painted, found.unit, found.sign, ranking, found)

    @property
    def name(self) -> str:
        """The state and the unit."""
        return f"{self.state}[{self.unit}]"

    @property
    def score(self) -> Entry:
        """The unit's place in the ranking."""
        return next(e for e in self.ranking if (e.state, e.unit) == (self.state, self.unit))

    @property
    def held_out(self) -> float:
        """Its score on the text that is shown, in the direction of `sign`."""
        score = self.score
        if score.sign == self.sign:
            return score.held_out
        return 1 - score.held_out if score.metric == "AUC" else -score.held_out

    @property
    def line(self) -> str:
        """What was measured, in a line."""
        label = self.ranking.label + (" within each character" if self.ranking.within else "")
        corpus = f"{self.found.score:.3f} on {self.found.text}, " if self.found else ""
        chance = f"; chance {self.ranking.chance.level:.2f}" if self.ranking.chance else ""
        return (
            f"{label}: {self.name}, {self.score.metric} {corpus}"
            f"{self.held_out:.3f} on held-out text{chance}"
        )

    @property
    def others(self) -> str:
        """Which unit the two texts alone would have chosen, where that is another one."""
        first = self.ranking[0]
        if (first.state, first.unit) == (self.state, self.unit):
            return ""
        return (
            f"The page opens on {self.name}, the unit that was chosen on the model's corpus; on "
            f"the two texts of the kit alone {first.name} would have been chosen."
        )

    def values(self, trace: Trace) -> NDArray[np.float32]:
        """Return `(T,)` what is painted: red where it is above 0."""
        return self.sign * trace.unit(self.state, self.unit)


def place(values: ArrayLike, label: ArrayLike, text: str, lines: int = ON_SCREEN) -> int:
    """Return the start of the paragraph from which on a screen of text shows a label best.

    Best is where the sign of most characters agrees with a label that is true or false, or where
    the values are most correlated with one that is a number. A label must be seen to change: hold
    for at least some of the characters, or as many as anywhere. The start of the text is returned
    where it changes nowhere.

    Parameters
    ----------
    values, label
        `(T,)` each.
    text
        T characters.
    lines
        How many are seen at once.
    """
    values, label = np.asarray(values), np.asarray(label)
    starts = np.cumsum([0, *map(len, text.splitlines(keepends=True))])
    screens = [
        slice(start, starts[i + lines])
        for i, start in enumerate(starts[:-lines])
        if i == 0 or text[start - 2 : start] == "\n\n"
    ]
    changing = [screen for screen in screens if np.ptp(label[screen].astype(float)) > 0]
    shares = [np.mean(label[screen] > 0) for screen in changing]
    enough = min(_SHOWS, max(shares, default=0))
    scores = {
        int(screen.start): _agreement(values[screen], label[screen])
        for screen, share in zip(changing, shares, strict=True)
        if share >= enough
    }
    return max(scores, key=lambda start: scores[start], default=0)


def _agreement(values: NDArray[np.float32], label: NDArray[np.generic]) -> float:
    if label.dtype == np.bool_:
        return float(np.mean((values > 0) == label))
    return float(np.corrcoef(values, label.astype(float))[0, 1])
