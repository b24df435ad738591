"""Sorting as fast as this processor can.

numpy's sort is the fastest where its instructions are, with AVX2. With AVX-512 it writes by
compress-stores, and on processors that have those in microcode only it takes six times as long
(https://github.com/numpy/x86-simd-sort/issues/6), longer than counting. Where the keys come from is
found by counting in half the time or less with either. numpy counts for 16 bits at most, but scipy
does as it brings the elements of a sparse matrix into rows. So both ways are timed, once; for their
times on a processor see ``python -m tests.benchmarks.sorting``.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rnnviz_widget.stats.memory import lent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Keys = NDArray[np.int32] | NDArray[np.int64]
    Groups = NDArray[np.intp] | None
    Ordered = tuple[NDArray[np.intp], NDArray[np.int32]]
    Sort = Callable[[NDArray[np.int32]], None]
    Order = Callable[[NDArray[np.int32], Groups], Ordered]

Way = TypeVar("Way", bound="Callable[..., Any]")

MANY = 1 << 15  # keys from which on it may pay to import scipy and to time both (0.4 s)
_BITS = 16  # of a digit; three digits of 11 take longer
_DIGITS = 1 << _BITS
_REPEATS = 3
_choosing = threading.Lock()


def sort(keys: Keys) -> None:
    """Bring keys, contiguous and of shape (n,), into ascending order."""
    if len(keys) < MANY or keys.dtype != np.int32:
        keys.sort()
        return
    with _choosing:  # threads that come second wait, and do not disturb the timing
        way = _fastest_sort()
    way(keys)  # type: ignore[arg-type]


def order_of(keys: NDArray[np.int32], groups: Groups = None) -> Ordered:
    """Return where the keys come from in ascending order, and them in that order, both (n,).

    Where ``groups`` are given, numbers from 0 of shape (n,), the keys of the first group come
    first. What is returned lasts until this thread orders or sorts again.
    """
    if len(keys) < MANY or (groups is not None and groups.max() >= _DIGITS):
        return order_by_comparing(keys, groups)
    with _choosing:
        way = _fastest_order()
    return way(keys, groups)


def by_comparing(keys: NDArray[np.int32]) -> None:
    """Sort with numpy."""
    keys.sort()


def order_by_comparing(keys: NDArray[np.int32], groups: Groups = None) -> Ordered:
    """Find the order with numpy."""
    if groups is None:
        order = np.argsort(keys)
    else:
        order = np.argsort((groups.astype(np.int64) << 32) + keys)
    return order, keys[order]


def by_counting(keys: NDArray[np.int32]) -> None:
    """Sort with scipy, by the lower half of the bits and then, stably, by the upper half."""
    once, nothing = lent("keys", len(keys), np.int32), lent("nothing", len(keys), np.int8)
    _by_digit(_lower(keys), (keys, nothing), (once, nothing))
    _by_digit(_upper(once), (once, nothing), (keys, nothing))


def order_by_counting(keys: NDArray[np.int32], groups: Groups = None) -> Ordered:
    """Find the order with scipy, by the two halves of the bits and then, stably, by the groups."""
    n = len(keys)
    this, that = (
        (lent(f"keys{which}", n, np.int32), lent(f"places{which}", n, np.intp))
        for which in ("", " too")
    )
    that[1][:] = np.arange(n)
    _by_digit(_lower(keys), (keys, that[1]), this)
    _by_digit(_upper(this[0]), this, that)
    if groups is None:
        return that[1], that[0]
    digit = _digit(n)
    digit[:] = groups[that[1]]
    _by_digit(digit, that, this)
    return this[1], this[0]


def _lower(keys: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.bitwise_and(keys, np.int32(_DIGITS - 1), out=_digit(len(keys)))


def _upper(keys: NDArray[np.int32]) -> NDArray[np.int32]:
    digit = np.right_shift(keys, _BITS, out=_digit(len(keys)))
    digit += np.int32(_DIGITS // 2)  # from 0 on, though keys have a sign
    return digit


def _digit(n: int) -> NDArray[np.int32]:
    return lent("aside", n, np.int32)


def _by_digit(
    digit: NDArray[np.int32],
    these: tuple[NDArray[np.int32], NDArray[Any]],
    ordered: tuple[NDArray[np.int32], NDArray[Any]],
) -> None:
    """Write keys and what goes beside them in the order of digits, equal ones as they came.

    To scipy they are the columns and the values of a sparse matrix with a row for each digit. Its
    public class would add up what falls on one place, and ask for new memory each time.
    """
    from scipy.sparse._sparsetools import coo_tocsr  # noqa: PLC0415 - optional, and takes 0.3 s

    starts = lent("starts", _DIGITS + 1, np.int32)
    coo_tocsr(_DIGITS, _DIGITS, len(digit), digit, *these, starts, *ordered)


@cache
def _fastest_sort() -> Sort:
    """Return the way to sort that takes less time on this processor."""
    return fastest((by_comparing, by_counting)) if _counts() else by_comparing


@cache
def _fastest_order() -> Order:
    """Return the way to find the order that takes less time on this processor."""
    return fastest((order_by_comparing, order_by_counting)) if _counts() else order_by_comparing


def _counts() -> bool:
    """Return whether there is a scipy that counts; the function is not one of its public ones."""
    keys = np.array([1, -1, 0, 1], np.int32)
    try:
        places, ordered = order_by_counting(keys)
        found = places.tolist(), ordered.tolist()
        by_counting(keys)
    except Exception:  # noqa: BLE001 - whatever another scipy does, numpy sorts
        return False
    return found == ([1, 2, 0, 3], [-1, 0, 1, 1]) and keys.tolist() == [-1, 0, 1, 1]


def fastest(ways: Sequence[Way]) -> Way:
    """Return the way that takes least time for a sample, each at its best of three."""
    sample = np.random.default_rng(0).integers(-(1 << 31), 1 << 31, MANY, np.int32)
    return min(ways, key=lambda way: min(seconds(way, sample.copy()) for _ in range(_REPEATS)))


def seconds(way: Callable[..., Any], keys: NDArray[np.int32]) -> float:
    """Return how long one way takes for the keys."""
    start = time.perf_counter()
    way(keys)
    return time.perf_counter() - start
