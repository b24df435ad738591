"""Which explanation names a unit: the simplest that explains as much as the best, if any may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.ngram import NGram
from rnnviz_widget.counters.sample import margin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rnnviz_widget.counters.report import Kind
    from rnnviz_widget.counters.sample import Rival

LEAST = 0.5
"""R2 on the other part that an explanation must reach to name the unit."""

SURE = 0.95
"""R2 from which on a name is said without "mostly"."""

_REMEMBERED = 0.3
"""Correlation of neighbouring residuals from which on they are not noise: something that lasts is
left unexplained, and an explanation that only comes near may be the best there is."""

_LEAD = 0.6
"""Of what a rival of another kind leaves unexplained, what may be left then. A counter explains
0.88 of some leaky sums, whose own fit explains 0.78: that decides nothing."""

_SECOND = 0.05
"""R2 that the second of two kinds has to add: a twentieth of the variance is a part of its own."""

_BOTH = 0.8
"""R2 that two kinds must reach together: they are fitted with twice the freedom."""

_WIDER: Mapping[Kind, frozenset[Kind]] = {
    "current token": frozenset({"n-gram", "leaky sum", "bounded counter", "unbounded counter"}),
    "an earlier token": frozenset({"n-gram", "leaky sum", "bounded counter", "unbounded counter"}),
    "switch": frozenset({"bounded counter", "ring"}),
    "clock": frozenset({"bounded counter"}),
}
"""Kinds of which another is a special case: a switch is a counter of one step between two bounds,
and a toggle is a ring of two."""


@dataclass(frozen=True)
class Contest:
    """What the rivals did on the part they were not fitted to.

    Attributes
    ----------
    rivals : dict of str to Rival
    scores, fitted : dict of str to float
        R2, there and on the part they were fitted to; may be NaN.
    left : dict of str to ndarray
        What each leaves unexplained, token after token.

    """

    rivals: Mapping[Kind, Rival]
    scores: Mapping[Kind, float]
    fitted: Mapping[Kind, float]
    left: Mapping[Kind, NDArray[np.float64]]


def choose(contest: Contest) -> tuple[Kind, tuple[Kind, ...]]:
    """Return the kind, and where it is unclear between which kinds it could not be decided."""
    scores = {name: r2 for name, r2 in contest.scores.items() if np.isfinite(r2)}
    single = max((r2 for name, r2 in scores.items() if name != "several"), default=-np.inf)
    both = scores.pop("several", -np.inf)
    if both >= max(_BOTH, single + _SECOND):
        return "several", ()
    if single < LEAST:
        return "unclear", ()
    kind = next(
        kind for kind in _order(contest) if scores.get(kind, -np.inf) >= single - margin(single)
    )
    if scores[kind] >= SURE:
        return kind, ()
    close = _close(contest, kind, scores)
    return ("unclear", (kind, *close)) if close else (kind, ())


def _close(contest: Contest, kind: Kind, scores: Mapping[Kind, float]) -> tuple[Kind, ...]:
    """Return the rivals of another kind that are not clearly worse, the best first.

    One that fitted better and held less is not worse, there was only too little text; but tables
    of windows always fit well.
    """
    others = {name: r2 for name, r2 in scores.items() if name not in (kind, *_WIDER.get(kind, ()))}
    fitted = contest.fitted[kind] + margin(contest.fitted[kind])
    lasts = _lasts(contest.left[kind])
    close = [
        name
        for name, r2 in others.items()
        if (contest.fitted[name] > fitted and name != "n-gram")
        or (lasts and 1 - scores[kind] > _LEAD * (1 - r2))
    ]
    return tuple(sorted(close, key=lambda name: -scores[name]))


def _order(contest: Contest) -> list[Kind]:
    """Return the kinds from the simplest on."""
    ngram = contest.rivals.get("n-gram")
    short = isinstance(ngram, NGram) and ngram.window == 2  # noqa: PLR2004 - a pair
    order: list[Kind] = ["current token", "an earlier token", "switch", "clock"]
    order.insert(2 if short else len(order), "n-gram")
    # What counts and never comes round explains as much as a ring, and is no ring.
    return [*order, "bounded counter", "unbounded counter", "ring", "leaky sum"]


def _lasts(left: NDArray[np.float64]) -> bool:
    """Whether what is left lasts from token to token; a sum may fit it by chance.

    Granger and Newbold (1974) on spurious regressions.
    """
    left = left - left.mean()
    power = float((left**2).sum())
    return power > 0 and float((left[1:] * left[:-1]).sum()) > _REMEMBERED * power
