"""The rival that a unit is two kinds at once, one added to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.clock import fit_clock
from rnnviz_widget.counters.latch import fit_latch
from rnnviz_widget.counters.sample import Sample
from rnnviz_widget.counters.token import fit_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.report import Kind
    from rnnviz_widget.counters.sample import Reading, Rival

    Fit = Callable[[Sample], Rival | None]

_FITS: Mapping[str, Fit] = {
    "switch": fit_latch,
    "clock": fit_clock,
    "echo of the current token": fit_token,
}
"""What is added: kinds that are quickly fitted."""

_STARTS = 2  # explanations that begin, those that fit best alone
_SHORT = 6_000  # tokens are enough to find the second
_ENOUGH = 0.95  # R2 of one explanation that leaves nothing for a second


@dataclass(frozen=True)
class WeightedSum:
    """A weighted sum of two explanations.

    Attributes
    ----------
    names : (str, str)
        What each is.
    parts : (Rival, Rival)
    weights : ndarray, shape (3,)
        Of each, and a constant.

    """

    names: tuple[str, str]
    parts: tuple[Rival, Rival]
    weights: NDArray[np.float64]

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Add both."""
        first, second = (part.predict(reading) for part in self.parts)
        a, b, constant = self.weights.tolist()
        return np.asarray(a * first + b * second + constant, np.float64)

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what each does."""
        said = [
            f"{'an' if name[0] in 'aeiou' or name == 'n-gram' else 'a'} {name} "
            f"({part.words(vocabulary, scale * abs(float(weight)))})"
            for name, part, weight in zip(self.names, self.parts, self.weights[:2], strict=True)
        ]
        return " and ".join(said)


def fit_several(sample: Sample, known: Mapping[Kind, Rival]) -> WeightedSum | None:
    """Return the best sum of two kinds, or None if nothing is left for a second.

    Begins with the two explanations that fit best alone, fits other kinds to what each leaves, and
    then either part again to what the other leaves.
    """
    alone = {name: sample.fitted(one.predict(sample.reading)) for name, one in known.items()}
    if max(alone.values()) >= _ENOUGH:
        return None
    rows = sample.rows[:_SHORT]
    stop = int(rows[-1]) + 1
    short = Sample(sample.reading.until(stop), sample.values[:stop], rows)
    best, reached = None, -np.inf
    for name in sorted(alone, key=lambda name: -alone[name])[:_STARTS]:
        found = _second(short, known[name].predict(short.reading))
        if found is None:
            continue
        both = _weighted(short, (name, found[0]), (known[name], found[1]))
        both = _refitted(short, both) or both
        if (fitted := short.fitted(both.predict(short.reading))) > reached:
            best, reached = both, fitted
    return None if best is None else _weighted(sample, best.names, best.parts)


def _second(sample: Sample, predicted: NDArray[np.float64]) -> tuple[str, Rival] | None:
    left = _without(sample, predicted)
    fits = {name: fit(left) for name, fit in _FITS.items()}
    found = {name: rival for name, rival in fits.items() if rival is not None}
    if not found:
        return None
    name = max(found, key=lambda name: left.fitted(found[name].predict(left.reading)))
    return name, found[name]


def _refitted(sample: Sample, both: WeightedSum) -> WeightedSum | None:
    """Fit each part again to what the other leaves."""
    parts = list(both.parts)
    for i, other in ((0, 1), (1, 0)):
        fit = _FITS.get(both.names[i])
        if fit is not None:
            rest = both.weights[other] * parts[other].predict(sample.reading) + both.weights[2]
            part = fit(_without(sample, rest))
            if part is None:
                return None
            parts[i] = part
            both = _weighted(sample, both.names, (parts[0], parts[1]))
    return both


def _without(sample: Sample, predicted: NDArray[np.float64]) -> Sample:
    return Sample(sample.reading, sample.values - predicted, sample.rows)


def _weighted(sample: Sample, names: tuple[str, str], parts: tuple[Rival, Rival]) -> WeightedSum:
    first, second = (part.predict(sample.reading)[sample.rows] for part in parts)
    matrix = np.stack([first, second, np.ones(len(first))], axis=1)
    weights = np.linalg.lstsq(matrix, sample.target, rcond=None)[0]
    return WeightedSum(names, parts, np.asarray(weights, np.float64))
