"""What the frontend draws from is what the trace holds, to eight bits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnviz_widget.trace import Predictions, Trace
from rnnviz_widget.trace.excerpt import Excerpt, choose
from rnnviz_widget.widget import wire

floats = st.floats(width=32, allow_nan=True, allow_infinity=True)
columns = hnp.arrays(np.float32, st.integers(1, 60), elements=floats)


@given(columns)
def test_a_value_comes_back_within_half_a_step_or_is_missing(values: np.ndarray) -> None:
    unit = wire.quantise(values, None)
    finite = np.isfinite(values)
    assert (unit.values[~finite] == wire.MISSING).all()
    assert (unit.values[finite] != wire.MISSING).all()
    restored = unit.values[finite].astype(np.float64) * unit.scale / wire.LEVELS
    clipped = np.clip(values[finite].astype(np.float64), -unit.scale, unit.scale)
    assert np.abs(restored - clipped).max(initial=0) <= unit.scale / wire.LEVELS * (0.5 + 1e-6)


@given(columns)
def test_zero_is_exactly_zero_and_signs_are_kept(values: np.ndarray) -> None:
    unit = wire.quantise(values, None)
    assert (unit.values[values == 0] == 0).all()
    finite = np.isfinite(values)
    assert (np.sign(unit.values[finite]) * np.sign(values[finite]) >= 0).all()


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 1.0)])
def test_a_proven_bound_is_the_colour_scale(bounds: tuple[float, float]) -> None:
    unit = wire.quantise(np.array([0.1, 0.25], np.float32), bounds)
    assert unit.limit == 1.0
    assert unit.scale == pytest.approx(0.25)


def test_one_outlier_does_not_bleach_a_unit_without_a_bound() -> None:
    values = np.sin(np.arange(1000, dtype=np.float32))
    values[500] = 1e6
    unit = wire.quantise(values, None)
    assert 0.9 < unit.limit < 1.1
    assert unit.peak == 1e6
    restored = unit.values * unit.scale / wire.LEVELS
    assert np.abs(np.delete(restored - values, 500)).max() < 0.02
    assert unit.values[500] == wire.LEVELS


def test_a_unit_that_speaks_once_is_drawn_on_the_scale_of_its_peak() -> None:
    values = np.zeros(1000, np.float32)
    values[3] = -0.5
    unit = wire.quantise(values, None)
    assert unit.limit == 0.5
    assert unit.values[3] == -wire.LEVELS


def test_a_silent_and_an_unknown_unit_have_a_scale() -> None:
    for values in (np.zeros(5, np.float32), np.full(5, np.nan, np.float32)):
        unit = wire.quantise(values, None)
        assert unit.scale > 0
        assert unit.limit > 0
        assert unit.peak == 0


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=20))
def test_tokens_are_found_again_by_their_offsets(tokens: list[str]) -> None:
    text, offsets = wire.encode_tokens(tokens)
    ends = np.frombuffer(offsets, "<u4") if offsets else np.arange(len(tokens) + 1)
    cut = [text[2 * a : 2 * b] for a, b in pairwise(ends)]
    assert [piece.decode("utf-16-le", "surrogatepass") for piece in cut] == tokens


def test_offsets_are_left_out_where_they_say_nothing() -> None:
    assert wire.encode_tokens("plain")[1] is None
    assert wire.encode_tokens(["a", "\U0001f600"])[1] is not None
    assert wire.encode_tokens(["\ud800"])[0] == b"\x00\xd8"


def test_values_are_unit_major_state_after_state() -> None:
    rng = np.random.default_rng(0)
    h = rng.uniform(-1, 1, (7, 3)).astype(np.float32)
    gate = rng.uniform(0, 1, (7, 2)).astype(np.float32)
    trace = Trace.from_arrays("letters", {"h": h, "z": gate}, bounds={"z": (0, 1)})
    excerpt = Excerpt.whole(trace, ["z", "h"])
    content = wire.encode_text(trace, excerpt) | wire.encode_values(trace, excerpt)
    values = np.frombuffer(content["values"], np.int8).reshape(5, 7)
    scales = np.frombuffer(content["scales"], "<f4")
    restored = (values * scales[:, None] / wire.LEVELS).T
    np.testing.assert_allclose(restored, np.concatenate([gate, h], axis=1), atol=1 / 250)
    assert content["states"] == [
        {"name": "z", "units": 2, "ids": None, "of": 2, "kind": "gate", "bound": 1.0},
        {"name": "h", "units": 3, "ids": None, "of": 3, "kind": "signed", "bound": None},
    ]


def test_a_part_keeps_numbers_and_colours_of_the_whole() -> None:
    text = "ab\ncd\nef"
    rng = np.random.default_rng(1)
    values = rng.standard_normal((len(text), 6)).astype(np.float32)
    values[0, 4] = 1000
    predictions = Predictions(
        np.arange(16, dtype=np.uint32).reshape(8, 2),
        np.full((8, 2), 0.5),
        tuple("abcdefghijklmnop"),
    )
    trace = Trace.from_arrays(
        text,
        {"h": values, "c": values},
        predictions=predictions,
        loss=[*np.arange(7.0), np.nan],
    )
    excerpt = choose(trace, trace.states, states="h", units=[4, 1, np.int64(4)], start=4, stop=7)
    assert (excerpt.units, excerpt.size(trace)) == ({"h": (1, 4)}, 6)
    content = wire.encode_text(trace, excerpt)
    (checkpoint,) = wire.encode_checkpoints({"": trace}, excerpt)
    assert content["text"].decode("utf-16-le") == "d\ne"
    assert content["origin"] == {"token": 4, "line": 2, "column": 2}
    (state,) = content["states"]
    assert (state["units"], state["ids"], state["of"]) == (2, [1, 4], 6)
    assert np.frombuffer(checkpoint["loss"], "<f4").tolist() == [4, 5, 6]
    assert np.frombuffer(checkpoint["top_ids"], "<u4").tolist() == [8, 9, 10, 11, 12, 13]
    whole = wire.quantise(values[:, 4], None)
    unit = list(wire.quantised_units(trace, excerpt))[1]
    assert unit.values.tolist() == whole.values[4:7].tolist()
    assert (unit.scale, unit.limit) == (whole.scale, whole.limit)
    # The outlier is not in this excerpt: the legend must not speak of it.
    assert unit.peak == pytest.approx(np.abs(values[4:7, 4]).max(), abs=whole.scale / 250)
    label = wire.encode_label("odd", np.arange(8) % 2 == 1, trace, excerpt)
    assert label["values"] == b"\x00\x01\x00"
    (pinned,) = wire.pin(trace, excerpt, [("h", 4)])
    np.testing.assert_allclose(np.frombuffer(pinned["values"], "<f2"), values[4:7, 4], rtol=1e-3)


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({"states": "*.x"}, ValueError, r"'\*.x' matches none of h, c"),
        ({"units": []}, ValueError, "units must name at least one unit of state 'h', got none"),
        ({"units": [6]}, ValueError, r"units must be in \[0, 6\) for state 'h', got 6"),
        ({"units": {"x": [1]}}, ValueError, "units must be of states among h, c, got 'x'"),
        ({"units": "12"}, TypeError, "units must be unit numbers.*got '12'"),
        ({"units": 3}, TypeError, "units must be unit numbers.*got 3"),
        ({"units": [1.5]}, TypeError, r"units must be an integer, got 1\.5"),
        ({"start": 5, "stop": 5}, ValueError, r"0 <= start < stop <= 8.*start=5, stop=5"),
        ({"stop": 9}, ValueError, "stop=9"),
        ({"start": -1}, ValueError, "start=-1"),
        ({"start": "a"}, TypeError, "start must be an integer, got 'a'"),
    ],
)
def test_a_part_that_is_not_there_is_refused(
    chosen: dict[str, Any], error: type[Exception], message: str
) -> None:
    trace = Trace.from_arrays("abcdefgh", {"h": np.zeros((8, 6)), "c": np.zeros((8, 6))})
    with pytest.raises(error, match=message):
        choose(trace, trace.states, **chosen)


def test_units_by_state_choose_the_states_too() -> None:
    trace = Trace.from_arrays("ab", {n: np.zeros((2, 3)) for n in ("h", "c", "z")})
    excerpt = choose(trace, trace.states, units={"z": [2], "h": range(2)})
    assert excerpt.units == {"z": (2,), "h": (0, 1)}
    excerpt = choose(trace, trace.states, states=["h", "c"], units={"h": [1]})
    assert excerpt.units == {"h": (1,), "c": None}
    assert choose(trace, trace.states, units=iter([1])).units == dict.fromkeys("hcz", (1,))


def test_predictions_and_loss_travel_with_the_vocabulary() -> None:
    predictions = Predictions(
        ids=np.array([[1, 0], [0, 1]], np.uint32),
        probabilities=np.array([[0.75, 0.25], [0.5, 0.5]], np.float32),
        vocabulary=("a", "\ud800"),
    )
    trace = Trace.from_arrays(
        "ab",
        {"h": np.zeros((2, 1))},
        predictions=predictions,
        loss=np.array([0.5, np.nan], np.float32),
    )
    (content,) = wire.encode_checkpoints({"": trace}, Excerpt.whole(trace, ["h"]))
    assert content["vocabulary"] == ["a", "\ufffd"]
    assert content["top_k"] == 2
    assert np.frombuffer(content["top_ids"], "<u4").tolist() == [1, 0, 0, 1]
    assert np.frombuffer(content["top_probs"], "<f2").tolist() == [0.75, 0.25, 0.5, 0.5]
    np.testing.assert_array_equal(np.frombuffer(content["loss"], "<f4"), [0.5, np.nan])


def test_labels_are_bools_or_numbers_one_per_token() -> None:
    trace = Trace.from_arrays("abc", {"h": np.zeros((3, 1))})
    excerpt = Excerpt.whole(trace, ["h"])
    bools = wire.encode_label("inside", np.array([True, False, True]), trace, excerpt)
    assert (bools["kind"], bools["values"]) == ("bool", b"\x01\x00\x01")
    depth = wire.encode_label("depth", np.array([0, 1, 2]), trace, excerpt)
    assert depth["kind"] == "number"
    assert np.frombuffer(depth["values"], "<f4").tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"labels\['inside'\] must have shape \(3,\).*got \(2,\)"):
        wire.encode_label("inside", np.array([True, False]), trace, excerpt)
    with pytest.raises(ValueError, match="booleans or real numbers, got shape"):
        wire.encode_label("inside", np.array(["a", "b", "c"]), trace, excerpt)
