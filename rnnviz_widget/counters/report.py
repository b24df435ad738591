"""The answer of `unit_kind`: a name, and how well each rival explanation does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.tables import (
    data_frame,
    html_bars,
    html_facts,
    html_folded,
    html_table,
    plain_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "current token",
    "an earlier token",
    "n-gram",
    "switch",
    "clock",
    "ring",
    "bounded counter",
    "unbounded counter",
    "leaky sum",
    "several",
    "unclear",
]

_SURE = 0.95  # R2 from which on a name is said without "mostly"

_MEANINGS: Mapping[Kind, tuple[str, str]] = {
    "current token": (
        "an echo of the current token",
        "it says which token was read last, and remembers nothing before it",
    ),
    "an earlier token": (
        "an echo of an earlier token",
        "it says which token was read a little before, and nothing else",
    ),
    "n-gram": (
        "an n-gram detector",
        "it depends on the last few tokens, and remembers nothing before them",
    ),
    "switch": (
        "a switch",
        "some tokens turn it on, others off, and in between it stays; it does not count",
    ),
    "clock": ("a clock", "it moves on at every token, and some tokens set it back"),
    "ring": ("a ring", "it counts round and round, and begins again after the last place"),
    "bounded counter": (
        "a bounded counter",
        "tokens add to it or take away from it, and bounds, resets or the text keep it near",
    ),
    "unbounded counter": (
        "an unbounded counter",
        "tokens add to it or take away from it, and nothing in this text stops it",
    ),
    "leaky sum": ("a leaky sum", "tokens add to it, and what they added fades"),
    "several": ("two things at once", "their values add up"),
    "unclear": ("unclear", "none of the explanations tried here predicts it well enough"),
}
_NAMES = (0, 3)
_BARS = 4  # of the explanations that fit best
_WORDS = (
    ("R2", "the share of the unit's ups and downs that the explanation accounts for: 1 is all"),
    ("does not fit", "it is further from the unit's values than their mean is"),
)


@dataclass(frozen=True, eq=False, repr=False)
class UnitKind:
    """What kind of memory a unit is.

    Attributes
    ----------
    state, unit : str, int
        Which unit.
    kind : str
        ``"current token"``, ``"an earlier token"``, ``"n-gram"``, ``"switch"``, ``"clock"``,
        ``"ring"``, ``"bounded counter"``, ``"unbounded counter"``, ``"leaky sum"``, ``"several"``
        or ``"unclear"``.
    scores : dict of str to float
        R2 of each rival on the part it was not fitted to: 1 is perfect, 0 no better than the mean,
        negative worse. Rivals that could not be fitted at all are absent.
    fitted : dict of str to float
        R2 on the part it was fitted to.
    descriptions : dict of str to str
        What each rival says the unit does, with its numbers.
    undecided : tuple of str
        Where it is unclear because none is clearly ahead: the kinds that may be, the best first.

    """

    state: str
    unit: int
    kind: Kind
    scores: Mapping[Kind, float]
    fitted: Mapping[Kind, float]
    descriptions: Mapping[Kind, str]
    undecided: tuple[Kind, ...] = ()

    @property
    def words(self) -> str:
        """The answer in a sentence or two.

        Below an R2 of 0.95 the unit is "mostly" something, and the sentence says how much of its
        variance is not explained.
        """
        name, meaning = _MEANINGS[self.kind]
        unit = f"{self.state}[{self.unit}]"
        if self.kind == "unclear":
            return f"{unit} is unclear: {self._why_unclear(meaning)}"
        score, what = self.scores[self.kind], self.descriptions[self.kind]
        here = f"R2 {score:.3f} on text it was not fitted to"
        if score >= _SURE:
            return f"{unit} is {name}: {meaning}. Here, {what} ({here})."
        return (
            f"{unit} is mostly {name}: {what}. That explains {100 * score:.0f} % of its variance "
            f"({here}); the rest is something else."
        )

    def _why_unclear(self, meaning: str) -> str:
        if not self.scores:
            return f"{meaning}. Its value is the same everywhere."
        known = {name: r2 for name, r2 in self.scores.items() if r2 == r2}  # noqa: PLR0124 - NaN
        if not known:
            return f"{meaning}. Its value is the same everywhere on the text kept for the test."
        if self.undecided:
            said = ", ".join(f"{name} (R2 {self.scores[name]:.3f})" for name in self.undecided)
            best = self.undecided[0]
            return (
                f"no explanation is clearly ahead of those of another kind: {said}. "
                f"As a {best}: {self.descriptions[best]}."
            )
        best = max(known, key=lambda name: known[name])
        if known[best] <= 0:
            return f"{meaning}; each is worse than its mean on text it was not fitted to."
        return f"{meaning}. Best is {best}, R2 {known[best]:.3f}: {self.descriptions[best]}."

    @property
    def _ranked(self) -> list[Kind]:
        """The rivals, best first, those that fit nowhere last."""
        return sorted(self.scores, key=lambda name: -np.nan_to_num(self.scores[name], nan=-np.inf))

    def rows(self) -> list[list[str]]:
        """Return the table of rivals, best first, as text."""
        head = ["explanation", "R2 held out", "R2 fitted", "what it says"]
        return [
            head,
            *(
                [
                    name,
                    fit_in_words(self.scores[name]),
                    fit_in_words(self.fitted[name]),
                    self.descriptions[name],
                ]
                for name in self._ranked
            ),
        ]

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return a ``pandas.DataFrame``, a row for each rival.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(
            {
                "explanation": name,
                "held_out": self.scores[name],
                "fitted": self.fitted[name],
                "description": self.descriptions[name],
            }
            for name in self.scores
        )

    def __str__(self) -> str:
        """Return the words and the table as plain text."""
        return for_terminal("\n".join([self.words, "", *plain_table(self.rows(), left=_NAMES)]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        bars = [
            (name, (0.0, np.nan_to_num(self.scores[name])), fit_in_words(self.scores[name]))
            for name in self._ranked[:_BARS]
        ]
        return (
            f'<div class="rnnviz-kind"><p>{for_html(self.words)}</p>{html_bars(bars)}'
            + html_folded(html_table(self.rows(), left=_NAMES) + html_facts(_WORDS))
            + "</div>"
        )


def fit_in_words(r2: float) -> str:
    """Return R2 as people read it: below 0 an explanation is worse than the mean."""
    return f"{r2:.3f}" if r2 >= 0 else "does not fit"
