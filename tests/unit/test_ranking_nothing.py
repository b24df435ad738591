"""Labels that nothing follows: random spans of the same lengths are claimed by nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from rnnviz_widget import labels, load_model, record
from rnnviz_widget.ranking import rank_units
from rnnviz_widget.ranking.chance import shuffled_spans
from rnnviz_widget.trace import Trace
from tests.unit.stories import echo_states, story

STORY = story(12_000)
QUOTES = np.asarray(labels.inside_quotes(STORY))
SEEDS = 20


@given(hnp.arrays(np.bool_, st.integers(1, 60)), st.integers(0, 100))
def test_shuffled_spans_keep_their_lengths_and_their_gaps(
    label: NDArray[np.bool_], seed: int
) -> None:
    def lengths(y: NDArray[np.bool_], value: bool) -> list[int]:
        runs = np.split(y, np.flatnonzero(np.diff(y)) + 1)
        return sorted(len(run) for run in runs if run[0] == value)

    shuffled = shuffled_spans(label, np.random.default_rng(seed))
    assert shuffled.dtype == np.bool_
    for value in (True, False):
        assert lengths(shuffled, value) == lengths(label, value)


def test_shuffled_spans_are_elsewhere() -> None:
    shuffled = shuffled_spans(QUOTES, np.random.default_rng(0))
    assert abs(np.corrcoef(shuffled, QUOTES)[0, 1]) < 0.2


def is_claimed_by_nothing(trace: Trace, seed: int, within: str | None = None) -> None:
    label = shuffled_spans(QUOTES, np.random.default_rng(seed))
    ranking = rank_units(trace, label, within=within, probe=not within, details=1)
    assert not ranking.illustration
    assert not ranking.claimed, f"seed {seed}: {ranking.verdict}"
    assert "spread over units" not in ranking.verdict, f"seed {seed}: {ranking.verdict}"


@pytest.mark.parametrize("within", [None, "token"])
def test_no_unit_of_a_made_up_network_claims_random_spans(within: str | None) -> None:
    echo = echo_states(STORY, 24)
    slow = echo.copy()
    for t in range(1, len(slow)):
        slow[t] += np.float32(0.99) * (slow[t - 1] - slow[t])  # drifts along with random spans
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": echo, "slow": slow})
    for seed in range(SEEDS):
        is_claimed_by_nothing(trace, seed, within)


def test_no_unit_of_a_trained_network_claims_random_spans() -> None:
    trace = record(load_model("prose"), STORY, states="*.h")
    assert rank_units(trace, labels.inside_quotes, probe=False).claimed, "the real ones are"
    for seed in range(SEEDS):
        is_claimed_by_nothing(trace, seed)
