"""The rival that a unit is a clock: it moves on at every token, and some tokens set it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.readout import Curve, bend
from rnnviz_widget.counters.sample import LONGEST_DELAY, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample

_CANDIDATES = 6  # tokens that are tried as resets, the likeliest first
_WORTH = 0.005  # R2 that a further reset token has to add
_KNEE = 0.9  # of the way: where a curve has bent
_EARLY = 0.8  # of the longest count: bent before, it has flattened


@dataclass(frozen=True)
class Clock:
    """The unit is a monotone curve of the number of tokens since the last reset token.

    Attributes
    ----------
    resets : tuple of int
        The tokens that set the count to 0.
    delay : int
        How many tokens late they do.
    curve : Curve
        From the count to the unit's value.
    longest : int
        The largest count it was fitted to.

    """

    resets: tuple[int, ...]
    delay: int
    curve: Curve
    longest: int

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Count, and bend."""
        return self.curve(since(reading, self.resets, self.delay))

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what it counts, and up to where."""
        names = listed([repr(vocabulary[code]) for code in self.resets])
        late = f" ({self.delay} later)" if self.delay else ""
        heights = scale * self.curve(np.arange(self.longest + 1.0))
        risen = heights - heights[0]
        said = f"one slope over the tokens since {names}{late}, in all {risen[-1]:+.2f}"
        knee = int(np.argmax(np.abs(risen) >= _KNEE * np.abs(risen[-1])))
        if knee < _EARLY * self.longest:
            return f"{said}, {100 * _KNEE:.0f} % of it within {knee} tokens"
        return f"{said} over {self.longest} tokens"


def since(reading: Reading, resets: Sequence[int], delay: int) -> NDArray[np.float64]:
    """Return how many tokens came after the last reset token (or the start), shape (T,)."""
    is_reset = np.zeros(len(reading.vocabulary) + 1, np.bool_)
    is_reset[list(resets)] = True
    index = np.arange(len(reading))
    reset = is_reset[reading.delayed(delay)] | reading.starts
    return (index - np.maximum.accumulate(np.where(reset, index, 0))).astype(np.float64)


def fit_clock(sample: Sample) -> Clock | None:
    """Return the best clock, or None if there is no token that sets the unit back."""
    best, reached = None, 0.0
    for delay in range(LONGEST_DELAY + 1):
        for code in likely_resets(sample, delay)[:_CANDIDATES]:
            clock, fitted = _fitted((code,), delay, sample)
            if fitted > reached + _WORTH:
                best, reached = clock, fitted
    while best is not None:
        more = max(_extended(best, sample), key=lambda pair: pair[1], default=(best, reached))
        if more[1] <= reached + _WORTH:
            return best
        best, reached = more
    return None


def likely_resets(sample: Sample, delay: int) -> list[int]:
    """Return the tokens after which the unit's value is more alike than its change, best first."""
    rows = sample.rows[sample.reading.into_block[sample.rows] > delay]
    codes = sample.reading.delayed(delay)[rows]
    values, changes = sample.values[rows], sample.values[rows] - sample.values[rows - 1]
    size = len(sample.reading.vocabulary)
    count = np.maximum(np.bincount(codes, minlength=size), 1)
    mean = np.bincount(codes, values, size) / count
    alike = np.bincount(codes, (values - mean[codes]) ** 2, size)
    moved = np.bincount(codes, (changes - np.median(changes)) ** 2, size)
    better = np.where(count > 1, moved - alike, 0)
    return [code for code in np.argsort(-better, kind="stable").tolist() if better[code] > 0]


def _fitted(resets: tuple[int, ...], delay: int, sample: Sample) -> tuple[Clock, float]:
    count = since(sample.reading, resets, delay)
    counted = count[sample.rows]
    clock = Clock(resets, delay, bend(counted, sample.target), int(counted.max()))
    return clock, sample.fitted(clock.curve(count))


def _extended(clock: Clock, sample: Sample) -> Iterator[tuple[Clock, float]]:
    for code in likely_resets(sample, clock.delay)[:_CANDIDATES]:
        if code not in clock.resets:
            yield _fitted((*clock.resets, code), clock.delay, sample)
