"""The rival that a unit is a bounded counter: each token adds its own increment, up to a bound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.clock import fit_clock, likely_resets
from rnnviz_widget.counters.readout import Curve, bend, monotone
from rnnviz_widget.counters.sample import LONGEST_DELAY, listed
from rnnviz_widget.counters.scans import clipped_sum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.clock import Clock
    from rnnviz_widget.counters.sample import Reading, Sample

_WORTH = 0.01  # R2 that increments of their own have to add to one slope
_FIRST_STEPS, _FURTHER_STEPS = 3, 5
_RIDGE = 1e-6
_NOTHING = 0.003  # R2 that may be lost by dropping something
_FEW = 2  # the place of 4 in ...
_OWN = (1, 2, 4, 8, 16)  # tokens with an increment of their own that are tried to suffice
_TOUCHED = 0.003  # of the time that a bound must hold the counter
_STRAYED = 2  # times the usual square error, while a bound holds, is not a bound
_EXACT = 1e-6
_SURE = 3  # standard errors from 0 that a first guess of an increment must be
_EDGE = 0.05  # quantile of the values that serves as the first guess of a bound
_START, _RESET, _LOW, _HIGH = range(4)


@dataclass(frozen=True)
class Counter:
    """``x[t] = clip(x[t-1] + increments[token t], low, high)``; reset tokens set x.

    Attributes
    ----------
    increments : ndarray, shape (V + 1,)
        What each token adds; the last for "no token".
    resets : tuple of int
        The tokens that set x to ``anchors[1]``.
    delay : int
        How many tokens late all this happens.
    anchors : ndarray, shape (4,)
        x at the start, at a reset, and its bounds (infinite if there is none).
    curve : Curve
        From x to the unit's value.
    met : tuple of bool
        Whether each bound was met in the text it was fitted to.

    """

    increments: NDArray[np.float64]
    resets: tuple[int, ...]
    delay: int
    anchors: NDArray[np.float64]
    curve: Curve
    met: tuple[bool, bool] = (False, False)

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Count, and bend."""
        return self.curve(self.count(reading)[0])

    def count(self, reading: Reading) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return x, and which anchor holds it at each token (-1: none), both of shape (T,)."""
        codes = reading.delayed(self.delay)
        steps = self.increments[codes]
        is_reset = np.zeros(len(self.increments), np.bool_)
        is_reset[list(self.resets)] = True
        low, high = (np.full(len(reading), bound) for bound in self.anchors[_LOW:])
        reset = is_reset[codes]
        low[reset] = high[reset] = self.anchors[_RESET]
        low[reading.starts] = high[reading.starts] = self.anchors[_START]
        x = clipped_sum(steps, low, high)
        reached = np.concatenate(([0.0], x[:-1])) + steps
        held = np.full(len(reading), -1)
        held[reached <= self.anchors[_LOW]] = _LOW
        held[reached >= self.anchors[_HIGH]] = _HIGH
        held[reset] = _RESET
        held[reading.starts] = _START
        return x, held

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what it adds where, and what stops it."""
        steps = scale * self.increments[:-1]
        most = np.argsort(-np.abs(steps), kind="stable").tolist()
        added = [f"{steps[code]:+.2f} at {vocabulary[code]!r}" for code in most]
        late = f" ({self.delay} later)" if self.delay else ""
        said = f"{listed([words for words in added if not words.startswith(('+0.00', '-0.00'))])}"
        if self.resets:
            said += f", set back by {listed([repr(vocabulary[code]) for code in self.resets])}"
        bounds = [name for name, met in zip(("below", "above"), self.met, strict=True) if met]
        bound = f"bounded {' and '.join(bounds)}" if bounds else "no bound was met in this text"
        return f"{said}{late}; {bound}"


def fit_counter(sample: Sample) -> Clock | Counter:
    """Return the best bounded counter: with one slope, or where that is clearly better with more.

    Increments, bounds and the values set by resets are found by Gauss-Newton steps: where the
    counter was last held (by a bound, a reset, the start) is taken from the last guess, and from
    there on x is linear in the increments. Whether there are bounds, and how many tokens have an
    increment of their own, is decided on the last third of the sample after fitting to the rest:
    a counter that is never set back drifts away if its increments are a little wrong.
    """
    clock = fit_clock(sample)
    columns, guesses = _guesses(sample, clock)
    tuned = max((_tuned(guess, sample, columns, _FIRST_STEPS) for guess in guesses), key=_reached)
    counter, reached = _tuned(tuned[0], sample, columns, _FURTHER_STEPS)
    x = counter.count(sample.reading)[0]
    straight = monotone(sample.target, x[sample.rows])(sample.values)
    bent = _tuned(counter, sample, columns, _FURTHER_STEPS, straight)
    if bent[1] <= reached:
        straight = sample.values
    else:
        counter, reached = bent
    counter = _decided(counter, sample, columns, straight)
    if clock is not None:
        gain = sample.fitted(counter.predict(sample.reading)) - sample.fitted(
            clock.predict(sample.reading)
        )
        if gain <= _WORTH:
            return clock
    return counter


def _decided(
    counter: Counter, sample: Sample, columns: NDArray[np.intp], target: NDArray[np.float64]
) -> Counter:
    """Choose how many tokens have an increment of their own, and which bounds there are."""
    free = _tuned(counter, sample, sample.columns, _FURTHER_STEPS, target)[0]
    groups = list(_own_columns(free, sample, columns))
    few = groups[min(_FEW, len(groups) - 1)]
    holds = [
        _tuned(hold, sample, few, _FURTHER_STEPS, target)
        for hold in _holds(_merged(free, few, sample), sample)
    ]
    held = _first_enough([pair for pair in holds if _is_busy(pair[0], sample)])
    variants = []
    for own in groups:
        merged = replace(_merged(free, own, sample), resets=held.resets, anchors=held.anchors)
        variants.append(_tuned(merged, sample, own, _FURTHER_STEPS, target))
    return _first_enough([*variants, _tuned(counter, sample, columns, 0)])


def _first_enough(variants: Sequence[tuple[Counter, float]]) -> Counter:
    """Return the first counter that fits nearly as well as the best."""
    most = max(reached for _, reached in variants)
    return next(counter for counter, reached in variants if reached >= most - _NOTHING)


def _is_busy(counter: Counter, sample: Sample) -> bool:
    """Whether the bounds there are hold the counter often, and the unit stays there with it."""
    x, held = counter.count(sample.reading)
    held, error = held[sample.rows], (counter.curve(x) - sample.values)[sample.rows] ** 2
    return all(
        np.mean(held == bound) >= _TOUCHED
        and error[held == bound].mean() <= _STRAYED * error.mean() + _EXACT
        for bound in (_LOW, _HIGH)
        if np.isfinite(counter.anchors[bound])
    )


def _holds(counter: Counter, sample: Sample) -> Iterator[Counter]:
    """Yield the counter with fewer resets, and with or without either bound, the tightest first.

    Bounds keep a counter in step with the unit, so they are kept where they do no harm.
    """
    x = counter.count(sample.reading)[0][sample.rows]
    low, high = np.quantile(x, (_EDGE, 1 - _EDGE))
    for bounds in ((low, high), (low, np.inf), (-np.inf, high), (-np.inf, np.inf)):
        anchors = np.array([*counter.anchors[:_LOW], *bounds])
        for count in range(len(counter.resets) + 1):
            yield replace(counter, resets=counter.resets[:count], anchors=anchors)


def _own_columns(
    counter: Counter, sample: Sample, columns: NDArray[np.intp]
) -> Iterator[NDArray[np.intp]]:
    """Yield which tokens share an increment, from few of their own to all frequent ones."""
    seen = np.append(sample.seen, 0)
    usual = _weighted_median(counter.increments, seen)
    effect = np.argsort(-seen * (counter.increments - usual) ** 2, kind="stable")
    for own in _OWN:
        if own < columns.max():
            groups = np.zeros_like(columns)
            groups[effect[:own]] = np.arange(1, own + 1)
            yield groups
    yield columns
    if columns.max() < sample.columns.max():
        yield sample.columns


def _merged(counter: Counter, columns: NDArray[np.intp], sample: Sample) -> Counter:
    """Give the tokens of each group the increment of most of its occurrences."""
    seen = np.append(sample.seen, 0)
    increments = np.empty_like(counter.increments)
    for group in range(int(columns.max()) + 1):
        its = columns == group
        increments[its] = _weighted_median(counter.increments[its], seen[its])
    return replace(counter, increments=increments)


def _reached(tuned: tuple[Counter, float]) -> float:
    return tuned[1]


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.intp]) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(below, below[-1] / 2)]])


def _guesses(sample: Sample, clock: Clock | None) -> tuple[NDArray[np.intp], Sequence[Counter]]:
    """Return the tokens that surely have their own increment, and first guesses.

    With and without resets, with and without bounds.
    """
    delay = _delay(sample)
    low, high = np.quantile(sample.target, (_EDGE, 1 - _EDGE))
    increments = _mean_changes(sample, delay)
    columns = np.where(increments != 0, sample.columns, 0)
    columns = np.unique(np.append(columns, 0), return_inverse=True)[1][:-1]
    straight = Curve(np.zeros(1), np.zeros(1))
    likely = tuple(likely_resets(sample, delay)[:2])
    sets = {((), delay), ((), 0), (likely[:1], delay), (likely, delay)}
    if clock is not None:
        sets.add((clock.resets, clock.delay))
    start = sample.values[sample.reading.starts].mean()
    guesses = []
    for resets, late in sorted(sets):
        at = np.isin(sample.reading.delayed(late)[sample.rows], resets)
        set_to = sample.target[at].mean() if at.any() else 0.0
        for bounds in ((-np.inf, np.inf), (low, high)):
            anchors = np.array([start, np.clip(set_to, *bounds), *bounds])
            guesses.append(Counter(increments, resets, late, anchors, straight))
    return columns, guesses


def _delay(sample: Sample) -> int:
    """Return the lag at which the token says most of the change."""
    rows = sample.rows[sample.reading.into_block[sample.rows] > LONGEST_DELAY]
    changes = sample.values[rows] - sample.values[rows - 1]
    between = []
    for delay in range(LONGEST_DELAY + 1):
        columns = sample.columns[sample.reading.delayed(delay)[rows]]
        count = np.maximum(np.bincount(columns), 1)
        between.append(float((np.bincount(columns, changes) ** 2 / count).sum()))
    return int(np.argmax(between))


def _mean_changes(sample: Sample, delay: int) -> NDArray[np.float64]:
    """Return the mean change at each token, or 0 where it may be chance, shape (V + 1,)."""
    rows = sample.rows[sample.reading.into_block[sample.rows] > delay]
    changes = sample.values[rows] - sample.values[rows - 1]
    columns = sample.columns[sample.reading.delayed(delay)[rows]]
    groups = int(sample.columns.max()) + 1
    count = np.maximum(np.bincount(columns, minlength=groups), 1)
    mean = np.bincount(columns, changes, groups) / count
    variance = np.bincount(columns, (changes - mean[columns]) ** 2, groups) / count
    sure = np.abs(mean) > _SURE * np.sqrt(variance / count)
    return np.where(sure, mean, 0)[sample.columns]


def _tuned(
    counter: Counter,
    sample: Sample,
    columns: NDArray[np.intp],
    steps: int,
    target: NDArray[np.float64] | None = None,
) -> tuple[Counter, float]:
    """Take Gauss-Newton steps; return the best counter met, and how well it fits.

    Parameters
    ----------
    counter : Counter
        The first guess.
    sample : Sample
        What to fit.
    columns : ndarray of int, shape (V + 1,)
        Which tokens share an increment: the number of their group.
    steps : int
        How many.
    target : ndarray, shape (T,), optional
        What x is to be; by default the values.

    """
    target = sample.values if target is None else target
    best, reached = counter, -np.inf
    groups = int(columns.max()) + 1
    read = np.zeros((len(sample.reading) + 1, groups))
    codes = columns[sample.reading.delayed(counter.delay)]
    read[np.arange(1, len(read)), codes] = 1
    np.cumsum(read, axis=0, out=read)  # how often each group was read before each token
    for step in range(steps + 1):
        x, held = counter.count(sample.reading)
        curve = bend(x[sample.rows], sample.target)
        fitted = sample.fitted(curve(x))
        if fitted > reached:
            met = (bool((held == _LOW).any()), bool((held == _HIGH).any()))
            best, reached = replace(counter, curve=curve, met=met), fitted
        if step == steps:
            break
        last = np.maximum.accumulate(np.where(held >= 0, np.arange(len(held)), 0))[sample.rows]
        since = read[sample.rows + 1] - read[last + 1]
        anchor = held[last][:, None] == np.arange(4)
        matrix = np.concatenate((since, anchor), axis=1)
        gram = matrix.T @ matrix
        gram[np.diag_indices(len(gram))] += _RIDGE * len(sample.rows)
        solved = np.linalg.solve(gram, matrix.T @ target[sample.rows])
        anchors = np.where(anchor.any(axis=0), solved[groups:], counter.anchors)
        if anchors[_LOW] >= anchors[_HIGH]:
            break
        anchors[:_LOW] = np.clip(anchors[:_LOW], anchors[_LOW], anchors[_HIGH])
        counter = replace(counter, increments=solved[:groups][columns], anchors=anchors)
    return best, reached
