"""Several traces of one text: the checkpoints of a training, one slider."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import traitlets

from rnnviz_widget import (
    HiddenStateWidget,
    Predictions,
    Trace,
    labels,
    load_model,
    rank_units,
    record,
    untrained,
)
from rnnviz_widget.charlm import read_card, snapshots
from rnnviz_widget.widget import wire
from tests.unit.saved import read_pages

TEXT = 'He said "yes" and left.\n"No," she said.\n'


def make_trace(seed: int, text: str = TEXT, scale: float = 1, **shapes: int) -> Trace:
    rng = np.random.default_rng(seed)
    arrays = {
        name: (scale * rng.standard_normal((len(text), units))).astype(np.float32)
        for name, units in (shapes or {"a.h": 4, "a.c": 3}).items()
    }
    return Trace.from_arrays(text, arrays)


@pytest.fixture
def widget() -> HiddenStateWidget:
    return HiddenStateWidget(
        {1_000_000: make_trace(1), 2_000_000: make_trace(2), "end": make_trace(3)}
    )


def values_of(checkpoint: dict[str, Any]) -> np.ndarray[Any, Any]:
    q = np.frombuffer(checkpoint["values"], np.int8).reshape(-1, len(TEXT))
    scales = np.frombuffer(checkpoint["scales"], "<f4")
    return q * scales[:, None] / wire.LEVELS


def test_it_opens_on_the_last_with_the_names_that_were_given(widget: HiddenStateWidget) -> None:
    assert widget.checkpoint == 2
    assert widget.trace is widget.checkpoints["end"]
    assert list(widget.checkpoints) == ["1,000,000", "2,000,000", "end"]
    assert [c["name"] for c in widget._content["checkpoints"]] == list(widget.checkpoints)


def test_a_list_is_named_by_what_the_traces_say_else_counted() -> None:
    a, b = make_trace(1), make_trace(2)
    seen = Trace.from_arrays(
        TEXT, {name: b[name] for name in b.states}, source={"characters_seen": 2_000_000}
    )
    assert list(HiddenStateWidget([a, seen]).checkpoints) == ["1", "2,000,000 characters"]
    assert list(HiddenStateWidget(a).checkpoints) == [""]


def test_recordings_of_bundled_snapshots_are_named_by_how_far_the_training_had_come() -> None:
    sources = [*snapshots("prose")[:2], "prose"]
    traces = [record(load_model(source), TEXT, states=["*.h"]) for source in sources]
    seen = [read_card(source).training["characters_seen"] for source in sources]
    assert list(HiddenStateWidget(traces).checkpoints) == [f"{n:,} characters" for n in seen]
    control = record(untrained(load_model("prose")), TEXT, states=["*.h"])
    assert "characters_seen" not in control.source


def test_the_slider_changes_the_trace_and_nothing_else(widget: HiddenStateWidget) -> None:
    widget.unit, widget.cursor = 3, 7
    content = widget._content
    widget.set_state({"checkpoint": 0})
    assert widget.trace is widget.checkpoints["1,000,000"]
    assert (widget.state, widget.unit, widget.cursor) == ("a.h", 3, 7)
    assert widget._content is content


def test_each_checkpoint_travels_with_its_own_values(widget: HiddenStateWidget) -> None:
    for checkpoint, trace in zip(
        widget._content["checkpoints"], widget.checkpoints.values(), strict=True
    ):
        expected = np.concatenate([np.asarray(trace[name]) for name in trace.states], axis=1)
        np.testing.assert_allclose(values_of(checkpoint).T, expected, atol=0.02)


def test_colours_mean_the_same_at_every_checkpoint() -> None:
    small, large = make_trace(1, scale=0.1), make_trace(2, scale=5)
    content = HiddenStateWidget([small, large])._content
    limits = [np.frombuffer(c["limits"], "<f4") for c in content["checkpoints"]]
    np.testing.assert_array_equal(limits[0], limits[1])
    alone = HiddenStateWidget(large)._content["checkpoints"][0]
    np.testing.assert_allclose(limits[0], np.frombuffer(alone["limits"], "<f4"))


def test_what_is_too_much_comes_by_request(
    monkeypatch: pytest.MonkeyPatch, widget: HiddenStateWidget
) -> None:
    traces = list(widget.checkpoints.values())
    monkeypatch.setattr(wire, "LIVE_LIMIT", 2 * 7 * len(TEXT))  # room for two
    widget = HiddenStateWidget(traces, checkpoint=1)
    here = [c["values"] is not None for c in widget._content["checkpoints"]]
    assert here == [True, True, False]
    sent: list[Any] = []
    monkeypatch.setattr(
        HiddenStateWidget, "send", lambda _, content, buffers=None: sent.append((content, buffers))
    )
    request = {"id": 1, "kind": "unit", "state": "a.c", "unit": 2, "checkpoint": 2}
    widget._answer(widget, request, [])
    ((reply, (q, scales)),) = sent
    assert reply == {"id": 1}
    scale, limit, _ = np.frombuffer(scales, "<f4")
    values = np.frombuffer(q, np.int8) * scale / wire.LEVELS
    np.testing.assert_allclose(values, traces[2].unit("a.c", 2), atol=0.02)
    assert limit == np.frombuffer(widget._content["checkpoints"][0]["limits"], "<f4")[6]
    exact = request | {"kind": "exact", "start": 0, "stop": 5}
    widget._answer(widget, exact, [])
    assert sent[1][1] == [traces[2].unit("a.c", 2)[:5].tobytes()]
    widget._answer(widget, request | {"checkpoint": 3}, [])
    assert "checkpoint must be in [0, 3), got 3" in sent[2][0]["error"]


def test_of_values_that_come_by_request_those_of_the_opening_travel_all_the_same(
    monkeypatch: pytest.MonkeyPatch, widget: HiddenStateWidget
) -> None:
    """A notebook is read without a kernel, too."""
    traces = list(widget.checkpoints.values())
    monkeypatch.setattr(wire, "LIVE_LIMIT", 2 * 7 * len(TEXT))  # room for two
    shown = HiddenStateWidget(traces, units=[("a.c", 2), ("a.h", 1)])._content["checkpoints"]
    assert [len(checkpoint["rows"]) for checkpoint in shown] == [0, 2, 0]
    limits = np.frombuffer(shown[0]["limits"], "<f4")
    for row, limit in zip(shown[1]["rows"], (limits[6], limits[1]), strict=True):
        scale, its_limit, _ = np.frombuffer(row["scales"], "<f4")
        values = np.frombuffer(row["values"], np.int8) * scale / wire.LEVELS
        np.testing.assert_allclose(values, traces[1].unit(row["state"], row["unit"]), atol=0.02)
        assert its_limit == limit


def test_a_trace_of_which_not_even_a_unit_fits_travels_without_values(
    monkeypatch: pytest.MonkeyPatch, widget: HiddenStateWidget
) -> None:
    monkeypatch.setattr(wire, "LIVE_LIMIT", len(TEXT) - 1)
    (content,) = HiddenStateWidget(widget.trace)._content["checkpoints"]
    assert content["values"] is None
    assert content["rows"] == []


def test_predictions_of_all_checkpoints_travel_or_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = Predictions(
        np.zeros((len(TEXT), 2), np.uint32), np.full((len(TEXT), 2), 0.5), ("a",)
    )
    states = {"h": np.zeros((len(TEXT), 1))}
    traces = [Trace.from_arrays(TEXT, states, predictions=predictions) for _ in range(2)]

    def counts(shown: list[Trace]) -> list[int]:
        return [c["top_k"] for c in HiddenStateWidget(shown)._content["checkpoints"]]

    assert counts(traces) == [2, 2]
    monkeypatch.setattr(wire, "WHOLE_LIMIT", 2 * predictions.ids.nbytes - 1)
    assert counts(traces) == [0, 0]
    assert counts(traces[:1]) == [2]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (make_trace(2, TEXT + "x"), "'2' and '1' differ in their number of tokens, 41 and 40"),
        (make_trace(2, TEXT.replace("No", "Na")), "differ in token 26, 'a' and 'o'"),
        (make_trace(2, **{"a.h": 4}), "differ in the states a.c"),
        (make_trace(2, **{"a.h": 4, "a.c": 2}), "differ in the units of a.c, 2 and 3"),
        ("text", "trace must be a Trace, .* got str"),
    ],
)
def test_traces_that_do_not_belong_together_are_refused(
    widget: HiddenStateWidget, other: Trace, message: str
) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        HiddenStateWidget([make_trace(1), other])
    before = widget.checkpoints
    with pytest.raises(traitlets.TraitError, match=message):
        widget.trace = [make_trace(1), other]
    assert widget.checkpoints == before


def test_bounds_that_differ_are_refused() -> None:
    trace = make_trace(1, scale=0.1)
    arrays = {name: trace[name] for name in trace.states}
    bounded = Trace.from_arrays(TEXT, arrays, bounds={"a.h": (-1, 1)})
    with pytest.raises(traitlets.TraitError, match=r"differ in the bounds of a\.h"):
        HiddenStateWidget([trace, bounded])


def test_no_trace_and_names_given_twice_are_refused() -> None:
    with pytest.raises(traitlets.TraitError, match="at least one Trace, got none"):
        HiddenStateWidget([])
    with pytest.raises(traitlets.TraitError, match="names of checkpoints must differ"):
        HiddenStateWidget({1000: make_trace(1), "1,000": make_trace(2)})


@pytest.mark.parametrize("value", [3, -1])
def test_a_checkpoint_that_is_not_there_is_refused(widget: HiddenStateWidget, value: int) -> None:
    message = rf"checkpoint must be in \[0, 3\), got {value}"
    with pytest.raises(traitlets.TraitError, match=message):
        widget.checkpoint = value
    assert widget.checkpoint == 2
    with pytest.raises(traitlets.TraitError, match=message):
        HiddenStateWidget(list(widget.checkpoints.values()), checkpoint=value)


def test_a_swap_takes_one_trace_or_several(widget: HiddenStateWidget) -> None:
    widget.unit, widget.checkpoint = 3, 1
    widget.trace = [make_trace(5, "other text"), make_trace(6, "other text")]
    assert (widget.checkpoint, widget.unit) == (1, 3)
    assert len(widget._content["checkpoints"]) == 2
    widget.trace = make_trace(7)
    assert (widget.checkpoint, widget.unit) == (0, 3)
    assert len(widget._content["checkpoints"]) == 1


def test_a_score_says_at_which_checkpoint_it_was_measured() -> None:
    text = 'He said "yes, I will," and she said "no." ' * 20
    traces = [make_trace(seed, text) for seed in (1, 2)]
    ranking = rank_units(traces[1], labels.inside_quotes(text))
    widget = HiddenStateWidget({"early": traces[0], "late": traces[1]}, ranking)
    (described,) = widget._content["rankings"]
    assert described["note"] == f"measured at late; {ranking.note}"


def test_a_page_carries_all_checkpoints_and_opens_on_the_shown_one(
    widget: HiddenStateWidget,
) -> None:
    widget.checkpoint, widget.unit = 1, 2
    ((data, buffers),) = read_pages(widget.to_html(states="a.h"))
    assert data["traits"]["checkpoint"] == 1
    checkpoints = data["content"]["checkpoints"]
    for checkpoint, trace in zip(checkpoints, widget.checkpoints.values(), strict=True):
        here = {k: buffers[checkpoint[k]["$b"]] for k in ("values", "scales")}
        np.testing.assert_allclose(values_of(here).T, trace["a.h"], atol=0.02)
    assert [len(checkpoint["pinned"]) for checkpoint in checkpoints] == [1, 1, 1]
    assert repr(widget).endswith("Checkpoint 2,000,000, one of 3.")


def test_a_page_that_would_be_too_large_says_that_checkpoints_are_many() -> None:
    traces = [make_trace(seed, TEXT * 50) for seed in range(3)]
    with pytest.raises(ValueError, match="fewer of the 3 checkpoints"):
        HiddenStateWidget(traces).to_html(limit=0.01)
