"""`unit_kind`: which of several rival explanations of a unit predicts it from the tokens alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.choice import Contest, choose
from rnnviz_widget.counters.clock import fit_clock
from rnnviz_widget.counters.counter_fit import fit_counter
from rnnviz_widget.counters.latch import fit_latch, latch_of
from rnnviz_widget.counters.leaky import fit_leaky
from rnnviz_widget.counters.ngram import fit_ngram
from rnnviz_widget.counters.report import UnitKind
from rnnviz_widget.counters.ring import fit_ring
from rnnviz_widget.counters.sample import LONGEST_DELAY, Reading, Sample, r_squared
from rnnviz_widget.counters.series import Series, at_least
from rnnviz_widget.counters.several import fit_several
from rnnviz_widget.counters.switch import fit_switch
from rnnviz_widget.counters.token import fit_token
from rnnviz_widget.ranking.splits import halves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.counters.report import Kind
    from rnnviz_widget.counters.sample import Rival
    from rnnviz_widget.trace import Trace

_ENOUGH = 100  # tokens in either part
_LONGEST_FIT = 20_000  # tokens


def unit_kind(
    trace: Trace | Sequence[Trace], state: str, unit: int, *, skip: int = 100, gap: int = 100
) -> UnitKind:
    """Return what kind of memory a unit is: which rival predicts it best from the tokens alone.

    Each rival is fitted to the first half of the text and scored on the second, by R2. From the
    simplest on:

    - *current token*, *an earlier token*: a value for each token, whatever came before;
    - *n-gram*: the last two to four tokens, and nothing before them;
    - *switch*: tokens, or pairs of tokens, turn it on, others off, up to three tokens late, and in
      between it stays; one that does both is a toggle. A unit that is on inside quotation marks is
      a switch: it does not count;
    - *clock*: one curve over the number of tokens since a reset token;
    - *ring*: some tokens, or all, counted modulo k;
    - *bounded counter*: ``x[t] = clip(x[t-1] + increments[token], low, high)`` with reset tokens,
      the unit being a bent line of x. *Unbounded counter*: the same without bounds and resets,
      and it did go on and on;
    - *leaky sum*: ``x[t] = decay * x[t-1] + weights[token]`` with one decay;
    - *several*: two at once, added: switches, clocks and an echo of the token.

    The simplest that explains as much as the best names the unit. It is *unclear* if nothing
    explains half of the variance, or if rivals of different kinds explain as much. See "Kinds of
    units" in the documentation for what is confused with what.

    What can count without a bound depends on the network: Weiss, Goldberg and Yahav (2018),
    https://arxiv.org/abs/1805.04908, found that in finite precision LSTMs and RNNs with ReLU can,
    GRUs and RNNs with tanh cannot.

    Parameters
    ----------
    trace : Trace or sequence of Trace
        A trace, or several, each of which starts anew.
    state, unit : str and int
        Which unit.
    skip, gap : int
        Tokens left out at the start of each trace, and between the halves.

    Raises
    ------
    KeyError, ValueError
        If there is no such unit, it has values that are not finite, or the text is too short.

    Examples
    --------
    >>> unit_kind(trace, "rnn.l0.h", 16).kind  # doctest: +SKIP
    'switch'

    """
    skip, gap = at_least("skip", skip, 0), at_least("gap", gap, 0)
    series = Series.of(trace, state, unit)
    if not np.isfinite(series.values).all():
        bad = int((~np.isfinite(series.values)).sum())
        msg = f"{state}[{unit}] must be finite, but {bad:,} of its {len(series):,} values are not"
        raise ValueError(msg)
    into = series.recording.into_block
    rows_a, rows_b = (np.flatnonzero(part) for part in halves(into, skip=skip, gap=gap))
    if min(len(rows_a), len(rows_b)) < _ENOUGH:
        msg = (
            f"trace must leave at least {_ENOUGH} tokens to fit and as many to score on, got "
            f"{len(rows_a)} and {len(rows_b)} of {len(series):,} (skip={skip}, gap={gap})"
        )
        raise ValueError(msg)
    rows_a = rows_a[:_LONGEST_FIT]
    vocabulary = tuple(map(str, series.vocabulary))  # numpy's strings say so when quoted
    reading = Reading(series.codes, into, vocabulary)
    part = series.values[rows_a]
    mean, scale = float(part.mean()), float(part.std())
    values = (series.values - mean) / (scale or 1.0)
    sample = Sample(reading.until(rows_a[-1] + 1), values[: rows_a[-1] + 1], rows_a)
    rivals = {} if scale == 0 else _fit(sample, reading)
    predicted = {name: rival.predict(reading) for name, rival in rivals.items()}
    fitted = {name: sample.fitted(p[: len(sample.values)]) for name, p in predicted.items()}
    scores = {name: r_squared(values[rows_b], p[rows_b]) for name, p in predicted.items()}
    descriptions = {name: rival.words(vocabulary, scale) for name, rival in rivals.items()}
    left = {name: values[rows_b] - p[rows_b] for name, p in predicted.items()}
    kind, rival_kinds = choose(Contest(rivals, scores, fitted, left))
    return UnitKind(state, unit, kind, scores, fitted, descriptions, rival_kinds)


def _fit(sample: Sample, reading: Reading) -> dict[Kind, Rival]:
    """Fit every explanation; those that could not be fitted at all are absent."""
    echoes = [fit_token(sample, delay) for delay in range(1, LONGEST_DELAY + 1)]
    clock = fit_clock(sample)
    counter = fit_counter(sample, clock)
    two_values = latch_of(counter, sample)
    switches = [fit_latch(sample), fit_switch(sample), two_values]
    counter = replace(counter, free=counter.goes_on(reading))
    found: dict[Kind, Rival | None] = {
        "current token": fit_token(sample),
        "an earlier token": _better(sample, echoes),
        "n-gram": fit_ngram(sample),
        "switch": _better(sample, switches),
        "clock": clock,
        "ring": fit_ring(sample),
        "unbounded counter" if counter.free else "bounded counter": counter,
        "leaky sum": fit_leaky(sample),
    }
    rivals = {name: rival for name, rival in found.items() if rival is not None}
    if two_values is not None:  # what only ever jumps between two values does not count
        rivals.pop("bounded counter", None)
    several = fit_several(sample, rivals)
    return rivals if several is None else rivals | {"several": several}


def _better(sample: Sample, rivals: Sequence[Rival | None]) -> Rival | None:
    """Return the one that fits better, the first if they are equal."""
    found = [rival for rival in rivals if rival is not None]
    reached = [sample.fitted(rival.predict(sample.reading)) for rival in found]
    return found[int(np.argmax(reached))] if found else None
