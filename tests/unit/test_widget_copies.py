"""Several units at once, and the ways to show them: traits that must agree with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import traitlets

from rnnviz_widget import HiddenStateWidget, Trace

TEXT = "abc abc\n" * 4
COPIES = [("a.h", 2), ("a.h", 5), ("a.z", 1)]


def make_trace(**states: int) -> Trace:
    rng = np.random.default_rng(0)
    shapes = states or {"a.h": 8, "a.z": 3}
    arrays = {name: rng.uniform(0, 1, (len(TEXT), u)) for name, u in shapes.items()}
    return Trace.from_arrays(TEXT, {k: v.astype(np.float32) for k, v in arrays.items()})


@pytest.fixture
def widget() -> HiddenStateWidget:
    return HiddenStateWidget(make_trace(), units=COPIES)


def public(widget: HiddenStateWidget) -> dict[str, Any]:
    return {name: getattr(widget, name) for name in widget.keys if not name.startswith("_")}


def assert_agree(widget: HiddenStateWidget) -> None:
    if widget.units:
        assert widget.units[widget.active] == (widget.state, widget.unit)
    else:
        assert widget.active == 0


def test_it_opens_on_the_first_of_several_units(widget: HiddenStateWidget) -> None:
    assert widget.units == COPIES
    assert (widget.state, widget.unit, widget.active) == ("a.h", 2, 0)


def test_a_unit_alone_is_of_the_state_before_it() -> None:
    widget = HiddenStateWidget(make_trace(), units=[1, ("a.z", 0), np.int64(2)])
    assert widget.units == [("a.h", 1), ("a.z", 0), ("a.z", 2)]
    assert HiddenStateWidget(make_trace(), state="a.z", units=[1, 2]).units == [
        ("a.z", 1),
        ("a.z", 2),
    ]


def test_it_opens_on_the_one_that_is_named() -> None:
    widget = HiddenStateWidget(make_trace(), units=[1, 4], unit=4)
    assert (widget.unit, widget.active) == (4, 1)


def test_the_active_copy_follows_state_and_unit(widget: HiddenStateWidget) -> None:
    widget.active = 1
    assert (widget.state, widget.unit) == ("a.h", 5)
    widget.unit = 7
    assert widget.units == [("a.h", 2), ("a.h", 7), ("a.z", 1)]
    widget.state = "a.z"  # has three units: the unit is clamped
    assert widget.units == [("a.h", 2), ("a.z", 2), ("a.z", 1)]
    assert_agree(widget)


def test_state_and_unit_follow_the_copies(widget: HiddenStateWidget) -> None:
    widget.active = 2
    widget.units = [("a.z", 0), 2, ("a.h", 6)]
    assert (widget.state, widget.unit) == ("a.h", 6)
    widget.units = [("a.h", 1)]
    assert (widget.state, widget.unit, widget.active) == ("a.h", 1, 0)
    widget.units = []
    assert (widget.state, widget.unit, widget.active) == ("a.h", 1, 0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("units", [("a.h", 8)], r"units must be in \[0, 8\) for state 'a.h', got 8"),
        ("units", [("a.h", 1), ("x", 1)], "state must be one of a.h, a.z, got 'x'"),
        ("units", [("a.h", 1), "a"], "units must be pairs .* got 'a'"),
        ("units", [1.5], "units must be pairs"),
        ("units", [0] * 17, "at most 16, got 17"),
        ("units", 3, "units"),
        ("active", 3, r"active must be in \[0, 3\), got 3"),
        ("active", -1, "active must be in"),
        ("arrange", "diagonal", "arrange"),
        ("guess", "yes", "guess"),
        ("present", 2, "present"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    widget: HiddenStateWidget, name: str, value: object, message: str
) -> None:
    before = public(widget)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert public(widget) == before


def test_a_unit_that_is_not_among_the_copies_cannot_be_opened_on() -> None:
    with pytest.raises(traitlets.TraitError, match="unit must be among units"):
        HiddenStateWidget(make_trace(), units=[1, 2], unit=3)


@pytest.mark.parametrize(
    "message",
    [
        {"unit": 4, "units": [["a.h", 4], ["a.h", 5], ["a.z", 1]]},
        {"active": 2, "state": "a.z", "unit": 1},
        {"units": [["a.h", 5], ["a.z", 1]], "state": "a.h", "unit": 5, "active": 0},
        {"units": [], "active": 0, "state": "a.z", "unit": 1},
        {"units": [["a.h", 2], ["a.h", 5], ["a.z", 1], ["a.h", 2]], "active": 3},
    ],
)
def test_what_the_view_sends_arrives_as_it_is(
    widget: HiddenStateWidget, message: dict[str, Any]
) -> None:
    widget.set_state(message)
    assert_agree(widget)
    for name, value in message.items():
        expected = [tuple(pair) for pair in value] if name == "units" else value
        assert getattr(widget, name) == expected


def test_what_the_view_sends_and_is_refused_is_set_back(
    widget: HiddenStateWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = public(widget)
    sent: list[Any] = []
    monkeypatch.setattr(HiddenStateWidget, "send_state", lambda _, key=None: sent.append(key))
    widget.set_state({"units": [["a.h", 99]], "active": 0})
    assert public(widget) == before
    assert set(sent[-1]) == {"units", "active"}


def test_a_swap_keeps_the_copies_that_the_new_trace_has(widget: HiddenStateWidget) -> None:
    widget.active = 2
    widget.trace = make_trace(**{"a.z": 3, "a.h": 4})
    assert widget.units == [("a.h", 2), ("a.z", 1)]
    assert (widget.state, widget.unit, widget.active) == ("a.z", 1, 1)
    widget.trace = make_trace(**{"a.h": 3})
    assert widget.units == []
    assert_agree(widget)


def test_a_page_carries_the_copies_that_are_in_it(widget: HiddenStateWidget) -> None:
    widget.active, widget.guess, widget.present = 2, True, True
    widget.arrange = "side by side"
    part = widget.fragment(units={"a.h": [2, 5]}).data
    assert '"units": [["a.h", 2], ["a.h", 5]]' in part
    assert '"state": "a.h", "unit": 2' in part
    assert '"active": 0' in part
    assert '"arrange": "side by side"' in part
    assert '"guess": "values"' in part
    assert '"present": true' in part
