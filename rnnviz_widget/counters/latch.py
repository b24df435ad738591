"""The rival that a unit is a latch: tokens, or pairs of them, set it, others reset it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.counter import RESET
from rnnviz_widget.counters.sample import LONGEST_DELAY, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.counter import Counter
    from rnnviz_widget.counters.sample import Reading, Sample

_MOST_TOKENS, _MOST_PAIRS = 60, 40  # events that are tried, by how much they say
_LEAST_SEEN = 3  # times a pair must have been met; one capital letter may say enough
_SETTLED = 3  # tokens after an event at which the unit is asked where it went
_SHORT = 6_000  # tokens, evenly drawn, on which events are chosen
_SHORTER = 1_500  # tokens, evenly drawn, on which the first two are found
_STARTS = 2  # delays from which it is tried, those whose first two explain most
_WORTH = 0.0005  # R2 that a further event has to add: a rare capital letter adds no more
_ASIDE, _BETWEEN = 0.2, 0.1
"""A counter farther than a fifth of its reach from both ends for a tenth of the time counts."""

_ALONE = 0.02  # R2 that the first two events must have, or there is no latch

Event = tuple[int, int]
"""A token and the one before it; -1 for any."""


@dataclass(frozen=True)
class Latch:
    """On after an event that sets it, off after one that resets it, and in between it stays.

    Attributes
    ----------
    on, off : tuple of (int, int)
        Events: a token, and the token before it or -1 for any.
    delay : int
        How many tokens late it acts.
    levels : (float, float)
        The values, off and on.

    """

    on: tuple[Event, ...]
    off: tuple[Event, ...]
    delay: int
    levels: tuple[float, float]

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Set and reset."""
        events = _Events(reading, (*self.on, *self.off))
        last = events.last(self.delay)
        on = last[: len(self.on)].max(axis=0) > last[len(self.on) :].max(axis=0)
        return np.where(on, self.levels[1], self.levels[0])

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say which tokens set and reset it."""
        rising = self.levels[1] >= self.levels[0]
        on, off = (self.on, self.off) if rising else (self.off, self.on)
        late = f" ({self.delay} later)" if self.delay else ""
        apart = abs(scale * (self.levels[1] - self.levels[0]))
        return (
            f"turned on by {_named(vocabulary, on)}{late}, off by {_named(vocabulary, off)}{late}; "
            f"on and off are {apart:.2f} apart"
        )


def _named(vocabulary: Sequence[str], events: Sequence[Event]) -> str:
    before = ["" if b < 0 else vocabulary[b] for _, b in events]
    return listed([repr(b + vocabulary[code]) for b, (code, _) in zip(before, events, strict=True)])


class _Events:
    """When each event last happened."""

    def __init__(self, reading: Reading, events: Sequence[Event]) -> None:
        self._reading = reading
        self._events = events

    def last(self, delay: int, rows: NDArray[np.intp] | None = None) -> NDArray[np.int32]:
        """Return the place of the last event by each row, shape (events, rows).

        -1 where it has not happened in this trace.
        """
        index = np.arange(len(self._reading), dtype=np.int32)
        start = np.maximum.accumulate(np.where(self._reading.starts, index, 0))
        codes, before = self._reading.delayed(delay), self._reading.delayed(delay + 1)
        places = slice(None) if rows is None else rows
        out = np.empty((len(self._events), len(index[places])), np.int32)
        for i, (code, earlier) in enumerate(self._events):
            here = codes == code
            if earlier >= 0:
                here &= before == earlier
            last = np.maximum.accumulate(np.where(here, index, -1))
            out[i] = np.where(last >= start, last, -1)[places]
        return out


def fit_latch(sample: Sample) -> Latch | None:
    """Return the best latch, or None if no two events set and reset the unit.

    Events are tokens and pairs of tokens, those first after which the unit is farthest from its
    mean. The two that explain most begin; then whichever event adds most, to what sets it or to
    what resets it, as long as it adds something.
    """
    events = _telling(sample)
    if len(events) < 2:  # noqa: PLR2004 - one sets, one resets
        return None
    rows = sample.rows[:: max(1, len(sample.rows) // _SHORT)]
    target = sample.values[rows] - sample.values[rows].mean()
    happened = _Events(sample.reading, events)
    few = slice(None, None, max(1, len(rows) // _SHORTER))
    starts = []
    for delay in range(LONGEST_DELAY + 1):
        last = happened.last(delay, rows)
        starts.append((*_first_two(last[:, few], target[few]), delay, last))
    best, reached = None, _ALONE
    for _, one, other, delay, last in sorted(starts, key=lambda start: -start[0])[:_STARTS]:
        on, off = _grown([one], [other], last, target)
        if (explained := _reached(on, off, last, target)) > reached:
            best, reached = (on, off, delay), explained
    if best is None:
        return None
    sets, resets = (tuple(events[i] for i in its) for its in best[:2])
    return _levelled(Latch(sets, resets, best[2], (0.0, 1.0)), sample)


def latch_of(counter: Counter, sample: Sample) -> Latch | None:
    """Return the latch that a counter is if it only ever jumps between two values, or None.

    Steps as large as the room between two bounds set and reset.
    """
    x = counter.count(sample.reading)[0][sample.rows]
    low, high = float(x.min()), float(x.max())
    between = np.mean((x > low + _ASIDE * (high - low)) & (x < high - _ASIDE * (high - low)))
    if low == high or between > _BETWEEN:
        return None
    half, size = (high - low) / 2, len(sample.reading.vocabulary)
    steps = counter.increments[:-1].copy()
    steps[list(counter.resets)] = np.sign(counter.anchors[RESET] - (low + high) / 2) * (high - low)
    on, off = (
        tuple((code, -1) for code in range(size) if sample.seen[code] and sign * steps[code] > half)
        for sign in (1, -1)
    )
    if not on or not off:
        return None
    return _levelled(Latch(on, off, counter.delay, (0.0, 1.0)), sample)


def _telling(sample: Sample) -> list[Event]:
    """Return the tokens, and the pairs beyond their last token, that change the unit most."""
    rows = sample.rows[sample.rows + _SETTLED < len(sample.values)]
    rows = rows[sample.reading.into_block[rows] > 1]
    moved = sample.values[rows + _SETTLED] - sample.values[rows - 1]
    size = len(sample.reading.vocabulary)
    codes = sample.reading.codes[rows]
    count = np.bincount(codes, minlength=size)
    mean = np.bincount(codes, moved, size) / np.maximum(count, 1)
    effect = np.where(count > 0, count * mean**2, -1)
    tokens = np.argsort(-effect, kind="stable")[:_MOST_TOKENS]
    found: list[Event] = [(int(code), -1) for code in tokens if effect[code] >= 0]
    keys, pair = np.unique(sample.reading.codes[rows - 1] * size + codes, return_inverse=True)
    times = np.bincount(pair)
    beyond = np.bincount(pair, moved - mean[codes]) / times
    effect = np.where(times >= _LEAST_SEEN, times * beyond**2, -1)
    pairs = np.argsort(-effect, kind="stable")[:_MOST_PAIRS]
    return found + [(int(keys[i] % size), int(keys[i] // size)) for i in pairs if effect[i] >= 0]


def _first_two(last: NDArray[np.int32], target: NDArray[np.float64]) -> tuple[float, int, int]:
    """Return the R2 of the best two events, which sets and which resets."""
    best = (0.0, 0, 1)
    for i in range(len(last) - 1):
        r2 = _explained(last[i] > last[i + 1 :], target)
        j = int(r2.argmax())
        if r2[j] > best[0]:
            best = (float(r2[j]), i, i + 1 + j)
    return best


def _grown(
    on: list[int], off: list[int], last: NDArray[np.int32], target: NDArray[np.float64]
) -> tuple[list[int], list[int]]:
    """Add events as long as they add something, and drop those that later ones make needless."""
    reached = _reached(on, off, last, target)
    while True:
        set_at, reset_at = last[on].max(axis=0), last[off].max(axis=0)
        more = np.concatenate(
            (np.maximum(last, set_at) > reset_at, set_at > np.maximum(last, reset_at))
        )
        r2 = _explained(more, target)
        r2[[*on, *off]] = r2[[len(last) + i for i in (*on, *off)]] = 0
        best = int(r2.argmax())
        if r2[best] <= reached + _WORTH:
            return on, off
        on, off = ([*on, best], off) if best < len(last) else (on, [*off, best - len(last)])
        on, off, reached = _pruned(on, off, last, target)


def _pruned(
    on: list[int], off: list[int], last: NDArray[np.int32], target: NDArray[np.float64]
) -> tuple[list[int], list[int], float]:
    """Drop events that explain nothing beside the others, the last one excepted."""
    reached = _reached(on, off, last, target)
    for i in [*on, *off][:-1]:
        fewer = [j for j in on if j != i], [j for j in off if j != i]
        if all(fewer) and (without := _reached(*fewer, last, target)) > reached:
            on, off, reached = *fewer, without
    return on, off, reached


def _reached(
    on: list[int], off: list[int], last: NDArray[np.int32], target: NDArray[np.float64]
) -> float:
    return float(_explained((last[on].max(axis=0) > last[off].max(axis=0))[None], target)[0])


def _explained(on: NDArray[np.bool_], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return R2 of two levels, one where it is on, for each row of states."""
    both = np.stack((np.ones(len(target)), target - target.mean()), axis=1).astype(np.float32)
    share, product = (on.astype(np.float32) @ both).T.astype(np.float64) / len(target)
    spread = np.maximum(share * (1 - share), 1e-9)
    return np.asarray(product**2 / spread / max(float(target.var()), 1e-30))


def _levelled(latch: Latch, sample: Sample) -> Latch | None:
    """Give a latch its two values, or return None if it is never off or never on."""
    on = latch.predict(sample.reading)[sample.rows] > 0
    if on.all() or not on.any():
        return None
    levels = (float(sample.target[~on].mean()), float(sample.target[on].mean()))
    return Latch(latch.on, latch.off, latch.delay, levels)
