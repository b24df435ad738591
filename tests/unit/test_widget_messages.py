"""Whatever a view sends is taken whole or not at all; what is closed is gone."""

from __future__ import annotations

import gc
import math
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnviz_widget import HiddenStateWidget
from rnnviz_widget.widget import traits
from rnnviz_widget.widget import widget as widgets
from tests.unit.test_widget import make_trace, synced

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.just(10**40),
    st.floats(),
    st.sampled_from(["a.h", "b.h", "nope", "grey", "side by side", "\ud800", "x" * 5000]),
    st.lists(st.integers(-1, 12), max_size=3),
    st.lists(st.tuples(st.sampled_from(["a.h", "b.h", "x"]), st.integers(-1, 9)).map(list)),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
NAMES = [*widgets._FROM_VIEW, "_content", "_esm", "layout", "comm", "traits", "__class__"]


@pytest.fixture(scope="module")
def widget() -> HiddenStateWidget:
    two = [make_trace(**{"a.h": 8, "b.h": 3}), make_trace(**{"a.h": 8, "b.h": 3})]
    return HiddenStateWidget(two)


def assert_possible(widget: HiddenStateWidget) -> None:
    """Each value is one that Python would take now."""
    trace = widget.trace
    assert 0 <= widget.unit < trace.num_units(widget.state)
    assert -1 <= widget.cursor < len(trace)
    assert 0 <= widget.active < max(1, len(widget.units))
    assert 0 <= widget.checkpoint < 2
    assert widget.palette in traits.PALETTES
    if widget.units:
        assert widget.units[widget.active] == (widget.state, widget.unit)
    if widget.selection:
        start, stop = widget.selection
        assert 0 <= start < stop <= len(trace)


def same(value: Any, sent: Any) -> bool:
    """Whether a trait holds what was sent; a copy may be sent as its unit's number alone."""
    if not isinstance(sent, list):
        return bool(value == sent)
    return len(value) == len(sent) and all(
        tuple(b) == a if isinstance(b, list) else b in (a, a[-1] if isinstance(a, tuple) else a)
        for a, b in zip(value, sent, strict=True)
    )


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(message=st.dictionaries(st.sampled_from(NAMES), ODD, min_size=1, max_size=4))
def test_a_message_is_taken_whole_or_not_at_all(
    widget: HiddenStateWidget, message: dict[str, Any]
) -> None:
    before = synced(widget)
    widget.set_state(message)
    after = synced(widget)
    assert_possible(widget)
    assert after["_content"] is before["_content"]
    if after != before:
        assert all(same(after[name], sent) for name, sent in message.items())


@pytest.mark.parametrize(
    "message",
    [
        {"unit": 2, "state": "nope"},
        {"state": "b.h", "unit": 7},
        {"unit": 2, "cursor": -2},
        {"unit": 2, "_content": {}},
        {"unit": 2, "_esm": "alert()"},
        {"unit": 2, "layout": None},
        {"palette": "grey", "checkpoint": -1},
        {"palette": "grey", "checkpoint": 2},
        {"palette": "grey", "unit": True},
        {"palette": "grey", "unit": math.nan},
        {"palette": "grey", "unit": 1.0},
        {"palette": "grey", "selection": [0, True]},
        {"palette": "grey", "units": [["a.h", True]]},
        {"units": [["a.h", 1], ["b.h", 1]], "active": 1, "state": "a.h", "unit": 1},
    ],
)
def test_one_bad_value_is_enough(message: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    widget = HiddenStateWidget(make_trace(**{"a.h": 8, "b.h": 3}))
    sent: list[Any] = []
    monkeypatch.setattr(HiddenStateWidget, "send_state", lambda _, key=None: sent.append(key))
    before = synced(widget)
    widget.set_state(message)
    assert synced(widget) == before
    assert [set(names) for names in sent] == [message.keys() & set(widget.keys)]


@pytest.mark.parametrize("value", [True, np.True_, math.nan, 1.0, "1", None])
def test_only_whole_numbers_are_numbers(value: object) -> None:
    widget = HiddenStateWidget(make_trace())
    for name in ("unit", "cursor", "checkpoint", "active"):
        with pytest.raises(traitlets.TraitError):
            setattr(widget, name, value)
    with pytest.raises(traitlets.TraitError):
        widget.units = [("rnn.l0.h", value)]


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(
        {"id": ODD, "kind": st.sampled_from(["exact", "unit"]) | ODD, "state": ODD, "unit": ODD},
        optional={"checkpoint": ODD, "start": ODD, "stop": ODD},
    )
)
def test_every_request_has_one_answer(widget: HiddenStateWidget, request: dict[str, Any]) -> None:
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))  # type: ignore[method-assign]
    widget._answer(widget, request, [])
    ((content, buffers),) = sent
    assert ("error" in content) == (buffers is None)
    assert len(content.get("error", "")) <= 500
    if buffers is not None:
        assert not any(isinstance(request[name], (bool, float)) for name in ("unit", "checkpoint"))
        assert request["checkpoint"] in (0, 1)


def test_a_closed_widget_is_gone_with_its_trace() -> None:
    gone = []
    for seed in range(20):
        trace = make_trace(seed=seed)
        widget = HiddenStateWidget(trace, labels={"a": lambda t: np.zeros(len(t))})
        widget.unit = 1
        gone += [weakref.ref(widget), weakref.ref(trace)]
        widget.close()
    del widget, trace
    gc.collect()
    assert [each() for each in gone] == [None] * 40


@pytest.mark.parametrize("name", ["widget.js", "widget.css"])
def test_the_frontend_is_watched_only_while_it_is_worked_on(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANYWIDGET_HMR", raising=False)
    text = traits.frontend(name)
    assert isinstance(text, str)
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    path = traits.frontend(name)
    assert isinstance(path, Path)
    assert path.read_text("utf-8") + "\n" == text
