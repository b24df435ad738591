"""A linear probe: what can be read from all units together, and from its rivals.

Ridge regression of the label (of a numeric one: of its ranks) on all units, after the means within
each stratum are taken off, so that pooled and within-token probes are one computation. Its penalty
is chosen on the last quarter of part A after a fit on the first three; then all of A is fitted. For
a boolean label this is Fisher's linear discriminant with shrinkage.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rnnviz_widget.former import former
from rnnviz_widget.ranking.scores import BoolTarget, Strata, make_target
from rnnviz_widget.stats.direction import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.ranking.resampling import Resampling
    from rnnviz_widget.ranking.splits import Part

PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # per token, for units of variance 1
MOST_TOKENS = 50_000  # of part A; more make no better probe of a few thousand units
CONTEXT = 20  # tokens that the rival probe reads
_LEVELS = 64  # commonest tokens that it tells apart
_STRETCH = 1 << 14  # tokens read at a time
_LARGEST = 1e15


@dataclass(frozen=True)
class Probe:
    """What a linear readout reaches on part B. It shows what is there, not what is used.

    Attributes
    ----------
    metric : str
        ``"AUC"`` or ``"Spearman"``.
    num_units : int
        How many units were read.
    held_out : float
        The score of the readout of all units.
    interval : (float, float)
        Its 95 % interval, from resampled blocks of this text, NaN where it is not known; the
        readout itself is held fixed.
    tokens : float
        The score of the same readout of the last 20 tokens.
    control : tuple of float
        Its score on the units of each control.
    weights : dict of str to ndarray
        What the values of each state's units, shape (U,), are multiplied with.

    """

    metric: str
    num_units: int
    held_out: float
    interval: tuple[float, float]
    tokens: float
    control: tuple[float, ...]
    weights: Mapping[str, NDArray[np.float32]] = field(
        default_factory=dict, compare=False, repr=False
    )

    units = former("Probe", "units", "num_units")

    def direction(self, state: str | None = None) -> Direction:
        """Return what the probe reads of one state, for `ablate`, `clamp` and `effect`.

        Parameters
        ----------
        state : str, optional
            Which; needed where several states were read together.

        Raises
        ------
        KeyError
            If it was not read.

        """
        names = ", ".join(self.weights)
        if state is None and len(self.weights) != 1:
            msg = f"state must be given where several were read: one of {names}"
            raise TypeError(msg)
        name = next(iter(self.weights)) if state is None else state
        if name not in self.weights:
            msg = f"state must be one of {names}, which the probe reads, got {name!r}"
            raise KeyError(msg)
        return Direction(self.weights[name])

    @property
    def bar(self) -> float:
        """The best of the rival readouts."""
        return max(self.tokens, *self.control) if self.control else self.tokens

    def beats(self, chance: float) -> bool:
        """Whether the whole interval lies above every rival readout and a level of chance."""
        return self.interval[0] > max(self.bar, chance)


class Features(Protocol):
    """What a probe reads at each token."""

    def read(self, part: Part, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the features at some rows of a part's recording, shape (rows, features)."""


@dataclass(frozen=True)
class UnitFeatures:
    """The values of all units of some states."""

    states: Sequence[str]

    def read(self, part: Part, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the values at some rows, shape (rows, units), with 0 for what is not finite.

        What is beyond ``_LARGEST`` is cut off: its square is no float32.
        """
        start, stop = int(rows[0]), int(rows[-1]) + 1
        values = part.recording.rows(self.states, start, stop)[rows - start]
        values[~np.isfinite(values)] = 0
        return np.clip(values, -_LARGEST, _LARGEST, out=values)


@dataclass(frozen=True)
class LastTokens:
    """Which tokens were read last: one indicator per lag and common token."""

    level: NDArray[np.intp]  # of each token of the vocabulary; the last level is "any other"

    @classmethod
    def common_in(cls, part: Part) -> LastTokens:
        """Tell the commonest tokens of a part apart."""
        counts = np.bincount(part.codes[part.rows], minlength=int(part.codes.max()) + 1)
        common = np.argsort(-counts, kind="stable")[: _LEVELS - 1]
        level = np.full(len(counts), len(common), np.intp)
        level[common] = np.arange(len(common))
        return cls(level)

    def read(self, part: Part, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the indicators at some rows, shape (rows, lags times levels)."""
        levels = int(self.level.max()) + 1
        at = replace(part, rows=rows)
        indicators = np.zeros((len(rows), CONTEXT * levels), np.float32)
        for lag in range(CONTEXT):
            code = at.lagged(lag)
            known = np.flatnonzero((code >= 0) & (code < len(self.level)))
            indicators[known, lag * levels + self.level[code[known]]] = 1
        return indicators


def carried(states: Sequence[str]) -> tuple[str, ...]:
    """Return the states that a network carries on (h and c); all, where none is known to be."""
    kept = [state for state in states if state.endswith((".h", ".c"))]
    return tuple(kept or states)


def probe(
    part_a: Part,
    part_b: Part,
    states: Sequence[str],
    controls: Sequence[tuple[Part, Part]],
    resampling: Resampling,
) -> Probe:
    """Read the label out of all units, of the last tokens, and of the units of controls."""
    states = carried(states)
    readout, weights = fit(part_a, part_b, UnitFeatures(states))
    sizes = [part_a.recording.num_units[state] for state in states]
    rival = predict(part_a, part_b, LastTokens.common_in(part_a))
    return Probe(
        metric=part_b.target.metric,
        num_units=sum(sizes),
        held_out=_score(part_b, readout),
        interval=resampling.intervals(readout, 1).text,
        tokens=_score(part_b, rival),
        control=tuple(readable(a, b, states) for a, b in controls),
        weights=dict(zip(states, np.split(weights, np.cumsum(sizes)[:-1]), strict=True)),
    )


def readable(part_a: Part, part_b: Part, states: Sequence[str]) -> float:
    """Return the score of a linear readout of all units that states carry on."""
    return _score(part_b, predict(part_a, part_b, UnitFeatures(carried(states))))


def predict(part_a: Part, part_b: Part, features: Features) -> NDArray[np.float32]:
    """Fit a probe on part A and return what it says on part B, shape (n_b,)."""
    return fit(part_a, part_b, features)[0]


def fit(
    part_a: Part, part_b: Part, features: Features
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what a probe fitted on part A says on part B, (n_b,), and its weights, (features,)."""
    every = -(-len(part_a.rows) // MOST_TOKENS)
    used = np.arange(0, len(part_a.rows), every)
    fitted, tested = used[: len(used) * 3 // 4], used[len(used) * 3 // 4 :]
    moments_fitted = _Moments.of(part_a, fitted, features)
    moments_tested = _Moments.of(part_a, tested, features)

    trials = np.stack([moments_fitted.weights(penalty) for penalty in PENALTIES], axis=1)
    said = _apply(part_a, tested, features, trials)
    best = _best_trial(part_a, tested, said)
    weights = moments_fitted.with_more(moments_tested).weights(PENALTIES[best])
    said = _apply(part_b, np.arange(len(part_b.rows)), features, weights[:, None])[:, 0]
    return said, weights


@dataclass(frozen=True)
class _Moments:
    """Sums over tokens that a ridge regression within strata needs.

    ``products`` (P, P) of features, ``crossed`` (P,) of features and label; per stratum ``sums``
    (G, P) of features, ``label`` (G,) and ``counts`` (G,).
    """

    products: NDArray[np.float64]
    crossed: NDArray[np.float64]
    sums: NDArray[np.float64]
    label: NDArray[np.float64]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, part: Part, index: NDArray[np.intp], features: Features) -> _Moments:
        """Add up the tokens of a part that ``index`` points at."""
        target = part.target
        wanted = (
            target.label.astype(float) if isinstance(target, BoolTarget) else target.rank_values
        )
        strata = target.strata
        total: _Moments | None = None
        for some in _stretches(part, index):
            values = features.read(part, part.rows[some])  # (m, P)
            label, codes = wanted[some], strata.codes[some]
            order = np.argsort(codes, kind="stable")
            present, first = np.unique(codes[order], return_index=True)
            sums = np.zeros((len(strata.counts), values.shape[1]))
            sums[present] = np.add.reduceat(values[order], first, axis=0, dtype=np.float64)
            moments = cls(
                (values.T @ values).astype(np.float64),
                values.T @ label,
                sums,
                np.bincount(codes, label, len(strata.counts)).astype(np.float64),
                np.bincount(codes, minlength=len(strata.counts)),
            )
            total = moments if total is None else total.with_more(moments)
        if total is None:
            msg = "a probe needs at least one token"
            raise ValueError(msg)
        return total

    def with_more(self, other: _Moments) -> _Moments:
        """Return the moments of both sets of tokens."""
        return _Moments(
            self.products + other.products,
            self.crossed + other.crossed,
            self.sums + other.sums,
            self.label + other.label,
            self.counts + other.counts,
        )

    def weights(self, penalty: float) -> NDArray[np.float32]:
        """Return the weight of each feature, shape (P,)."""
        counts = np.maximum(self.counts, 1)
        scaled = self.sums / np.sqrt(counts)[:, None]
        n = self.counts.sum()
        covariance = (self.products - scaled.T @ scaled) / n
        crossed = (self.crossed - self.sums.T @ (self.label / counts)) / n
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
        varies = deviation > 1e-6 * np.sqrt(np.diag(self.products) / n + 1e-30)
        inverse = np.divide(1, deviation, out=np.zeros_like(deviation), where=varies)
        correlation = covariance * inverse * inverse[:, None]
        np.fill_diagonal(correlation, 1 + penalty)
        weights = inverse * np.linalg.solve(correlation, crossed * inverse)
        return weights.astype(np.float32)


def _stretches(part: Part, index: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Cut an index into a part's rows where the text has been followed for long enough."""
    stretch = part.rows[index] // _STRETCH
    yield from np.split(index, np.flatnonzero(np.diff(stretch)) + 1)


def _apply(
    part: Part, index: NDArray[np.intp], features: Features, weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    pieces = [features.read(part, part.rows[i]) @ weights for i in _stretches(part, index)]
    return np.concatenate(pieces)


def _best_trial(part: Part, index: NDArray[np.intp], said: NDArray[np.float32]) -> int:
    """Return which column of predictions, shape (m, trials), follows the label best."""
    label = part.target.label[index]
    if (label == label[0]).all():
        return len(PENALTIES) // 2
    target = make_target(label, Strata(part.target.strata.codes[index]))
    return int(np.argmax([target.gain(np.ascontiguousarray(trial)) for trial in said.T]))


def _score(part: Part, column: NDArray[np.float32]) -> float:
    return part.target.base + part.target.gain(column)
