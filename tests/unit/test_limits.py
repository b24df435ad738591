"""Colour scales that end where someone said, kept for other units and texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from rnnviz_widget import HiddenStateWidget, Trace
from rnnviz_widget.figures.scale import scale_of
from rnnviz_widget.limits import EVERY_UNIT, Limit, limit_rows, limits_of
from rnnviz_widget.palettes import colours, positions

UNITS = {"a.h": 3, "a.c": 3, "b.c": 2}


def make_trace(text: str = "abcd", states: tuple[str, ...] = ("a.h", "a.c")) -> Trace:
    rng = np.random.default_rng(0)
    return Trace.from_arrays(text, {name: rng.standard_normal((len(text), 3)) for name in states})


def test_one_pair_is_of_every_unit() -> None:
    rows = limit_rows((-1, 2), UNITS)
    assert [limits_of(rows, state, 1) for state in UNITS] == [(-1, 2)] * 3


def test_a_pair_may_be_of_the_states_that_a_pattern_matches() -> None:
    rows = limit_rows({"*.c": (-2, 2)}, UNITS)
    assert [limits_of(rows, state, 0) for state in UNITS] == [None, (-2, 2), (-2, 2)]


@pytest.mark.parametrize("turned", [False, True])
def test_what_is_said_of_a_unit_counts_before_what_is_said_of_its_state(turned: bool) -> None:
    said: list[tuple[str, Any]] = [("*.c", (-2, 2)), ("a.c", {1: (-3, 3)})]
    rows = limit_rows(dict(reversed(said) if turned else said), UNITS)
    assert [limits_of(rows, "a.c", unit) for unit in range(3)] == [(-2, 2), (-3, 3), (-2, 2)]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ((1, -1), r"low < high, got \(1, -1\)"),
        ((1, 1), "low < high"),
        ((0, float("nan")), "finite pairs"),
        ((-float("inf"), 1), "finite pairs"),
        ((1, 2, 3), "finite pairs"),
        ("ab", "finite pairs"),
        (3, "finite pairs"),
        ((True, 2), "finite pairs"),
        ({"z.*": (-1, 1)}, r"limits must be of states among .*got 'z\.\*'"),
        ({"b.c": {2: (-1, 1)}}, r"units in \[0, 2\) for state 'b.c', got 2"),
        ({"b.c": {"0": (-1, 1)}}, "by unit number, got '0'"),
    ],
)
def test_other_limits_are_refused_with_what_came(limits: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        limit_rows(limits, UNITS)


def test_numpys_numbers_and_arrays_are_numbers_too() -> None:
    assert limit_rows(np.array([-1, 1]), {"a": 1}) == [Limit("a", EVERY_UNIT, -1.0, 1.0)]
    assert limit_rows({"a": {np.int64(0): (np.float32(-1), 1)}}, {"a": 1})[0].unit == 0


def test_a_widget_keeps_its_limits_for_another_text_and_the_states_that_it_has() -> None:
    widget = HiddenStateWidget(make_trace(), limits={"*.h": (-1, 1), "a.c": {2: (0, 5)}})
    assert widget._limits == [["a.h", -1, -1.0, 1.0], ["a.c", 2, 0.0, 5.0]]
    widget.trace = make_trace("other", ("a.h",))
    assert widget._limits == [["a.h", -1, -1.0, 1.0]]
    widget.trace = make_trace("third")
    assert widget._limits == [["a.h", -1, -1.0, 1.0], ["a.c", 2, 0.0, 5.0]]


def test_a_widget_refuses_other_limits_and_keeps_those_it_has() -> None:
    widget = HiddenStateWidget(make_trace(), limits=(-1, 1))
    with pytest.raises(TraitError, match="limits must be finite pairs"):
        widget.limits = (2, 1)
    assert widget.limits == (-1, 1)
    widget.limits = None
    assert widget._limits == []


def test_the_opening_picture_of_a_page_has_the_same_ends() -> None:
    trace = Trace.from_arrays("ab", {"a": np.array([[10.0], [30.0]])})
    low, high = (bytes(c).hex() for c in colours("red-blue", [-1, 1]))
    still = HiddenStateWidget(trace, limits=(10, 30)).fragment().still
    assert f"background:#{low}" in still
    assert f"background:#{high}" in still


@pytest.mark.parametrize(
    ("ends", "values", "places"),
    [
        ((-2, 2), [-2, 0, 1, 9], [-1, 0, 0.5, 4.5]),
        ((0, 4), [0, 1, 4], [0, 0.25, 1]),
        ((10, 30), [10, 20, 30], [-1, 0, 1]),
    ],
)
def test_values_lie_between_the_ends_of_the_palette(
    ends: tuple[float, float], values: list[float], places: list[float]
) -> None:
    assert positions(values, *ends).tolist() == places
    scale = scale_of(np.float32(values), None, "red-blue", ends)
    on_scale = np.clip(places, -1, 1)
    assert scale.colours(np.float32(values)).tolist() == colours("red-blue", on_scale).tolist()


def test_a_figure_names_the_ends_that_were_set() -> None:
    scale = scale_of(np.float32([70000, 1e-9]), None, "red-blue", (-70000, 70000))
    assert scale.ends == ("\N{MINUS SIGN}70000", "+70000")
    assert scale.middle == "0"
    assert "set by hand" in scale.beyond
    assert scale_of(np.float32([1]), None, "red-blue", (10, 30)).ends == ("10", "30")
