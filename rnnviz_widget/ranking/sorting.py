"""Sorting as fast as this processor can.

numpy's sort is the fastest where its instructions are: 2.4 ms for 500,000 int32 with numpy 2.4 and
AVX2. With AVX-512 it writes by compress-stores, and on processors that have those in microcode only
it takes 14 ms (https://github.com/numpy/x86-simd-sort/issues/6). Counting takes 4 ms on the same
ones. numpy has no such sort that hands back the keys, but scipy 1.17 turns a sparse matrix from
rows to columns by it. So both are timed, once.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Keys = NDArray[np.int32] | NDArray[np.int64]
    Way = Callable[[Keys], Keys]

MANY = 1 << 17  # keys from which on it pays to import scipy and to time (0.3 s)
_BITS = 16  # of a digit; three digits of 11 take longer
_DIGITS = 1 << _BITS
_REPEATS = 3
_choosing = threading.Lock()


def in_order(keys: Keys) -> Keys:
    """Return keys in ascending order, shape (n,); those that are given may be overwritten."""
    if len(keys) < MANY or keys.dtype != np.int32:
        return by_comparing(keys)
    with _choosing:  # threads that come second wait, and do not disturb the timing
        way = _fastest_here()
    return way(keys)


def by_comparing(keys: Keys) -> Keys:
    """Sort with numpy, in place."""
    keys.sort()
    return keys


def by_counting(keys: Keys) -> Keys:
    """Sort int32 with scipy, by the lower half of the bits and then, stably, by the upper half."""
    digit = np.bitwise_and(keys, _DIGITS - 1)
    keys = _by_digit(keys, digit)
    np.right_shift(keys, _BITS, out=digit)
    digit += np.int32(_DIGITS // 2)  # from 0 on, though keys have a sign
    return _by_digit(keys, digit)


def _by_digit(keys: Keys, digit: Keys) -> Keys:
    """Return keys in the order of one digit of each, those of the same digit as they came.

    They are a matrix of one row with many keys in a column, and become one of columns.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415 - optional, and takes 0.3 s to import

    whole = np.array([0, len(keys)], np.int32)
    row = csr_array((keys, digit, whole), shape=(1, _DIGITS))
    ordered: Keys = row.tocsc().data
    return ordered


@cache
def _fastest_here() -> Way:
    """Return the way that takes less time on this processor."""
    try:
        import scipy.sparse  # noqa: F401, PLC0415 - as above
    except ImportError:
        return by_comparing
    return fastest((by_comparing, by_counting))


def fastest(ways: Sequence[Way]) -> Way:
    """Return the way that sorts a sample in the least time, each at its best of three."""
    sample = np.random.default_rng(0).integers(-(1 << 31), 1 << 31, MANY, np.int32)
    return min(ways, key=lambda way: min(seconds(way, sample.copy()) for _ in range(_REPEATS)))


def seconds(way: Way, keys: Keys) -> float:
    """Return how long it takes to sort the keys in one way."""
    start = time.perf_counter()
    way(keys)
    return time.perf_counter() - start
