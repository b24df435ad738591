"""Blocks, quantiles and intervals, against series and formulas of which the truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rnnviz_widget.stats import intervals
from tests.simulations.coverage import coverage, truth
from tests.simulations.false_claims import NOTHING, autoregressive, nothing, something


@pytest.mark.parametrize("time", [1, 10, 100])
def test_the_autocorrelation_time_of_an_ar_process_is_the_formulas_or_up_to_half_more(
    time: float,
) -> None:
    rng = np.random.default_rng(2)
    series = autoregressive(rng, 20, 60_000, time)
    found = np.mean([intervals.autocorrelation_time(values) for values in series])
    decay = np.exp(-1 / time)
    assert 1 <= found / ((1 + decay) / (1 - decay)) < 1.5, "it errs on the side of a longer time"


def test_what_is_slow_and_weak_does_not_hide_behind_what_is_quick_and_strong() -> None:
    rng = np.random.default_rng(3)
    slow, quick = autoregressive(rng, 1, 60_000, 300)[0], rng.standard_normal(60_000)
    found = intervals.autocorrelation_time(0.3 * slow + quick)
    assert found > 0.5 * (0.09 * 600 + 1) / 1.09


def test_a_series_without_memory_needs_no_blocks_and_a_constant_one_neither() -> None:
    assert intervals.block_length(np.random.default_rng(0).standard_normal(10_000)) < 60
    assert intervals.block_length(np.full(100, 0.1)) == 1


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.integers(1, 40), st.integers(1, 30))
def test_blocks_are_whole_stretches_long_enough_and_not_too_many(
    lengths: list[int], least: int, most: int
) -> None:
    stretches = np.repeat(np.arange(len(lengths)), lengths)
    block = intervals.joined(stretches, least, most)
    assert set(np.diff(block)) <= {0, 1}
    assert block[0] == 0
    assert block[-1] < most
    for stretch in range(len(lengths)):
        assert len(set(block[stretches == stretch])) == 1
    if least <= len(stretches):
        assert np.bincount(block).min() >= least


@pytest.mark.parametrize("blocks", [5, 12, 256])
def test_quantiles_are_those_of_the_expanded_percentile_interval(blocks: int) -> None:
    low, high = intervals.tails(blocks)
    expected = stats.norm.cdf(-np.sqrt(blocks / (blocks - 1)) * stats.t.ppf(0.975, blocks - 1))
    assert low == pytest.approx(expected, rel=0.02)
    assert low + high == pytest.approx(1)


@given(st.floats(-1, 1), st.floats(0, 0.3), st.integers(5, 200))
def test_an_interval_stays_within_the_scores_there_are_and_holds_its_own(
    score: float, spread: float, blocks: int
) -> None:
    drawn = score + spread * np.random.default_rng(0).standard_normal(400)
    low, high = intervals.interval(score, np.clip(drawn, -1, 1), blocks, 1e-4)
    assert -1 <= low <= score + 1e-3
    assert score - 1e-3 <= high <= 1


def test_intervals_hold_the_truth_or_are_not_known() -> None:
    for name in ("spans", "line position"):
        expected = truth(name, 0.5)
        known, covered = coverage(
            name, time=50, noise=0.5, expected=expected, trials=12, tokens=8000
        )
        assert known >= 9
        assert covered >= 0.75 * known
    known, _ = coverage("spans", time=3000, noise=0.5, expected=0.9, trials=10, tokens=10_000)
    assert known <= 5


@pytest.mark.parametrize("row", [3, 7, 9, 12])
def test_drifts_that_have_nothing_to_do_with_each_other_are_not_claimed(row: int) -> None:
    assert nothing(*NOTHING[row], trials=3, tokens=6000) == 0


def test_what_follows_a_slow_label_is_claimed() -> None:
    assert something(30, 0.9, trials=3, tokens=10_000) == 3
