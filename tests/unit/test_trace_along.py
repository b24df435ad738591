"""A direction of a state as a state of its own."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget.trace import Trace, along

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(400, 5))
WEIGHTS = [0.5, 0, -2, 1, 0.25]
TRACE = Trace.from_arrays("ab" * 200, {"rnn.l0.h": VALUES, "rnn.l1.h": -VALUES})


def test_a_direction_is_the_weighted_sum_of_the_units_at_each_token() -> None:
    more = along(TRACE, "rnn.l0.h", WEIGHTS)
    by_hand = [sum(w * v for w, v in zip(WEIGHTS, row, strict=True)) for row in VALUES]
    assert more.states == ("rnn.l0.h", "rnn.l1.h", "rnn.l0.h.along")
    assert np.allclose(more.unit("rnn.l0.h.along", 0), by_hand, atol=1e-5)
    assert TRACE.states == ("rnn.l0.h", "rnn.l1.h"), "the trace itself does not change"
    assert more["rnn.l0.h"] is TRACE["rnn.l0.h"]
    assert more.tokens == TRACE.tokens
    again = along(TRACE, "rnn.l0.h", SimpleNamespace(weights=np.array(WEIGHTS)), name="depth")
    assert np.array_equal(again["depth"], more["rnn.l0.h.along"])


def test_a_trace_on_disk_with_a_direction_can_be_saved_and_ranked(tmp_path: Path) -> None:
    TRACE.save(tmp_path / "a.zarr")
    more = along(Trace.load(tmp_path / "a.zarr"), "rnn.l0.h", WEIGHTS, name="spread")
    more.save(tmp_path / "b.zarr")
    loaded = Trace.load(tmp_path / "b.zarr")
    label = loaded.unit("spread", 0) > 0
    ranking = rnnviz.rank_units(loaded, label, shifts=0, probe=False, skip=0)
    assert (ranking[0].state, ranking[0].unit) == ("spread", 0)
    assert ranking[0].held_out == 1


@pytest.mark.parametrize(
    ("state", "weights", "name", "error", "message"),
    [
        ("rnn.l2.h", WEIGHTS, None, KeyError, "no state is named 'rnn.l2.h'"),
        ("rnn.l0.h", WEIGHTS[:4], None, ValueError, "each of the 5 units of rnn.l0.h"),
        ("rnn.l0.h", [0] * 5, None, ValueError, "not all 0"),
        ("rnn.l0.h", [np.nan] * 5, None, ValueError, "finite"),
        ("rnn.l0.h", "depth", None, TypeError, "weights"),
        ("rnn.l0.h", WEIGHTS, "rnn.l1.h", ValueError, "name must not be that of a state"),
    ],
)
def test_what_is_no_direction_of_the_state_is_refused(
    state: str, weights: object, name: str | None, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        along(TRACE, state, weights, name=name)
