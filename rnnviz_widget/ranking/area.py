"""The area under the ROC curve of one column, fast.

Half a million values against a boolean label, as the share of (true, false) pairs in which the true
one is higher, ties counted as halves. Everything is computed from the float32 values.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG = 1 << 17  # values from which on a column is counted into cells before it is sorted
COARSE = 1 << 12  # cells of equal width, each divided into more the more values it holds:
CELLS = 1 << 17  # about so many in all
CROWD = 32  # values in one cell from which on its order is looked at
AUDIT = 64  # one in so many of the other cells is looked at all the same
RARE = 1 << 12  # true (or false) values up to which every cell is
TOLERANCE = 1e-6
_NARROWEST, _WIDEST = 1e-30, 1e30  # between which float32 can be scaled
_SAMPLED = 16  # one value in so many tells where values are many
_STRETCH = 1 << 14  # values at a time: fresh memory costs more than the arithmetic


def area_under_curve(column: NDArray[np.float32], label: NDArray[np.bool_]) -> float:
    """Return the area for values without NaN and a label that varies, both of shape (n,).

    Up to ``LONG`` values are sorted, and the area is exact. More are counted into cells. Pairs from
    different cells are then in their exact order, and so are the pairs of a cell once its values
    are sorted, which is done for crowded cells: those of ties, and of units that are saturated.
    Pairs within one of the other cells, of at most ``CROWD`` values, count as halves; as they may
    as well stand one way as the other, the error is about 1e-7 or less. Whether they do is audited:
    if a random sample of these cells, sorted, says that all of them would move the area by
    ``TOLERANCE``, the whole column is sorted after all. Of a rare label, whose few pairs leave
    nothing to average, all cells are sorted, and the area is exact again.
    """
    pairs, n_true = _pairs(label), int(np.count_nonzero(label))
    low, high = float(column.min()), float(column.max())
    if len(column) < LONG or not _NARROWEST < high - low < _WIDEST:
        return _wins(column, label) / pairs

    codes = _cells(column, low, high)
    codes <<= 1
    codes |= label
    counts = np.bincount(codes, minlength=2 * len(_in_audit()))
    false, true = counts[::2], counts[1::2]
    mixed = (true > 0) & (false > 0)
    rare = min(n_true, len(label) - n_true) < RARE
    crowded = mixed & ((true + false > CROWD) | rare)
    audited = mixed & _in_audit() & ~crowded

    def moved_by_sorting(chosen: NDArray[np.bool_]) -> float:
        if not chosen.any():
            return 0.0
        some = np.flatnonzero(np.take(np.repeat(chosen, 2), codes))
        return _wins(column[some], label[some]) - _wins_between(true[chosen], false[chosen])

    found = moved_by_sorting(audited)
    if abs(found) * AUDIT > TOLERANCE * pairs:
        return _wins(column, label) / pairs
    return (_wins_between(true, false) + found + moved_by_sorting(crowded)) / pairs


def _cells(column: NDArray[np.float32], low: float, high: float) -> NDArray[np.int32]:
    """Return a cell for each value, shape (n,), never a lower one for a higher value."""
    scale = np.float32(COARSE / (high - low))

    def position(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return (values - np.float32(low)) * scale

    sample = position(column[::_SAMPLED]).astype(np.int32)
    held = np.bincount(sample, minlength=COARSE + 1)
    width = held * CELLS // len(sample) + 1
    first = (np.cumsum(width) - width).astype(np.int32)
    widths = width.astype(np.float32)

    cells = np.empty(len(column), np.int32)
    for start in range(0, len(column), _STRETCH):
        stretch = slice(start, start + _STRETCH)
        fine = position(column[stretch])
        coarse = fine.astype(np.int32)
        fine = (fine - coarse.astype(np.float32)) * np.take(widths, coarse)
        cells[stretch] = np.take(first, coarse) + fine.astype(np.int32)
    return cells


@cache
def _in_audit() -> NDArray[np.bool_]:
    """Choose cells, shape (more than there can be,)."""
    return np.random.default_rng(0).random(CELLS + 2 * COARSE) < 1 / AUDIT


def _wins_between(true: NDArray[np.intp], false: NDArray[np.intp]) -> float:
    """Count the pairs in order, given the values in each cell; of one cell, half the pairs."""
    below = np.cumsum(false) - false
    return float(true @ below) + float(true @ false) / 2


def _wins(column: NDArray[np.float32], label: NDArray[np.bool_]) -> float:
    """Count the pairs in order by sorting, ties as halves."""
    true, false = np.sort(column[label]), np.sort(column[~label])
    if len(true) > len(false):  # look up the fewer among the more
        return _pairs(label) - _below(true, false)
    return _below(false, true)


def _below(many: NDArray[np.float32], few: NDArray[np.float32]) -> float:
    """Count the pairs in which the one of ``many`` is lower, ties as halves; both are sorted."""
    lower = np.searchsorted(many, few, "left").sum() + np.searchsorted(many, few, "right").sum()
    return float(lower) / 2


def _pairs(label: NDArray[np.bool_]) -> int:
    true = int(np.count_nonzero(label))
    return true * (len(label) - true)
