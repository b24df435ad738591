"""`unit_kind`: which of four rival explanations of a unit predicts it from the tokens alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.clock import Clock
from rnnviz_widget.counters.counter import fit_counter
from rnnviz_widget.counters.kind import UnitKind
from rnnviz_widget.counters.leaky import fit_leaky
from rnnviz_widget.counters.sample import LONGEST_DELAY, Reading, Sample, r_squared
from rnnviz_widget.counters.series import Series, at_least
from rnnviz_widget.counters.switch import fit_switch
from rnnviz_widget.counters.token import fit_token
from rnnviz_widget.ranking.splits import halves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.counters.kind import Kind
    from rnnviz_widget.counters.sample import Rival
    from rnnviz_widget.trace import Trace

LEAST = 0.5
"""R2 on the other part that an explanation must reach to name the unit."""

MARGIN = 0.02
"""R2 that an explanation must be ahead of a simpler one."""

_ENOUGH = 100  # tokens in either part
_LONGEST_FIT = 20_000  # tokens
_EARLIER = "an earlier token"


def unit_kind(
    trace: Trace | Sequence[Trace], state: str, unit: int, *, skip: int = 100, gap: int = 100
) -> UnitKind:
    """Return what kind of memory a unit is: which rival predicts it best from the tokens alone.

    Each rival is fitted to the first half of the text and scored on the second, by R2:

    - *current token*: a value for each token, whatever came before;
    - *switch*: some tokens turn it on, others off, up to three tokens late; one that does both is a
      toggle. A unit that is on inside quotation marks is one: it does not count;
    - *bounded counter*: one slope over the tokens since a reset token, or
      ``x[t] = clip(x[t-1] + increments[token], low, high)`` with reset tokens, the unit being a
      bent line of x;
    - *leaky sum*: ``x[t] = decay * x[t-1] + weights[token]`` with one decay.

    The simplest within `MARGIN` of the best names the unit, if the best reaches `LEAST`. A network
    in finite precision counts within bounds only; for counting without end see Weiss, Goldberg and
    Yahav (2018), https://arxiv.org/abs/1805.04908.

    Parameters
    ----------
    trace
        A trace, or several, each of which starts anew.
    state, unit
        Which unit.
    skip, gap
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
    rivals = {} if scale == 0 else _fit(sample)
    predicted = {name: rival.predict(reading) for name, rival in rivals.items()}
    fitted = {name: sample.fitted(p[: len(sample.values)]) for name, p in predicted.items()}
    scores = {name: r_squared(values[rows_b], p[rows_b]) for name, p in predicted.items()}
    descriptions = {name: rival.words(vocabulary, scale) for name, rival in rivals.items()}
    return UnitKind(state, unit, _name(rivals, scores), scores, fitted, descriptions)


def _fit(sample: Sample) -> dict[str, Rival]:
    earlier = [fit_token(sample, delay) for delay in range(1, LONGEST_DELAY + 1)]
    rivals: dict[str, Rival | None] = {
        "current token": fit_token(sample),
        _EARLIER: max(earlier, key=lambda rival: sample.fitted(rival.predict(sample.reading))),
        "switch": fit_switch(sample),
        "bounded counter": fit_counter(sample),
        "leaky sum": fit_leaky(sample),
    }
    return {name: rival for name, rival in rivals.items() if rival is not None}


def _name(rivals: Mapping[str, Rival], scores: Mapping[str, float]) -> Kind:
    """Return the simplest kind that is about as good as the best."""
    scores = {name: score for name, score in scores.items() if np.isfinite(score)}
    best = max(scores.values(), default=-np.inf)
    if best < LEAST:
        return "unclear"
    # One slope since a reset is simpler than a weight for every token, and those than both.
    one_slope = isinstance(rivals.get("bounded counter"), Clock)
    sums: tuple[Kind, ...] = ("leaky sum", "bounded counter")
    kinds: tuple[Kind, ...] = ("current token", "switch", *(reversed(sums) if one_slope else sums))
    if scores.get(_EARLIER, -np.inf) >= best - MARGIN > scores["current token"]:
        return "unclear"  # an echo, but a late one
    return next((kind for kind in kinds if scores.get(kind, -np.inf) >= best - MARGIN), "unclear")
