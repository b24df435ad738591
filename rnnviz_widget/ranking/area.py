"""The area under the ROC curve of one column, exact and fast.

It is the share of (true, false) pairs in which the true one is higher, ties counted as halves. The
label goes into the lowest bit of an integer that orders as the float32 value does: what numpy sorts
fastest is integers, and all that is left after one sort is counting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Keys = NDArray[np.int32] | NDArray[np.int64]


def area_under_curve(column: NDArray[np.float32], label: NDArray[np.bool_]) -> float:
    """Return the area for values without NaN and a label that varies, both of shape (n,)."""
    keys = _keys(column, label)
    keys.sort()
    places = np.flatnonzero((keys & 1).astype(np.bool_))  # of the true ones, from the lowest on
    true = len(places)
    false = len(keys) - true
    won = int(places.sum()) - true * (true - 1) // 2  # pairs, ties among them
    return (won - _ties(keys) / 2) / (true * false)


def sortable(values: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return integers in the order of the numbers, shape (n,)."""
    bits = (values + np.float32(0)).view(np.int32)  # + 0 makes one of the two zeros
    return bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))


def _keys(column: NDArray[np.float32], label: NDArray[np.bool_]) -> Keys:
    """Return integers that order by value, then by label, shape (n,); odd ones are true."""
    largest = max(float(column.max()), -float(column.min()))
    exponent = int(np.frexp(largest)[1])
    if np.isfinite(largest) and exponent > 1:  # powers of two cost no digit, but of tiny values
        scaled = column * np.float32(2.0 ** (1 - exponent))
        if (scaled * np.float32(2.0 ** (exponent - 1)) == column).all():
            column, largest = scaled, 1.0
    keys: Keys = sortable(column)
    if not largest < 2:  # noqa: PLR2004 - below, the highest bit is free
        keys = keys.astype(np.int64)
    keys <<= 1
    keys |= label
    return keys


def _ties(keys: Keys) -> int:
    """Count the pairs of a false and a true one of the same value, given all keys in order."""
    last_false = np.flatnonzero((keys[1:] ^ keys[:-1]) == 1)  # of each value that is both
    first = np.searchsorted(keys, keys[last_false], "left")
    end = np.searchsorted(keys, keys[last_false + 1], "right")
    return int(((last_false + 1 - first) * (end - 1 - last_false)).sum())
