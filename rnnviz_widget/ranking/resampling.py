"""Intervals for scores, from resampled blocks: neighbouring tokens are not independent.

Whole blocks of text are drawn with replacement and the score is computed anew, ranks included. Its
ingredients are counts of tokens by block, level of the column and level of the label, so a thousand
resampled texts are one matrix product. How long blocks must be is found for each column from what
each token adds to its score and from what the column does besides, see
`rnnviz_widget.stats.intervals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnnviz_widget.ranking.scores import BoolTarget, centred_ranks
from rnnviz_widget.stats import intervals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rnnviz_widget.ranking.splits import Part

_LEVELS = {"AUC": (1024, 2), "Spearman": (64, 32)}  # of the column and of the label
_CONSTANT = 1e-9
_ROUNDING = 1e-12


class Intervals(NamedTuple):
    """95 % intervals of a column's score; NaN where they are not known.

    Attributes
    ----------
    text : (float, float)
        Over what this text might have been: its blocks, drawn anew.
    texts : (float, float)
        Over texts: whole traces, drawn anew.
    blocks, length : int
        How many blocks the text was cut into, and how many tokens they have on average.

    """

    text: tuple[float, float]
    texts: tuple[float, float]
    blocks: int
    length: int


class _Stratum(NamedTuple):
    """The tokens of one stratum, in levels of the column and of the label."""

    rows: NDArray[np.intp]
    column: NDArray[np.intp]
    label: NDArray[np.intp]
    levels: int


@dataclass(frozen=True)
class Resampling:
    """Resampled texts of a part.

    Attributes
    ----------
    part : Part
        Which text.
    count : int
        How many resampled texts.

    """

    part: Part
    count: int

    def intervals(self, column: NDArray[np.float32], sign: int) -> Intervals:
        """Return the 95 % intervals of a column's score.

        See `intervals.interval`; they are not known with fewer than `intervals.LEAST_BLOCKS` blocks
        or traces. Resampled scores see the column and a
        numeric label in levels of equal frequency. What that costs the score of the text itself is
        given back to all of them.
        """
        part = self.part
        strata = list(self._in_levels(column))
        length = max(
            intervals.block_length(self._shares(column, strata)),
            intervals.block_length(self._rest(column)),
        )
        block = intervals.joined(part.segments, length)
        found = [
            self._interval(strata, groups, part.target.gain(column), sign)
            for groups in (block, part.traces)
        ]
        blocks = int(block[-1]) + 1
        return Intervals(found[0], found[1], blocks, len(block) // blocks)

    def gains(
        self,
        column: NDArray[np.float32],
        block: NDArray[np.intp],
        draws: NDArray[np.float32],
    ) -> NDArray[np.float64]:
        """Return the gain on each resampled text, shape (R,); NaN where the label does not vary.

        ``block`` (n,) numbers each token's block, ``draws`` (R, blocks) says how often each text
        holds it.
        """
        return self._gains(list(self._in_levels(column)), block, draws)

    def _interval(
        self, strata: list[_Stratum], block: NDArray[np.intp], gain: float, sign: int
    ) -> tuple[float, float]:
        target, blocks = self.part.target, int(block[-1]) + 1
        if blocks < intervals.LEAST_BLOCKS or not self.count:
            return float("nan"), float("nan")
        gains = self._gains(strata, block, intervals.draw(blocks, self.count))
        gains = gains[~np.isnan(gains)]
        if not len(gains):
            return float("nan"), float("nan")
        whole = np.ones((1, blocks), np.float32)
        gains += gain - self._gains(strata, block, whole)[0]
        reach = 1 - target.base  # scores are base plus or minus this at most
        score = sign * gain / reach
        low, high = intervals.interval(score, sign * gains / reach, blocks, 1 / len(block))
        return target.base + reach * low, target.base + reach * high

    def _in_levels(self, column: NDArray[np.float32]) -> Iterator[_Stratum]:
        target, strata = self.part.target, self.part.target.strata
        column_levels, label_levels = _LEVELS[target.metric]
        high = centred_ranks(column, strata)
        if isinstance(target, BoolTarget):
            label = target.label.astype(np.intp)
        else:
            label = _levels(target.rank_values, label_levels)
        order = np.argsort(strata.codes, kind="stable")
        for start, count in zip(strata.starts, strata.counts, strict=True):
            rows = order[start : start + count]
            levels = min(column_levels, int(count))
            yield _Stratum(rows, _levels(high[rows], levels), label[rows], levels)

    def _gains(
        self, strata: list[_Stratum], block: NDArray[np.intp], draws: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        label_levels = _LEVELS[self.part.target.metric][1]
        compare = _compare_bool if isinstance(self.part.target, BoolTarget) else _compare_number
        gain, weight = np.zeros((2, len(draws)))
        for rows, column, label, levels in strata:
            cell = (block[rows] * levels + column) * label_levels
            shape = (draws.shape[1], levels * label_levels)
            counts = np.bincount(cell + label, minlength=shape[0] * shape[1]).reshape(shape)
            joint = draws @ counts.astype(np.float32)  # (R, levels of column times label)
            its_gain, its_weight = compare(joint.reshape(len(draws), levels, label_levels))
            gain += its_gain
            weight += its_weight
        gain[weight <= _CONSTANT] = np.nan
        return gain / np.maximum(weight, _CONSTANT)

    def _rest(self, column: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what the label does not explain of a column's ranks, (n,).

        What it does besides may be slow though the label is not, and its share of the score then
        shows only in the long run.
        """
        target = self.part.target
        u = centred_ranks(column, target.strata)
        v: NDArray[np.float64]
        if isinstance(target, BoolTarget):
            v = target.label - target.label.mean()
        else:
            v = target.rank_values
        rest: NDArray[np.float64] = u - v * (float(u @ v) / max(float(v @ v), _CONSTANT))
        rest[np.abs(rest) < _ROUNDING] = 0  # of a perfect score
        return rest

    def _shares(self, column: NDArray[np.float32], strata: list[_Stratum]) -> NDArray[np.float64]:
        """Return by how much each token moves the score, up to a factor, (n,).

        For a boolean label the derivative of the gain after the token's weight (the infinitesimal
        jackknife, L. Jaeckel 1972); for a numeric one that of a correlation of the ranks as they
        are, u v - r (u^2 + v^2) / 2.
        """
        target = self.part.target
        if not isinstance(target, BoolTarget):
            u = target.features(column).astype(np.float64)
            v = target.standard_ranks
            return u * v - target.gain(column) * (u * u + v * v) / 2
        gain = target.gain(column)
        shares = np.empty(len(column))
        for rows, level, label, levels in strata:
            true = np.bincount(level[label == 1], minlength=levels)
            false = np.bincount(level[label == 0], minlength=levels)
            n1, n0 = true.sum(), false.sum()
            n = n1 + n0
            below = np.cumsum(false) - false / 2  # false tokens below each level
            above = n1 - np.cumsum(true) + true / 2  # true tokens above it
            u = true @ below
            rest = (n1 * n0 / 2 - u) / n**2
            of_true = (below - n0 / 2) / n + rest - gain * (n0 - n1 * n0 / n) / n
            of_false = (above - n1 / 2) / n + rest - gain * (n1 - n1 * n0 / n) / n
            shares[rows] = np.where(label, of_true[level], of_false[level])
        shares[np.abs(shares) < _ROUNDING] = 0  # of a perfect score
        return shares


def _levels(ranks: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Cut centred ranks, in (-1/2, 1/2), into levels; ties stay together."""
    return ((ranks + 0.5) * count).astype(np.intp)


def _compare_bool(joint: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return U / n - n1 n0 / 2n, and n1 n0 / n, for counts of shape (R, levels, 2)."""
    false, true = joint.astype(np.float64).transpose(2, 0, 1)
    n0, n1 = false.sum(axis=1), true.sum(axis=1)
    below = np.cumsum(false, axis=1) - false / 2
    n = np.maximum(n0 + n1, 1)
    return ((true * below).sum(axis=1) - n1 * n0 / 2) / n, n1 * n0 / n


def _compare_number(joint: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rank correlation times n - 1, and n - 1, for counts of shape (R, levels, levels)."""
    joint = joint.astype(np.float64)
    n = joint.sum(axis=(1, 2))
    u, v = _middle_ranks(joint.sum(axis=2)), _middle_ranks(joint.sum(axis=1))
    variance_u = np.einsum("rxy,rx,rx->r", joint, u, u)
    variance_v = np.einsum("rxy,ry,ry->r", joint, v, v)
    covariance = np.einsum("rxy,rx,ry->r", joint, u, v)
    scale = np.sqrt(variance_u * variance_v)
    correlation = np.divide(covariance, scale, out=np.zeros(len(n)), where=scale > _CONSTANT)
    weight = np.where(variance_v > _CONSTANT, np.maximum(n - 1, 0), 0)
    return correlation * weight, weight


def _middle_ranks(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centred rank of each level, given how many values it holds, shape (R, levels)."""
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    middle: NDArray[np.float64] = (np.cumsum(counts, axis=1) - counts / 2) / total
    return middle - 0.5
