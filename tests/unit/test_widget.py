"""The widget's Python side: traits, swapping the trace, answers to the view, pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import traitlets

from rnnviz_widget import HiddenStateWidget, Trace, export, labels, rank_units
from rnnviz_widget.counters import gate_saturation
from rnnviz_widget.widget import wire
from tests.unit.saved import read_pages

TEXT = 'He said "yes" and left.\n"No," she said.\n'


def make_trace(text: str = TEXT, units: int = 4, seed: int = 0, **states: int) -> Trace:
    rng = np.random.default_rng(seed)
    shapes = states or {"rnn.l0.h": units, "rnn.l0.z": units}
    arrays = {name: rng.uniform(0, 1, (len(text), u)) for name, u in shapes.items()}
    return Trace.from_arrays(text, {k: v.astype(np.float32) for k, v in arrays.items()})


@pytest.fixture
def widget() -> HiddenStateWidget:
    return HiddenStateWidget(make_trace(), state="rnn.l0.h", unit=2)


def synced(widget: HiddenStateWidget) -> dict[str, Any]:
    """Everything the view sees, by value."""
    return {name: getattr(widget, name) for name in widget.keys if not name.startswith("_")} | {
        "_content": widget._content
    }


# --- traits ----------------------------------------------------------------------------------


def test_it_opens_where_it_is_told_to(widget: HiddenStateWidget) -> None:
    assert (widget.state, widget.unit, widget.cursor) == ("rnn.l0.h", 2, -1)
    assert widget.selection == []
    assert widget.palette == "red-blue"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("unit", 4, r"unit must be in \[0, 4\) for state 'rnn.l0.h', got 4"),
        ("unit", -1, r"unit must be in \[0, 4\)"),
        ("state", "rnn.l0.c", r"state must be one of rnn.l0.h, rnn.l0.z, got 'rnn.l0.c'"),
        ("cursor", len(TEXT), rf"cursor must be in \[-1, {len(TEXT)}\), got {len(TEXT)}"),
        ("selection", [3, 3], r"selection must be \[\] or \[start, stop\]"),
        ("selection", [0, len(TEXT) + 1], "selection must be"),
        ("palette", "rainbow", "rainbow"),
    ],
)
def test_a_value_the_trace_does_not_have_is_refused_and_changes_nothing(
    widget: HiddenStateWidget, name: str, value: object, message: str
) -> None:
    before = synced(widget)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(widget, name, value)
    assert synced(widget) == before


def test_numpys_integers_are_integers(widget: HiddenStateWidget) -> None:
    widget.unit = np.int64(3)
    widget.selection = [np.int32(1), np.uint8(5)]
    assert widget.unit == 3
    assert type(widget.unit) is int
    assert widget.selection == [1, 5]


def test_a_smaller_state_clamps_the_unit() -> None:
    widget = HiddenStateWidget(make_trace(**{"a.h": 8, "b.h": 3}), state="a.h", unit=7)
    widget.state = "b.h"
    assert widget.unit == 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"trace": "text"}, traitlets.TraitError, "trace must be a Trace, .* got str"),
        ({"states": ["x"]}, traitlets.TraitError, "states must be among .*, got 'x'"),
        ({"states": []}, traitlets.TraitError, "at least one"),
        ({"unit": 99}, traitlets.TraitError, r"unit must be in \[0, 4\)"),
        ({"state": "x"}, traitlets.TraitError, "state must be one of"),
        ({"labels": {"a": [1]}}, ValueError, r"labels\['a'\] must have shape"),
        ({"saturation": [1]}, TypeError, "saturation must be a Saturation, got list"),
        ({"size": 3}, TypeError, "size"),
    ],
)
def test_arguments_are_refused_by_name(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        HiddenStateWidget(**({"trace": make_trace()} | arguments))


# --- swapping the trace ----------------------------------------------------------------------


def test_a_swap_keeps_what_the_new_trace_has(widget: HiddenStateWidget) -> None:
    widget.state, widget.unit, widget.cursor, widget.palette = "rnn.l0.z", 3, 5, "grey"
    widget.trace = make_trace("other text", seed=1)
    assert (widget.state, widget.unit, widget.cursor) == ("rnn.l0.z", 3, 5)
    assert widget.palette == "grey"
    assert widget._content["length"] == 10


def test_a_swap_to_a_smaller_trace_moves_to_what_is_there(widget: HiddenStateWidget) -> None:
    widget.state, widget.unit, widget.cursor, widget.selection = "rnn.l0.z", 3, 30, [20, 31]
    units: list[int] = []
    widget.observe(lambda change: units.append(change["new"]), "unit")
    widget.trace = make_trace("ab", **{"gru.l0.h": 2})
    assert (widget.state, widget.unit) == ("gru.l0.h", 1)
    assert widget.cursor == -1
    assert widget.selection == []
    assert units == [1]


@pytest.mark.parametrize(
    ("states", "offered"),
    [
        ("*.h", ["rnn.l0.h", "gru.l0.h"]),
        (["gru.*", "*.h"], ["gru.l0.h", "gru.l0.z", "rnn.l0.h"]),
        (["gru.l0.z", "rnn.l0.h"], ["gru.l0.z", "rnn.l0.h"]),
    ],
)
def test_states_are_offered_by_shell_patterns(states: Any, offered: list[str]) -> None:
    trace = make_trace(**{"rnn.l0.h": 4, "gru.l0.h": 2, "gru.l0.z": 2})
    widget = HiddenStateWidget(trace, states=states)
    assert [state["name"] for state in widget._content["states"]] == offered


def test_a_swap_is_one_message(widget: HiddenStateWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[set[str]] = []

    def send_state(_: object, key: str | list[str] | None = None) -> None:
        sent.append({key} if isinstance(key, str) else set(key or []))

    monkeypatch.setattr(HiddenStateWidget, "send_state", send_state)
    widget.cursor = 30
    sent.clear()
    widget.trace = make_trace("ab", **{"gru.l0.h": 2})
    assert sent == [{"_content", "state", "unit", "cursor"}]


def test_a_refused_trace_leaves_everything_as_it_was(widget: HiddenStateWidget) -> None:
    before, trace = synced(widget), widget.trace
    with pytest.raises(traitlets.TraitError, match="trace must be a Trace"):
        widget.trace = "text"  # type: ignore[assignment]
    assert synced(widget) == before
    assert widget.trace is trace


def test_a_label_given_as_a_function_follows_the_trace() -> None:
    widget = HiddenStateWidget(
        make_trace(),
        labels={"quotes": labels.inside_quotes, "fixed": np.zeros(len(TEXT))},
    )
    assert [label["name"] for label in widget._content["labels"]] == ["quotes", "fixed"]
    widget.trace = make_trace('a "b" c')
    (label,) = widget._content["labels"]
    assert label["values"] == bytes(labels.inside_quotes('a "b" c').astype(np.uint8))


def test_the_saturation_of_gates_goes_with_its_trace_and_its_part() -> None:
    trace = make_trace()
    saturation = gate_saturation(trace)
    widget = HiddenStateWidget(trace, states=["rnn.l0.h"], saturation=saturation)
    (gate,) = widget._content["saturation"]["gates"]
    assert (gate["state"], widget._content["saturation"]["tokens"]) == ("rnn.l0.z", len(TEXT))
    assert np.frombuffer(gate["ids"], "<u4").tolist() == [0, 1, 2, 3]
    closed = (trace["rnn.l0.z"] < 0.1).mean(axis=0)
    np.testing.assert_allclose(np.frombuffer(gate["closed"], "<f4"), closed, rtol=1e-6)
    opened = (trace["rnn.l0.z"] > 0.9).mean(axis=0)
    np.testing.assert_allclose(np.frombuffer(gate["open"], "<f4"), opened, rtol=1e-6)

    widget = HiddenStateWidget(trace, saturation=saturation)
    ((data, buffers),) = read_pages(widget.to_html(units=[1, 3]))
    (gate,) = data["content"]["saturation"]["gates"]
    assert np.frombuffer(buffers[gate["ids"]["$b"]], "<u4").tolist() == [1, 3]
    widget.trace = make_trace(seed=2)
    assert widget._content["saturation"] is None


def test_it_opens_on_the_first_unit_of_a_ranking() -> None:
    text = 'He said "yes, I will," and she said "no." ' * 20
    trace = make_trace(text, units=6)
    inside = labels.inside_quotes(trace)
    array = trace["rnn.l0.h"] * 0.5
    array[:, 4] += inside
    trace = Trace.from_arrays(text, {"rnn.l0.z": trace["rnn.l0.z"], "rnn.l0.h": array})
    ranking = rank_units(trace, inside)
    widget = HiddenStateWidget(trace, ranking)
    assert (widget.state, widget.unit) == ("rnn.l0.h", 4)
    (offered,) = widget._content["rankings"]
    assert offered["label"] == "inside quotes"
    held_out = ranking.reported_on
    assert offered["extent"] == f"on {held_out.spans} spans ({held_out.tokens} tokens)"
    assert offered["entries"][0] | {"text": ""} == {
        "state": "rnn.l0.h",
        "unit": 4,
        "sign": 1,
        "text": "",
    }
    assert "AUC" in offered["entries"][0]["text"]
    assert HiddenStateWidget(trace, ranking, unit=1, state="rnn.l0.z").unit == 1


# --- the view --------------------------------------------------------------------------------


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(
        HiddenStateWidget,
        "send",
        lambda _, content, buffers=None: sent.append((content, buffers or [])),
    )
    return sent


SPAN = {"checkpoint": 0, "start": 3, "stop": 6}


def test_the_view_gets_exact_floats(widget: HiddenStateWidget, replies: list[Any]) -> None:
    request = {"id": 7, "kind": "exact", "state": "rnn.l0.z", "unit": 1} | SPAN
    widget._answer(widget, request, [])
    ((content, buffers),) = replies
    assert content == {"id": 7}
    assert buffers == [widget.trace.unit("rnn.l0.z", 1)[3:6].astype("<f4").tobytes()]


def test_the_view_gets_a_unit_with_its_scales(
    widget: HiddenStateWidget, replies: list[Any]
) -> None:
    widget._answer(
        widget, {"id": 1, "kind": "unit", "state": "rnn.l0.h", "unit": 0, "checkpoint": 0}, []
    )
    ((content, buffers),) = replies
    expected = wire.quantise(widget.trace.unit("rnn.l0.h", 0), None)
    assert content == {"id": 1}
    assert buffers[0] == expected.values.tobytes()
    scales = np.frombuffer(buffers[1], "<f4")
    np.testing.assert_allclose(scales, [expected.scale, expected.limit, expected.peak], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": 99}, "99"),
        ({"state": "nowhere"}, "nowhere"),
        ({"kind": "secret"}, "kind must be"),
        ({"start": "a"}, "start must be a whole number, got 'a'"),
    ],
)
def test_a_wrong_request_is_answered_with_an_error(
    widget: HiddenStateWidget, replies: list[Any], change: dict[str, Any], message: str
) -> None:
    request = {"id": 7, "kind": "exact", "state": "rnn.l0.z", "unit": 1} | SPAN
    widget._answer(widget, request | change, [])
    ((content, buffers),) = replies
    assert content["id"] == 7
    assert message in content["error"]
    assert buffers == []


def test_a_value_from_the_view_that_is_refused_is_set_back_there(
    widget: HiddenStateWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(HiddenStateWidget, "send_state", lambda _, key=None: sent.append(key))
    widget.set_state({"unit": 3})
    assert widget.unit == 3
    sent.clear()
    widget.set_state({"unit": 400})
    assert widget.unit == 3
    assert sent[-1] == ["unit"]


# --- in a notebook ---------------------------------------------------------------------------


def bundle(widget: HiddenStateWidget) -> dict[str, Any]:
    data, _ = widget._repr_mimebundle_()
    return dict(data)


def test_a_cell_shows_the_live_widget_and_words(widget: HiddenStateWidget) -> None:
    shown = bundle(widget)
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert shown["text/plain"] == repr(widget)
    assert "text/html" not in shown


@pytest.mark.parametrize("by_environment", [False, True])
def test_a_cell_of_a_notebook_to_be_published_shows_a_frame_and_leaves_no_state(
    monkeypatch: pytest.MonkeyPatch, *, by_environment: bool
) -> None:
    if by_environment:
        monkeypatch.setenv("RNNVIZ_DISPLAY", "iframe")
    display = None if by_environment else "iframe"
    widget = HiddenStateWidget(make_trace(), unit=2, display=display)
    assert widget.comm is None
    widget.unit = 3
    widget.trace = make_trace(seed=1)
    assert bundle(widget) == {"text/plain": repr(widget), "text/html": widget.to_iframe().html}
    assert HiddenStateWidget(make_trace(), display="live").comm is not None


def test_a_display_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="display must be one of live, iframe, got 'html'"):
        HiddenStateWidget(make_trace(), display="html")
    monkeypatch.setenv("RNNVIZ_DISPLAY", "frame")
    with pytest.raises(ValueError, match="RNNVIZ_DISPLAY must be one of live, iframe, got 'frame'"):
        HiddenStateWidget(make_trace())


# --- words and files -------------------------------------------------------------------------


def test_it_describes_itself_in_words(widget: HiddenStateWidget) -> None:
    assert repr(widget) == (
        "HiddenStateWidget: unit 2 of rnn.l0.h (4 units) after each of 40 characters, "
        '“He said "yes" and left. "No," she said.”.'
    )


def test_its_words_name_the_score_and_the_text_it_was_measured_on() -> None:
    text = 'He said "yes, I will," and she said "no." ' * 20
    trace = make_trace(text, units=3)
    ranking = rank_units(trace, labels.inside_quotes(trace))
    said = repr(HiddenStateWidget(trace, ranking))
    assert f"inside quotes: {ranking[0].text}, " in said
    assert ranking.note in said
    other = next(u for u in range(3) if u != ranking[0].unit)
    assert "AUC" in repr(HiddenStateWidget(trace, ranking, state=ranking[0].state, unit=other))
    assert "AUC" not in repr(HiddenStateWidget(trace))


def test_the_frontend_is_where_the_widget_looks_for_it() -> None:
    for name in ("widget.js", "widget.css", "page.js"):
        code = (export.STATIC / name).read_text(encoding="utf-8")
        assert len(code) > 1000
        # Some hosts write the widget's code into a page unescaped.
        assert "<!--" not in code
        assert "<script" not in code
