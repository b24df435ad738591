"""The area under the ROC curve of one column, exact and fast.

It is the share of (true, false) pairs in which the true one is higher, ties counted as halves. The
label goes into the lowest bit of an integer that orders as the float32 value does: what is sorted
fastest is integers, and all that is left after one sort is counting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.stats.memory import lent
from rnnviz_widget.stats.sorting import sort

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.stats.sorting import Keys


_ROW = 1024  # marks in a row of a table of them
_NEAR = 8  # neighbours that are looked at before a run's end is searched for
_INT32_SIGN = 31


def area_under_curve(column: NDArray[np.float32], label: NDArray[np.bool_]) -> float:
    """Return the area for values without NaN and a label that varies, both of shape (n,)."""
    keys = _keys(column, label)
    sort(keys)
    odd = np.bitwise_and(keys, 1, out=lent("aside", len(keys), keys.dtype))
    true, places = _count_and_sum(odd)  # places: of the true ones, from the lowest on
    false = len(keys) - true
    won = places - true * (true - 1) // 2  # pairs, ties among them
    return (won - _ties(keys) / 2) / (true * false)


def sortable(values: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return integers in the order of the numbers, shape (n,), in memory that is `lent`.

    The next call in the same thread may overwrite them.
    """
    bits: NDArray[np.int32] = lent("bits", len(values), np.int32)
    np.add(values, np.float32(0), out=bits.view(np.float32))  # + 0 makes one of the two zeros
    flip = np.right_shift(bits, _INT32_SIGN, out=lent("aside", len(values), np.int32))
    flip &= np.int32(0x7FFFFFFF)
    bits ^= flip
    return bits


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


def _count_and_sum(marks: Keys) -> tuple[int, int]:
    """Return how many of the marks, 0 or 1, are 1, and the sum of their places.

    From sums over the rows and columns of a table, without the places themselves.
    """
    whole = len(marks) // _ROW * _ROW
    table, rest = marks[:whole].reshape(-1, _ROW), marks[whole:]
    of_rows = table.sum(axis=1, dtype=np.int32).astype(np.int64)
    of_columns = table.sum(axis=0, dtype=np.int32).astype(np.int64)
    count = of_rows.sum() + rest.sum()
    places = _ROW * (of_rows @ np.arange(len(of_rows), dtype=np.int64))
    places += of_columns @ np.arange(_ROW, dtype=np.int64)
    return int(count), int(places + rest @ np.arange(whole, len(marks), dtype=np.int64))


def _ties(keys: Keys) -> int:
    """Count the pairs of a false and a true one of the same value, given all keys in order.

    In order, those that differ by 1 are the last false and the first true one of a value.
    """
    n = len(keys) - 1
    apart = np.bitwise_xor(keys[1:], keys[:-1], out=lent("aside", n, keys.dtype))
    last_false = np.flatnonzero(np.equal(apart, 1, out=lent("marks", n, np.bool_)))
    return int((_run(keys, last_false, -1) * _run(keys, last_false + 1, 1)).sum())


def _run(keys: Keys, starts: NDArray[np.intp], step: int) -> NDArray[np.intp]:
    """Return how many keys are equal from each start on, to the left (step -1) or right (1).

    Most runs are short, and a look at the neighbours is quicker than a search.
    """
    lengths = np.ones(len(starts), np.intp)
    going = np.arange(len(starts))
    for far in range(1, _NEAR):
        places = starts[going] + step * far
        same = keys.take(places, mode="clip") == keys[starts[going]]
        same &= (places >= 0) & (places < len(keys))
        going = going[same]
        if len(going) == 0:
            return lengths
        lengths[going] += 1
    here = starts[going]
    end = np.searchsorted(keys, keys[here], "left" if step < 0 else "right")
    lengths[going] = here - end + 1 if step < 0 else end - here
    return lengths
