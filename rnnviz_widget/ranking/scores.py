r"""How well a column of values follows a label: exact rank statistics, pooled or within strata.

Everything rests on *centred ranks*. Within a stratum of :math:`n` tokens the value of average rank
:math:`R` (1-based, ties averaged) has :math:`u = (R - 1/2)/n - 1/2`, which lies in (-1/2, 1/2) and
sums to zero. Then

- the area under the ROC curve of a boolean label :math:`y` is
  :math:`1/2 + \sum_t y_t u_t / \sum_g n_{1g} n_{0g} / n_g`, where stratum g has :math:`n_{1g}`
  true and :math:`n_{0g}` false tokens. With one stratum this is Mann and Whitney's U divided by
  :math:`n_1 n_0`; with several it is the average of the strata's areas with van Elteren's weights
  :math:`n_{1g} n_{0g} / n_g` (P. van Elteren, Bull. Inst. Int. Statist. 37, 1960);
- Spearman's correlation is Pearson's of the ranks; over strata, its average weighted by
  :math:`n_g - 1`, strata in which the label does not vary left out.

Both are linear in the label's side once the ranks are known, so that a thousand columns against
two hundred labels are one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.stats.auc import area_under_curve, sortable
from rnnviz_widget.stats.sorting import order_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float32] | NDArray[np.float64]

_ROUNDING = 1e-20  # of a variance


class Strata:
    """A partition of n tokens into groups that are ranked each on its own.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        The group of each token, from 0. One group of all tokens is the pooled case.

    """

    def __init__(self, codes: NDArray[np.intp]) -> None:
        _, self.codes = np.unique(codes, return_inverse=True)
        self.counts = np.bincount(self.codes)
        self.starts = np.cumsum(self.counts) - self.counts
        self.pooled = len(self.counts) == 1

    @classmethod
    def pool(cls, n: int) -> Strata:
        """Return one stratum of n tokens."""
        return cls(np.zeros(n, np.intp))

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum of ``values``, shape (n,), in each stratum."""
        if self.pooled:
            return np.array([values.sum(dtype=np.float64)])
        sums = np.bincount(self.codes, weights=values, minlength=len(self.counts))
        return sums.astype(np.float64, copy=False)


def centred_ranks(values: NDArray[np.float32], strata: Strata) -> NDArray[np.float64]:
    """Return the centred ranks of a column, each stratum ranked on its own, shape (n,).

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Numbers without NaN.
    strata : Strata
        Who is ranked among whom.

    """
    order, keys = order_of(sortable(values), None if strata.pooled else strata.codes)
    new = np.empty(len(values), np.bool_)
    new[0] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    new[strata.starts] = True
    runs = np.flatnonzero(new)  # where each run of equal values starts
    lengths = np.diff(runs, append=len(values))
    middle = runs + lengths / 2  # ranks below a run, and half of the run
    if strata.pooled:
        ranks = middle / strata.counts[0] - 0.5
    else:
        stratum = strata.codes[order[runs]]
        ranks = (middle - strata.starts[stratum]) / strata.counts[stratum] - 0.5
    centred = np.empty(len(values))
    centred[order] = np.repeat(ranks, lengths)
    return centred


@dataclass(frozen=True)
class BoolTarget:
    """A boolean label, to be followed in the sense of the area under the ROC curve.

    ``base`` plus a *gain* is a score; a gain changes sign with the column. ``features(column)``
    times ``direction`` is the gain.
    """

    label: NDArray[np.bool_]
    strata: Strata
    base = 0.5
    metric = "AUC"

    @cached_property
    def direction(self) -> NDArray[np.float64]:
        """What the features are multiplied with, shape (n,)."""
        return self.label / self._pairs

    def features(self, column: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the centred ranks of a column, shape (n,)."""
        return centred_ranks(column, self.strata).astype(np.float32)

    def gain(self, column: NDArray[np.float32]) -> float:
        """Return the area under the ROC curve minus a half, see `area_under_curve`."""
        if self.strata.pooled:
            return area_under_curve(column, self.label) - self.base
        u = centred_ranks(column, self.strata)
        return float(u[self.label].sum() / self._pairs)

    @cached_property
    def _pairs(self) -> float:
        """The sum over strata of n1 n0 / n."""
        counts, true = self.strata.counts, self.strata.sums(self.label)
        return float((true * (counts - true) / counts).sum())


@dataclass(frozen=True)
class NumberTarget:
    """A numeric label, to be followed in the sense of Spearman's correlation.

    Attributes as in `BoolTarget`; a score is the gain itself, with its sign.
    """

    label: NDArray[np.float64]
    strata: Strata
    base = 0.0
    metric = "Spearman"

    @cached_property
    def rank_values(self) -> NDArray[np.float64]:
        """The label's own centred ranks, shape (n,)."""
        _, level = np.unique(self.label, return_inverse=True)  # float32 holds levels, not any label
        return centred_ranks(level.astype(np.float32), self.strata)

    @cached_property
    def direction(self) -> NDArray[np.float64]:
        """What the features are multiplied with, shape (n,)."""
        return self._direction(self.rank_values)

    @cached_property
    def standard_ranks(self) -> NDArray[np.float64]:
        """The label's own ranks, standardised in each stratum, shape (n,)."""
        return _standardised(self.rank_values, self.strata)

    def features(self, column: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the standardised ranks of a column, shape (n,)."""
        u = centred_ranks(column, self.strata)
        return _standardised(u, self.strata).astype(np.float32)

    def gain(self, column: NDArray[np.float32]) -> float:
        """Return the rank correlation, in [-1, 1]."""
        return self._correlation(centred_ranks(column, self.strata), self.rank_values)

    def linear_gain(self, column: NDArray[np.float32]) -> float:
        """Return Pearson's correlation of the values themselves, in [-1, 1]; NaN with infinity."""
        strata = self.strata
        if not (np.isfinite(column).all() and np.isfinite(self.label).all()):
            return float("nan")
        # Squares of numbers such as 1e300 or 1e-300 are not numbers, those of shares are.
        share = self.label / max(float(np.abs(self.label).max()), np.finfo(float).tiny)
        return self._correlation(_centred(column, strata), _centred(share, strata))

    def _correlation(self, u: NDArray[np.float64], v: NDArray[np.float64]) -> float:
        return float(_standardised(u, self.strata) @ self._direction(v))

    def _direction(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        strata = self.strata
        z = _standardised(v, strata)
        share = np.where(strata.sums(z * z) > 0, strata.counts - 1, 0)
        share = share / max(share.sum(), 1) / strata.counts
        each: NDArray[np.float64] = z * (share[0] if strata.pooled else share[strata.codes])
        return each


Target = BoolTarget | NumberTarget


def make_target(label: NDArray[Any], strata: Strata) -> Target:
    """Return what a column must follow: the kind follows from the label's type."""
    if label.dtype == np.bool_:
        return BoolTarget(label, strata)
    return NumberTarget(label.astype(np.float64), strata)


def _centred(values: NDArray[Any], strata: Strata) -> NDArray[np.float64]:
    means = strata.sums(values) / strata.counts
    return values - (means[0] if strata.pooled else means[strata.codes])


def _standardised(u: NDArray[np.float64], strata: Strata) -> NDArray[np.float64]:
    """Divide values with mean zero by their deviation in each stratum; constant ones stay 0."""
    variance = strata.sums(u * u) / strata.counts
    scale = np.zeros(len(variance))
    np.divide(1, np.sqrt(variance), out=scale, where=variance > _ROUNDING)
    return u * (scale[0] if strata.pooled else scale[strata.codes])
