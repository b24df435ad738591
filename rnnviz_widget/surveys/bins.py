"""Scores from counts: how many tokens a unit has in each of its bins, for each value of a label.

Counts of blocks add up, whatever the order. What is lost is the order within a bin, and how much
that can change a score is known from the counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 1024
"""Of a unit, for a boolean label."""

COARSE = 64
"""Of a unit, for a numeric label: neighbouring bins together."""

LEVELS = 128
"""Of a numeric label."""

_LEAST = 1e-12


class Gain(NamedTuple):
    """Of C columns: AUC - 1/2 or Spearman's correlation, and what it may be off by at most."""

    values: NDArray[np.float64]
    errors: NDArray[np.float64]


def edges_of(values: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Return what cuts each column, shape (C, n), into bins of equal frequency: (C, bins - 1)."""
    cuts = np.zeros((len(values), bins - 1), np.float32)
    shares = np.arange(1, bins) / bins
    for column, cut in zip(values, cuts, strict=True):
        ordered = np.sort(column[np.isfinite(column)])
        if len(ordered):
            cut[:] = ordered[(shares * len(ordered)).astype(np.intp)]
    return cuts


def levels_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lowest value of each of a label's levels, shape (LEVELS,).

    Each value has a level of its own where they are few enough; else levels are of equal frequency.
    """
    different = np.unique(values[np.isfinite(values)])
    if len(different) > LEVELS:
        quantiles = np.quantile(values, np.arange(LEVELS) / LEVELS, method="lower")
        different = np.unique(quantiles)
    return np.concatenate([different, np.full(LEVELS - len(different), np.inf)])


def bin_of(column: NDArray[Any], edges: NDArray[Any]) -> NDArray[np.intp]:
    """Return the bin of each value, shape (n,): how many edges are not above it."""
    return np.searchsorted(edges, column, side="right")


def area_gains(counts: NDArray[np.int64], mixed: NDArray[np.bool_]) -> Gain:
    """Return AUC - 1/2, for counts of shape (C, bins, 2): false, then true tokens.

    A pair of a true and a false token in one bin counts as a tie. If all such pairs went the same
    way the area would change by half their share: that is the error's bound. Only bins that are
    ``mixed``, (C, bins), hold more than one value.
    """
    false, true = counts.astype(np.float64).transpose(2, 0, 1)
    below = np.cumsum(false, axis=1) - false / 2
    pairs = np.maximum(false.sum(axis=1) * true.sum(axis=1), 1)
    return Gain(
        (true * below).sum(axis=1) / pairs - 0.5, (true * false * mixed).sum(axis=1) / 2 / pairs
    )


def rank_gains(counts: NDArray[np.int64], mixed: NDArray[np.bool_], *, exact: bool) -> Gain:
    """Return Spearman's correlation, for counts of shape (C, bins, levels).

    The middle rank of a bin is the mean rank of its values: the ranks of a column are those
    middles, plus something at right angles to them. With p the share of each bin, the one has the
    variance (1 - sum p^3) / 12, the other one of at most sum p^3 / 12 over the bins that are
    ``mixed``, (C, bins); their ratio is the squared tangent of the angle between ranks and middles.
    Likewise for the label, unless its levels are ``exact``. A correlation is the cosine of an
    angle, and that is off by no more than the two together.
    """
    joint = counts.astype(np.float64)
    n = np.maximum(joint.sum(axis=(1, 2)), 1)
    of_column, of_label = joint.sum(axis=2), joint.sum(axis=1)
    u, v = _middles(of_column), _middles(of_label)
    variance = np.einsum("cb,cb,cb->c", of_column, u, u) * np.einsum("cl,cl,cl->c", of_label, v, v)
    covariance = np.einsum("cbl,cb,cl->c", joint, u, v, optimize=True)
    scale = np.sqrt(variance)
    gain = np.divide(covariance, scale, out=np.zeros(len(n)), where=scale > _LEAST)
    apart = _angle(of_column, of_column * mixed, n)
    if not exact:
        apart = apart + _angle(of_label, of_label, n)
    angle = np.arccos(np.clip(gain, -1, 1))
    ends = np.cos(np.maximum(angle - apart, 0)), np.cos(np.minimum(angle + apart, np.pi))
    return Gain(gain, np.maximum(ends[0] - gain, gain - ends[1]))


def coarsely(mixed: NDArray[np.bool_], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of the COARSE bins hold more than one value, from (C, BINS) finer ones."""
    shape = (len(mixed), COARSE, BINS // COARSE)
    several = np.count_nonzero(counts.reshape(shape), axis=2) > 1
    found: NDArray[np.bool_] = mixed.reshape(shape).any(axis=2) | several
    return found


def _middles(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centred middle rank of each bin, shape (C, bins)."""
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    middle: NDArray[np.float64] = (np.cumsum(counts, axis=1) - counts / 2) / total
    return middle - 0.5


def _angle(
    counts: NDArray[np.float64], mixed: NDArray[np.float64], n: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the largest angle between ranks and the middles of their bins, shape (C,)."""
    kept, lost = (1 - _cubes(counts, n)), _cubes(mixed, n)
    angle: NDArray[np.float64] = np.arctan2(np.sqrt(lost), np.sqrt(np.maximum(kept, 0)))
    return angle


def _cubes(counts: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = ((counts / n[:, None]) ** 3).sum(axis=1)
    return total
