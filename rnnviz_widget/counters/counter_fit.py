"""Fitting a counter: what each token adds, what sets it back, and which bounds hold it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.clock import likely_resets
from rnnviz_widget.counters.counter import HIGH, LOW, Counter
from rnnviz_widget.counters.readout import Curve, bend, monotone
from rnnviz_widget.counters.sample import LONGEST_DELAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.clock import Clock
    from rnnviz_widget.counters.sample import Sample

_FIRST_STEPS = 3
"""Gauss-Newton steps after which a good first guess fits better than a bad one."""

_FURTHER_STEPS = 5
"""Gauss-Newton steps after which R2 no longer changes."""

_RIDGE = 1e-6
"""Added to the normal equations: two tokens that always come together have no increments apart."""

_TOLERATED_LOSS = 0.003
"""R2 that a simpler counter may lose: one increment, reset or bound less is worth so much."""

_TOLERATED_SHARE = 0.2
"""The same as a share of what the best counter leaves unexplained. Where that is little, 0.003
would be all of it."""

_OWN_INCREMENTS = (1, 2, 4, 8, 16)
"""How many tokens with an increment of their own are tried; all others share one."""

_BOUND_TRIAL = 2
"""Index of the trial that bounds are chosen with, where 0 is no increment of one's own: few numbers
leave a bound something to explain."""

_LEAST_TIME_HELD = 0.003
"""Share of the time that a bound must hold the counter. One that holds it less is not seen."""

_LARGEST_ERROR_HELD = 2
"""How many times the usual square error is allowed while a bound holds. If it is larger, the unit
went on where the counter stood."""

_NO_DIFFERENCE = 1e-6
"""Square errors and R2 this small are rounding."""

_STANDARD_ERRORS = 3
"""By so many the mean change at a token must differ from 0, or its first guess is 0. Of forty
tokens that add nothing, one passes by chance in nine texts."""

_BOUND_QUANTILE = 0.05
"""Quantile of the values, at either end, that is the first guess of a bound."""


def fit_counter(sample: Sample, clock: Clock | None) -> Counter:
    """Return the best counter; what the clock found out about resets is one of the guesses.

    Increments, bounds and the values set by resets are found by Gauss-Newton steps: where the
    counter was last held (by a bound, a reset, the start) is taken from the last guess, and from
    there on x is linear in the increments. Whether there are bounds, and how many tokens have an
    increment of their own, is decided on the last third of the sample after fitting to the rest:
    a counter that is never set back drifts away if its increments are a little wrong.
    """
    early = sample.early()
    own, guesses = _guesses(early, clock)
    tuned = [_tuned(guess, early, own, _FIRST_STEPS)[0] for guess in guesses]
    held = [sample.late(guess.predict(sample.reading)) for guess in tuned]
    first = tuned[int(np.argmax(np.nan_to_num(held, nan=-np.inf)))]
    counter, reached = _tuned(first, early, own, _FURTHER_STEPS)
    x = counter.count(early.reading)[0]
    straight = monotone(early.target, x[early.rows])(sample.values)
    bent = _tuned(counter, early, own, _FURTHER_STEPS, straight)
    if bent[1] <= reached:
        straight = sample.values
    else:
        counter = bent[0]
    counter, groups = _decided(counter, sample, own, straight)
    even = _tuned(_even(counter, early), early, groups, 0)[0]
    if _first_enough([even, counter], sample) is even:
        counter = _tuned(even, sample, groups, 0)[0]
    else:
        counter = _tuned(counter, sample, groups, _FURTHER_STEPS, straight)[0]
    # Of a token never read nothing is known: it does what tokens usually do.
    usual = _weighted_median(counter.increments[:-1], sample.seen)
    known = np.append(sample.seen > 0, False)
    counter = replace(counter, increments=np.where(known, counter.increments, usual))
    return replace(counter, met=counter.stopped(sample.reading))


def _even(counter: Counter, sample: Sample) -> Counter:
    """Return the counter whose increments are whole multiples of one: +1 and -1 of a depth.

    What goes up and comes down by the same never drifts.
    """
    seen = np.append(sample.seen, 0)
    one = abs(float(counter.increments[np.argmax(seen * np.abs(counter.increments))]))
    return replace(counter, increments=one * np.round(counter.increments / (one or 1.0)))


def _decided(
    counter: Counter, sample: Sample, own: NDArray[np.intp], target: NDArray[np.float64]
) -> tuple[Counter, NDArray[np.intp]]:
    """Choose which bounds there are, and which tokens share an increment."""
    early = sample.early()
    all_own = early.groups(counter.delay)
    free = _tuned(counter, early, all_own, _FURTHER_STEPS, target)[0]
    nested = list(_nested(free, early, own, all_own))
    few = nested[min(_BOUND_TRIAL, len(nested) - 1)]
    holds = [
        _tuned(hold, early, few, _FURTHER_STEPS, target)[0]
        for hold in _holds(_merged(free, few, early), early)
    ]
    held = _first_enough([hold for hold in holds if _is_busy(hold, early)], sample)
    variants = []
    for groups in nested:
        merged = replace(_merged(free, groups, early), resets=held.resets, anchors=held.anchors)
        variants.append(_tuned(merged, early, groups, _FURTHER_STEPS, target)[0])
    variants.append(counter)
    best = _first_enough(variants, sample)
    place = next(i for i, variant in enumerate(variants) if variant is best)
    return best, [*nested, own][place]


def _first_enough(counters: Sequence[Counter], sample: Sample) -> Counter:
    """Return the first counter that does nearly as well as the best where it was not fitted."""
    reached = np.nan_to_num(
        [sample.late(counter.predict(sample.reading)) for counter in counters], nan=-np.inf
    )
    may_lose = min(_TOLERATED_LOSS, _TOLERATED_SHARE * (1 - reached.max())) + _NO_DIFFERENCE
    return counters[int(np.argmax(reached >= reached.max() - may_lose))]


def _is_busy(counter: Counter, sample: Sample) -> bool:
    """Whether the bounds there are hold the counter often, and the unit stays there with it."""
    x, held = counter.count(sample.reading)
    held, error = held[sample.rows], (counter.curve(x) - sample.values)[sample.rows] ** 2
    return all(
        np.mean(held == bound) >= _LEAST_TIME_HELD
        and error[held == bound].mean() <= _LARGEST_ERROR_HELD * error.mean() + _NO_DIFFERENCE
        for bound in (LOW, HIGH)
        if np.isfinite(counter.anchors[bound])
    )


def _holds(counter: Counter, sample: Sample) -> Iterator[Counter]:
    """Yield the counter with fewer resets, and with or without either bound, the tightest first.

    Bounds keep a counter in step with the unit, so they are kept where they do no harm.
    """
    x = counter.count(sample.reading)[0][sample.rows]
    low, high = np.quantile(x, (_BOUND_QUANTILE, 1 - _BOUND_QUANTILE))
    yield counter
    for bounds in ((low, high), (low, np.inf), (-np.inf, high), (-np.inf, np.inf)):
        anchors = np.array([*counter.anchors[:LOW], *bounds])
        for count in range(len(counter.resets) + 1):
            yield replace(counter, resets=counter.resets[:count], anchors=anchors)


def _nested(
    counter: Counter, sample: Sample, own: NDArray[np.intp], all_own: NDArray[np.intp]
) -> Iterator[NDArray[np.intp]]:
    """Yield which tokens share an increment, from few of their own to all that matter."""
    seen = np.append(sample.seen, 0)
    usual = _weighted_median(counter.increments, seen)
    effect = np.argsort(-seen * (counter.increments - usual) ** 2, kind="stable")
    for count in (0, *_OWN_INCREMENTS):
        if count < own.max():
            groups = np.zeros_like(own)
            groups[effect[:count]] = np.arange(1, count + 1)
            yield groups
    yield own
    if own.max() < all_own.max():
        yield all_own


def _merged(counter: Counter, groups: NDArray[np.intp], sample: Sample) -> Counter:
    """Give the tokens of each group the increment of most of its occurrences."""
    seen = np.append(sample.seen, 0)
    increments = np.empty_like(counter.increments)
    for group in range(int(groups.max()) + 1):
        its = groups == group
        increments[its] = _weighted_median(counter.increments[its], seen[its])
    return replace(counter, increments=increments)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.intp]) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(below, below[-1] / 2)]])


def _guesses(sample: Sample, clock: Clock | None) -> tuple[NDArray[np.intp], Sequence[Counter]]:
    """Return the tokens that surely have their own increment, and first guesses.

    With and without resets, with and without bounds.
    """
    delay = _delay(sample)
    low, high = np.quantile(sample.target, (_BOUND_QUANTILE, 1 - _BOUND_QUANTILE))
    increments = _mean_changes(sample, delay)
    own = np.where(increments != 0, sample.groups(delay), 0)
    own = np.unique(np.append(own, 0), return_inverse=True)[1][:-1]
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
        for bounds in ((-np.inf, np.inf), (low, np.inf), (-np.inf, high), (low, high)):
            anchors = np.array([start, np.clip(set_to, *bounds), *bounds])
            guesses.append(Counter(increments, resets, late, anchors, straight, sample.seen))
    return own, guesses


def _delay(sample: Sample) -> int:
    """Return the lag at which the token says most of the change."""
    rows = sample.rows[sample.reading.into_block[sample.rows] > LONGEST_DELAY]
    changes = sample.values[rows] - sample.values[rows - 1]
    between = []
    for delay in range(LONGEST_DELAY + 1):
        groups = sample.groups(delay)[sample.reading.delayed(delay)[rows]]
        count = np.maximum(np.bincount(groups), 1)
        between.append(float((np.bincount(groups, changes) ** 2 / count).sum()))
    return int(np.argmax(between))


def _mean_changes(sample: Sample, delay: int) -> NDArray[np.float64]:
    """Return the mean change at each token, or 0 where it may be chance, shape (V + 1,)."""
    rows = sample.rows[sample.reading.into_block[sample.rows] > delay]
    changes = sample.values[rows] - sample.values[rows - 1]
    group = sample.groups(delay)
    its, size = group[sample.reading.delayed(delay)[rows]], int(group.max()) + 1
    count = np.maximum(np.bincount(its, minlength=size), 1)
    mean = np.bincount(its, changes, size) / count
    variance = np.bincount(its, (changes - mean[its]) ** 2, size) / count
    sure = np.abs(mean) > _STANDARD_ERRORS * np.sqrt(variance / count)
    return np.where(sure, mean, 0)[group]


def _tuned(
    counter: Counter,
    sample: Sample,
    groups: NDArray[np.intp],
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
    groups : ndarray of int, shape (V + 1,)
        Which tokens share an increment: the number of the group.
    steps : int
        How many.
    target : ndarray, shape (T,), optional
        What x is to be; by default the values.

    """
    target = sample.values if target is None else target
    best, reached = counter, -np.inf
    size = int(groups.max()) + 1
    read = np.zeros((len(sample.reading) + 1, size))
    codes = groups[sample.reading.delayed(counter.delay)]
    read[np.arange(1, len(read)), codes] = 1
    np.cumsum(read, axis=0, out=read)  # how often each group was read before each token
    for step in range(steps + 1):
        x, held = counter.count(sample.reading)
        curve = bend(x[sample.rows], sample.target)
        fitted = sample.fitted(curve(x))
        if fitted > reached:
            best = replace(counter, curve=curve, seen=sample.seen)
            reached = fitted
        if step == steps:
            break
        last = np.maximum.accumulate(np.where(held >= 0, np.arange(len(held)), 0))[sample.rows]
        since = read[sample.rows + 1] - read[last + 1]
        anchor = held[last][:, None] == np.arange(4)
        matrix = np.concatenate((since, anchor), axis=1)
        gram = matrix.T @ matrix
        gram[np.diag_indices(len(gram))] += _RIDGE * len(sample.rows)
        solved = np.linalg.solve(gram, matrix.T @ target[sample.rows])
        anchors = np.where(anchor.any(axis=0), solved[size:], counter.anchors)
        if anchors[LOW] >= anchors[HIGH]:
            break
        anchors[:LOW] = np.clip(anchors[:LOW], anchors[LOW], anchors[HIGH])
        counter = replace(counter, increments=solved[:size][groups], anchors=anchors)
    return best, reached
