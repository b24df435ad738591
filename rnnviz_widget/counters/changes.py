"""Mean changes by token, with intervals that know that neighbouring changes are not independent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.stats.intervals import student_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Changes:
    """What a unit changed by after each of V tokens, at L lags.

    Attributes
    ----------
    count : ndarray of int, shape (V,)
        Occurrences; the same at every lag.
    mean : ndarray, shape (V, L)
        Of ``h[t + lag] - h[t + lag - 1]`` over the occurrences ``t``; NaN where there is none.
    low, high : ndarray, shape (V, L)
        95 % interval of the mean; NaN where the token occurs in one block of the text only.
    eta_squared : ndarray, shape (L,)
        The share of the variance of all changes that the current token explains, corrected for
        the number of tokens; NaN where no token occurs twice or nothing changes.

    """

    count: NDArray[np.intp]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    eta_squared: NDArray[np.float64]

    @property
    def any_mean(self) -> NDArray[np.float64]:
        """The mean over all tokens, shape (L,); NaN where there is none."""
        total = np.nansum(self.count[:, None] * self.mean, axis=0)
        return np.asarray(total / (self.count.sum() or np.nan), np.float64)


def changes_by_token(
    changes: NDArray[np.float64],
    codes: NDArray[np.intp],
    blocks: NDArray[np.intp],
    vocabulary: int,
) -> Changes:
    """Average changes by token.

    Parameters
    ----------
    changes : ndarray, shape (n, L)
        After each of n occurrences, at each lag.
    codes, blocks : ndarray of int, shape (n,)
        Which token it is and in which block of the text it stands.
    vocabulary : int
        V.

    """
    count = np.bincount(codes, minlength=vocabulary)
    mean = _by(codes, changes, vocabulary) / np.where(count, count, np.nan)[:, None]
    half = _half_interval(changes, codes, blocks, count, mean)
    return Changes(count, mean, mean - half, mean + half, _eta_squared(changes, codes, count, mean))


def _half_interval(
    changes: NDArray[np.float64],
    codes: NDArray[np.intp],
    blocks: NDArray[np.intp],
    count: NDArray[np.intp],
    mean: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return half the width of each mean's interval, (V, L), from its sums over blocks.

    The cluster-robust variance of a ratio, sum over blocks of (S_b - mean N_b)^2 / N^2, with its
    correction G / (G - 1) for few blocks G, and Student's t with G - 1 degrees of freedom.
    """
    pairs, pair = np.unique(codes * (blocks.max(initial=0) + 1) + blocks, return_inverse=True)
    token = pairs // (blocks.max(initial=0) + 1)
    held = np.bincount(pair, minlength=len(pairs))
    off = _by(pair, changes, len(pairs)) - mean[token] * held[:, None]  # (pairs, L)
    groups = np.bincount(token, minlength=len(count))
    with np.errstate(divide="ignore", invalid="ignore"):
        few = groups / (groups - 1)
        variance = few[:, None] * _by(token, off**2, len(count)) / count[:, None] ** 2
    half = student_quantile(groups - 1)[:, None] * np.sqrt(variance)
    return np.where(groups[:, None] > 1, half, np.nan)


def _eta_squared(
    changes: NDArray[np.float64],
    codes: NDArray[np.intp],
    count: NDArray[np.intp],
    mean: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return Kelley's epsilon squared, (SS_between - (k - 1) MS_within) / SS_total, (L,)."""
    n, k = len(changes), np.count_nonzero(count)
    if n <= k or k == 0:
        return np.full(changes.shape[1], np.nan)
    total = ((changes - changes.mean(axis=0)) ** 2).sum(axis=0)
    within = ((changes - mean[codes]) ** 2).sum(axis=0)
    moved = total > 1e-12 * np.maximum((changes**2).sum(axis=0), 1e-30)
    unexplained = within / (n - k) * (n - 1) / np.where(moved, total, np.nan)
    return np.asarray(1 - unexplained, np.float64)


def _by(index: NDArray[np.intp], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Sum rows of equal index, (size, L)."""
    sums = [np.bincount(index, weights=column, minlength=size) for column in values.T]
    return np.stack(sums, axis=1)
