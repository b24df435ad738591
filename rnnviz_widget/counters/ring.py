"""The rival that a unit counts in a ring: modulo k, with a value for each remainder."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.sample import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample

_SIZES = range(2, 17)
_TOGGLE = 2  # a ring of two, which the switch explains
_SHORT = 6_000  # tokens are enough to find a ring: it is in step or it is not
_MOST_TOKENS = 60  # that are tried alone
_MOST_MOVING = 3  # tokens whose steps are searched together
_SEARCHED = 10  # the largest ring for which they are
_STILL = 0.1  # of the largest mean square change: below it a token does not move the unit
_PROMISING = 0.2  # R2 from which on a ring is fitted to all
_WORTH = 0.02  # R2 that a larger ring has to add


@dataclass(frozen=True)
class Ring:
    """``x[t] = (x[t-1] + steps[token t]) % k``, and a value for each x.

    Attributes
    ----------
    steps : ndarray of int, shape (V,)
        How far each token goes.
    levels : ndarray, shape (k,)
        The values.

    """

    steps: NDArray[np.intp]
    levels: NDArray[np.float64]

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Go round."""
        return self.levels[_gone(reading, self.steps) % len(self.levels)]

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what is counted, modulo what, and how far apart the values are."""
        k = len(self.levels)
        apart = scale * float(np.ptp(self.levels))
        moving = np.flatnonzero(self.steps).tolist()
        if len(moving) == len(self.steps) and (self.steps == 1).all():
            what = "every token"
        else:
            signed = {code: int((self.steps[code] + k // 2) % k - k // 2) for code in moving}
            what = listed([f"{vocabulary[code]!r} ({step:+d})" for code, step in signed.items()])
        return f"counts {what} modulo {k}; its values are {apart:.2f} apart"


def fit_ring(sample: Sample) -> Ring | None:
    """Return the best ring, the smallest that is about as good, or None if none is in step."""
    rows = sample.rows[:_SHORT]
    reading, target = sample.reading.until(int(rows[-1]) + 1), sample.values[rows]
    tried: list[tuple[float, NDArray[np.intp], int]] = []
    for steps, sizes in _candidates(sample):
        gone = _gone(reading, steps)[rows]
        tried += [(_explained(gone % k, target, k), steps, k) for k in sizes]
    best = max(reached for reached, _, _ in tried)
    if best < _PROMISING:
        return None
    enough = [one for one in tried if one[0] >= best - _WORTH]
    _, steps, k = min(enough, key=lambda one: (one[2], -one[0]))
    if k == _TOGGLE:
        return None
    places = _gone(sample.reading, steps)[sample.rows] % k
    count = np.maximum(np.bincount(places, minlength=k), 1)
    return Ring(steps, np.bincount(places, sample.target, k) / count)


def _candidates(sample: Sample) -> Iterator[tuple[NDArray[np.intp], Sequence[int]]]:
    """Yield steps to try, and sizes: all tokens, each alone, those that move the unit together."""
    size = len(sample.reading.vocabulary)
    yield np.ones(size, np.intp), _SIZES
    for code in np.argsort(-sample.seen, kind="stable")[:_MOST_TOKENS].tolist():
        yield (np.arange(size) == code).astype(np.intp), _SIZES
    rows = sample.rows[sample.reading.into_block[sample.rows] > 0]
    squares = (sample.values[rows] - sample.values[rows - 1]) ** 2
    codes = sample.reading.codes[rows]
    count = np.bincount(codes, minlength=size)
    moved = np.bincount(codes, squares, size) / np.maximum(count, 1)
    floor = moved[count > 0].min()
    moving = np.flatnonzero(moved - floor > _STILL * (moved.max() - floor))
    if 1 < len(moving) < size:
        yield np.isin(np.arange(size), moving).astype(np.intp), _SIZES
    if 1 < len(moving) <= _MOST_MOVING:
        first = moving[np.argmax(count[moving])]  # goes one step: the places are named after it
        others = moving[moving != first]
        for k in range(_SIZES.start, _SEARCHED + 1):
            for far in product(range(1, k), repeat=len(others)):
                steps = np.zeros(size, np.intp)
                steps[first], steps[others] = 1, far
                yield steps, (k,)


def _gone(reading: Reading, steps: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how far the tokens of its trace have gone by each token, shape (T,)."""
    step = steps[reading.codes]
    total = np.cumsum(step)
    index = np.arange(len(total))
    start = np.maximum.accumulate(np.where(reading.starts, index, 0))
    return np.asarray(total - total[start] + step[start], np.intp)


def _explained(places: NDArray[np.intp], target: NDArray[np.float64], k: int) -> float:
    """Return R2 of a value for each place, corrected for their number (Kelley 1935)."""
    count = np.maximum(np.bincount(places, minlength=k), 1)
    sums = np.bincount(places, target, k)
    total = float((target**2).sum()) - float(target.sum()) ** 2 / len(target)
    between = float((sums**2 / count).sum()) - float(target.sum()) ** 2 / len(target)
    if total <= 0:
        return 0.0
    return 1 - (1 - between / total) * (len(target) - 1) / max(len(target) - k, 1)
