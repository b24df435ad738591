"""Both ways of sorting give the same keys; the faster one is taken, with scipy or without."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from rnnviz_widget.ranking import sorting
from rnnviz_widget.ranking.area import area_under_curve
from rnnviz_widget.ranking.sorting import MANY, by_comparing, by_counting, fastest, in_order

if TYPE_CHECKING:
    from rnnviz_widget.ranking.sorting import Way

LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1
WAYS = {"by comparing": by_comparing, "by counting": by_counting}
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


@pytest.fixture(autouse=True)
def _new_process() -> Iterator[None]:
    sorting._fastest_here.cache_clear()
    yield
    sorting._fastest_here.cache_clear()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", KEYS)
def test_keys_come_in_order(shape: str, way: str) -> None:
    keys = KEYS[shape](np.random.default_rng(0)).astype(np.int32)
    expected = sorted(keys.tolist())
    found = WAYS[way](keys)
    assert found.dtype == np.int32
    assert found.tolist() == expected


@given(hnp.arrays(np.int32, st.integers(0, 60)))
def test_counting_sorts_any_keys(keys: NDArray[np.int32]) -> None:
    assert by_counting(keys.copy()).tolist() == sorted(keys.tolist())


@pytest.mark.parametrize("quick", WAYS)
def test_the_faster_way_is_taken(quick: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(way: "Way", keys: NDArray[np.int32]) -> float:
        assert len(keys) == MANY
        return 0.001 if way is WAYS[quick] else 0.002

    monkeypatch.setattr(sorting, "seconds", seconds)
    assert sorting._fastest_here() is WAYS[quick]


def test_each_way_is_judged_by_its_best_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {by_comparing: iter([2, 2, 2]), by_counting: iter([9, 1, 9])}
    monkeypatch.setattr(sorting, "seconds", lambda way, _: next(times[way]))
    assert fastest((by_comparing, by_counting)) is by_counting


def test_the_ways_are_timed_once_and_for_many_keys_only(monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[Way] = []

    def seconds(way: "Way", _: NDArray[np.int32]) -> float:
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
        assert np.array_equal(in_order(keys), expected)
        assert len(timed) == times


def test_without_scipy_numpy_sorts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    monkeypatch.setattr(sorting, "seconds", pytest.fail)
    assert sorting._fastest_here() is by_comparing


@pytest.mark.parametrize("way", [*WAYS, "without scipy"])
def test_the_area_of_many_values_is_the_same_either_way(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    label = rng.random(MANY) < 0.3
    column = np.tanh(4 * (rng.standard_normal(MANY) + label)).astype(np.float32)
    if way in WAYS:
        monkeypatch.setattr(sorting, "_fastest_here", lambda: WAYS[way])
    else:
        monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    level = np.unique(column, return_inverse=True)[1]  # nearly equal values are not equal
    assert area_under_curve(column, label) == pytest.approx(roc_auc_score(label, level), abs=1e-12)
