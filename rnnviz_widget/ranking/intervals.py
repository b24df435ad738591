"""Intervals for scores, from resampled spans or lines: neighbouring tokens are not independent.

Whole blocks of text are drawn with replacement and the score is computed anew, ranks included. Its
ingredients are counts of tokens by block, level of the column and level of the label, so a thousand
resampled texts are one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.ranking.scores import BoolTarget, centred_ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.ranking.splits import Part

MOST_BLOCKS = 256  # beyond, neighbouring spans are drawn together
_LEVELS = {"AUC": (1024, 2), "Spearman": (64, 32)}  # of the column and of the label
_CONSTANT = 1e-9
_SEED = 1


@dataclass(frozen=True)
class Resampling:
    """Some resampled texts of a part.

    Attributes
    ----------
    part : Part
        Which text.
    block : ndarray of int, shape (n,)
        The block that each token belongs to: a span (a line, for a numeric label) with what
        follows it up to the next, or several neighbouring ones where there are many.
    draws : ndarray, shape (R, blocks)
        How often each resampled text holds each block.

    """

    part: Part
    block: NDArray[np.intp]
    draws: NDArray[np.float32]

    @classmethod
    def of(cls, part: Part, count: int) -> Resampling:
        """Draw ``count`` texts."""
        return cls(part, *draw_blocks(part.segments, count))

    def interval(self, column: NDArray[np.float32], sign: int) -> tuple[float, float]:
        """Return the 95 % percentile interval of a column's score; NaN if nothing was drawn.

        Resampled scores see the column and a numeric label in levels of equal frequency. What
        that costs the score of the text itself is given back to all of them.
        """
        target = self.part.target
        gains = self.gains(column, self.draws)
        gains = gains[~np.isnan(gains)]
        if not len(gains):
            return float("nan"), float("nan")
        whole = np.ones((1, self.draws.shape[1]), np.float32)
        gains += target.gain(column) - self.gains(column, whole)[0]
        lowest = -1 if target.base == 0 else 0
        scores = np.clip(target.base + sign * gains, lowest, 1)
        low, high = np.quantile(scores, [0.025, 0.975])
        return float(low), float(high)

    def gains(self, column: NDArray[np.float32], draws: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the gain on each resampled text, shape (R,); NaN where the label does not vary."""
        target, strata = self.part.target, self.part.target.strata
        column_levels, label_levels = _LEVELS[target.metric]
        high = centred_ranks(column, strata)
        if isinstance(target, BoolTarget):
            label = target.label.astype(np.intp)
            compare = _compare_bool
        else:
            label = _levels(target.rank_values, label_levels)
            compare = _compare_number
        gain, weight = np.zeros((2, len(draws)))
        order = np.argsort(strata.codes, kind="stable")
        for start, count in zip(strata.starts, strata.counts, strict=True):
            rows = order[start : start + count]
            levels = min(column_levels, int(count))
            cell = (self.block[rows] * levels + _levels(high[rows], levels)) * label_levels
            shape = (draws.shape[1], levels * label_levels)
            counts = np.bincount(cell + label[rows], minlength=shape[0] * shape[1]).reshape(shape)
            joint = draws @ counts.astype(np.float32)  # (R, levels of column times label)
            its_gain, its_weight = compare(joint.reshape(len(draws), levels, label_levels))
            gain += its_gain
            weight += its_weight
        gain[weight <= _CONSTANT] = np.nan
        return gain / np.maximum(weight, _CONSTANT)


def draw_blocks(
    segments: NDArray[np.intp], count: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the block of each token, `(n,)`, and how often each text holds it, `(count, blocks)`.

    ``segments`` numbers the stretch (a span, a line) of each token, ascending from 0.
    """
    stretches = int(segments[-1]) + 1
    blocks = min(stretches, MOST_BLOCKS)
    rng = np.random.default_rng(_SEED)
    draws = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=count)
    return segments * blocks // stretches, draws.astype(np.float32)


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
