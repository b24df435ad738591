"""Both ways of sorting give the same order; the faster one is taken, with scipy or without."""

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.sparse._sparsetools import coo_tocsr
from sklearn.metrics import roc_auc_score

from rnnviz_widget.stats import sorting
from rnnviz_widget.stats.auc import area_under_curve
from rnnviz_widget.stats.sorting import (
    MANY,
    by_comparing,
    by_counting,
    fastest,
    order_by_comparing,
    order_by_counting,
    order_of,
    sort,
)
from rnnviz_widget.stats.threads import in_threads

LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1
WAYS = {"by comparing": by_comparing, "by counting": by_counting}
ORDERS = {"by comparing": order_by_comparing, "by counting": order_by_counting}
KEYS = {
    "random": lambda rng: rng.integers(LOWEST, HIGHEST, 200_000, endpoint=True),
    "many ties": lambda rng: rng.integers(-3, 4, 200_000) * 70_001,
    "one half of the bits": lambda rng: rng.integers(0, 1 << 16, 200_000),
    "the other half": lambda rng: rng.integers(-(1 << 15), 1 << 15, 200_000) << 16,
    "all equal": lambda _: np.full(1000, -7),
    "negative": lambda rng: rng.integers(LOWEST, 0, 5000),
    "extremes": lambda rng: rng.choice([LOWEST, LOWEST + 1, -1, 0, 1, HIGHEST - 1, HIGHEST], 999),
    "descending": lambda _: np.arange(100_000, -100_000, -1),
    "none": lambda _: np.array([]),
    "one": lambda _: np.array([LOWEST]),
    "two": lambda _: np.array([3, -3]),
}


GROUPS = {"one": 1, "some": 60, "as many as a digit has": 1 << 16, "more": 1 << 20}


@pytest.fixture(autouse=True)
def _new_process() -> Iterator[None]:
    def forget() -> None:
        sorting._fastest_sort.cache_clear()
        sorting._fastest_order.cache_clear()

    forget()
    yield
    forget()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", KEYS)
def test_keys_come_in_order(shape: str, way: str) -> None:
    keys = KEYS[shape](np.random.default_rng(0)).astype(np.int32)
    expected = sorted(keys.tolist())
    WAYS[way](keys)
    assert keys.tolist() == expected


@given(hnp.arrays(np.int32, st.integers(0, 60)))
def test_counting_sorts_any_keys(keys: NDArray[np.int32]) -> None:
    expected = sorted(keys.tolist())
    by_counting(keys)
    assert keys.tolist() == expected


@pytest.mark.parametrize("groups", ["none", "one", "some", "as many as a digit has"])
@pytest.mark.parametrize("way", ORDERS)
@pytest.mark.parametrize("shape", KEYS)
def test_each_key_says_where_it_comes_from(shape: str, way: str, groups: str) -> None:
    rng = np.random.default_rng(0)
    keys = KEYS[shape](rng).astype(np.int32)
    of = None if groups == "none" else rng.integers(0, GROUPS[groups], len(keys))
    before = keys.copy()
    places, ordered = ORDERS[way](keys, of)
    assert np.array_equal(keys, before)
    assert sorted(places.tolist()) == list(range(len(keys)))
    assert np.array_equal(ordered, keys[places])
    pairs = list(zip(places * 0 if of is None else of[places], ordered, strict=True))
    assert pairs == sorted(pairs)


@pytest.mark.parametrize("groups", ["none", *GROUPS])
def test_the_order_of_many_keys_is_the_same_either_way(
    groups: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    keys = rng.integers(-500, 500, MANY, np.int32) * 4_000_037
    of = None if groups == "none" else rng.integers(0, GROUPS[groups], MANY)
    expected = order_by_comparing(keys, of)[1]
    monkeypatch.setattr(sorting, "_fastest_order", lambda: order_by_counting)
    places, ordered = order_of(keys, of)
    assert np.array_equal(ordered, expected)
    assert np.array_equal(keys[places], expected)


def test_threads_sort_in_memory_of_their_own() -> None:
    rng = np.random.default_rng(4)
    columns = [rng.integers(LOWEST, HIGHEST, 50_000, np.int32) for _ in range(24)]

    def agrees(keys: NDArray[np.int32]) -> bool:
        expected = np.sort(keys)
        places, ordered = order_by_counting(keys)
        agree = np.array_equal(ordered, expected) and np.array_equal(keys[places], expected)
        by_counting(keys)
        return agree and np.array_equal(keys, expected)

    assert all(in_threads(agrees, columns))


@pytest.mark.parametrize("quick", ["by comparing", "by counting"])
def test_the_faster_way_is_taken(quick: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(way: Callable[..., object], keys: NDArray[np.int32]) -> float:
        assert len(keys) == MANY
        return 0.001 if way in (WAYS[quick], ORDERS[quick]) else 0.002

    monkeypatch.setattr(sorting, "seconds", seconds)
    assert sorting._fastest_sort() is WAYS[quick]
    assert sorting._fastest_order() is ORDERS[quick]


def test_each_way_is_judged_by_its_best_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {by_comparing: iter([2, 2, 2]), by_counting: iter([9, 1, 9])}
    monkeypatch.setattr(sorting, "seconds", lambda way, _: next(times[way]))
    assert fastest((by_comparing, by_counting)) is by_counting


def test_the_ways_are_timed_once_and_for_many_keys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[Callable[..., object]] = []

    def seconds(way: Callable[..., object], _: NDArray[np.int32]) -> float:
        timed.append(way)
        return len(timed)

    monkeypatch.setattr(sorting, "seconds", seconds)
    rng = np.random.default_rng(1)
    for keys, times in [
        (rng.integers(-9, 9, MANY - 1, np.int32), 0),
        (rng.integers(-9, 9, MANY, np.int64), 0),
        (rng.integers(-9, 9, MANY, np.int32), 6),
        (rng.integers(-9, 9, MANY, np.int32), 6),
    ]:
        expected = np.sort(keys)
        sort(keys)
        assert np.array_equal(keys, expected)
        assert len(timed) == times
    few, many = (rng.integers(-9, 9, n, np.int32) for n in (MANY - 1, MANY))
    for keys, times in [(few, 6), (many, 12), (many, 12)]:
        assert np.array_equal(order_of(keys)[1], np.sort(keys))
        assert len(timed) == times


def other_arguments(*_: object) -> None:
    raise TypeError("coo_tocsr() takes other arguments now")


def other_memory(*given: object) -> None:
    if any(np.shares_memory(a, b) for a in given[3:6] for b in given[6:]):  # type: ignore[arg-type]
        raise ValueError("arrays must not overlap")
    coo_tocsr(*given)


def other_result(*given: object) -> None:
    given[-1][:] = given[-2][:] = 0  # type: ignore[index]


@pytest.mark.parametrize("change", [None, other_arguments, other_memory, other_result])
def test_without_scipy_or_with_another_numpy_sorts(
    change: Callable[..., None] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if change is None:
        monkeypatch.setitem(sys.modules, "scipy.sparse._sparsetools", None)
    else:
        monkeypatch.setattr("scipy.sparse._sparsetools.coo_tocsr", change)
    monkeypatch.setattr(sorting, "seconds", pytest.fail)
    assert sorting._fastest_sort() is by_comparing
    assert sorting._fastest_order() is order_by_comparing


def test_this_scipy_counts() -> None:
    assert sorting._counts()


@pytest.mark.parametrize("way", [*WAYS, "without scipy"])
def test_the_area_of_many_values_is_the_same_either_way(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    label = rng.random(MANY) < 0.3
    column = np.tanh(4 * (rng.standard_normal(MANY) + label)).astype(np.float32)
    if way in WAYS:
        monkeypatch.setattr(sorting, "_fastest_sort", lambda: WAYS[way])
    else:
        monkeypatch.setitem(sys.modules, "scipy.sparse._sparsetools", None)
    level = np.unique(column, return_inverse=True)[1]  # nearly equal values are not equal
    assert area_under_curve(column, label) == pytest.approx(roc_auc_score(label, level), abs=1e-12)
