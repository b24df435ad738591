"""Widgets that were made with a model: what the view gets, and what Python has of its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm.model import CharLMConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHARACTERS = "abc \n"
TEXT = "abc cab\nba"


@pytest.fixture
def model() -> rnnviz.CharLM:
    torch.manual_seed(3)
    return rnnviz.CharLM(CHARACTERS, CharLMConfig(hidden_size=6)).eval()


def test_a_model_and_a_text_make_a_widget_whose_network_travels(model: rnnviz.CharLM) -> None:
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT)
    assert widget.text == widget.trace.text == TEXT
    np.testing.assert_array_equal(
        widget.trace.unit("rnn.l0.h", 2), rnnviz.record(model, TEXT).unit("rnn.l0.h", 2)
    )
    assert widget._network == rnnviz.portable(model).bytes
    assert "WebAssembly" in widget._engine[0]


def test_a_text_that_can_be_edited_can_be_guessed_too(model: rnnviz.CharLM) -> None:
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT, guess="text")
    assert widget.guess == "text"
    widget.guess = False
    assert widget._extras  # the view may hide letters where no kernel can send it


def test_without_a_model_nothing_travels(model: rnnviz.CharLM) -> None:
    widget = rnnviz.HiddenStateWidget(rnnviz.record(model, TEXT))
    assert (widget._network, widget._engine, widget._initial) == (b"", [], b"")


def test_the_trace_follows_the_text_that_was_edited(model: rnnviz.CharLM) -> None:
    widget = rnnviz.HiddenStateWidget(rnnviz.record(model, TEXT), model=model)
    widget.set_state({"text": "cab\u00e1"})
    assert widget.trace.text == "cab\u00e1"
    values = rnnviz.record(model, "caba").unit("rnn.l0.h", 1)
    np.testing.assert_allclose(widget.trace.unit("rnn.l0.h", 1), values, atol=1e-6)
    widget.cursor = 3


def test_a_live_page_has_the_network_and_the_values_of_the_unit_it_opens_on(
    model: rnnviz.CharLM,
) -> None:
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT * 200, unit=3)
    plain, live = widget.to_html(), widget.to_html(live=True)
    assert "data-rnnviz-engine>" in live
    assert "data-rnnviz-engine>" not in plain
    assert '"network"' in live
    assert widget.fragment(live=True).live


def test_what_is_read_before_the_text_is_not_shown_and_its_state_travels(
    model: rnnviz.CharLM,
) -> None:
    before = "bca\nca"
    whole = rnnviz.record(model, before + TEXT)
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT, before=before)
    assert widget.trace.text == TEXT
    for name in whole.states:
        values = np.asarray(whole[name])
        np.testing.assert_allclose(widget.trace[name], values[len(before) :], atol=1e-6)
    last = [np.asarray(whole[name])[len(before) - 1] for name in widget.trace.states]
    np.testing.assert_allclose(
        np.frombuffer(widget._initial, "<f4"), np.concatenate(last), atol=1e-6
    )
    widget.set_state({"text": "cab"})
    again = rnnviz.record(model, before + "cab").unit("rnn.l0.h", 4)
    np.testing.assert_allclose(widget.trace.unit("rnn.l0.h", 4), again[len(before) :], atol=1e-6)
    assert '"initial"' in widget.to_html(live=True)


def test_a_live_page_of_a_text_too_long_for_a_page_is_refused(
    model: rnnviz.CharLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT)
    monkeypatch.setattr("rnnviz_widget.network.format._PAGE_BYTES", 4 * (4 * 6 + 5 + 1 + 10) * 9)
    with pytest.raises(ValueError, match="at most 9 characters, got 10"):
        widget.to_html(live=True)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({}, TypeError, "exactly one of trace and text"),
        ({"trace": True, "before": "a"}, TypeError, "before needs a model"),
        ({"trace": True, "model": True, "before": 1}, TypeError, "before must be a string"),
        ({"text": TEXT}, TypeError, "text needs a model"),
        ({"trace": True, "model": True, "text": TEXT}, TypeError, "exactly one"),
        ({"model": True, "text": ""}, ValueError, "at least one character"),
    ],
)
def test_arguments_that_do_not_fit_each_other_are_refused(
    model: rnnviz.CharLM, arguments: dict[str, Any], error: type[Exception], said: str
) -> None:
    given = {"trace": rnnviz.record(model, TEXT), "model": model}
    arguments = {key: given[key] if value is True else value for key, value in arguments.items()}
    with pytest.raises(error, match=said):
        rnnviz.HiddenStateWidget(**arguments)


def test_a_trace_of_another_network_is_refused(model: rnnviz.CharLM) -> None:
    other = rnnviz.CharLM(CHARACTERS, CharLMConfig(hidden_size=7)).eval()
    with pytest.raises(ValueError, match="the one that recorded the trace"):
        rnnviz.HiddenStateWidget(rnnviz.record(other, TEXT), model=model)


def test_a_trace_of_some_of_the_states_will_do_and_one_of_none_will_not(
    model: rnnviz.CharLM,
) -> None:
    some = rnnviz.record(model, TEXT, states=["*.z"])
    assert rnnviz.HiddenStateWidget(some, model=model).to_html(live=True)
    foreign = rnnviz.Trace.from_arrays(TEXT, {"h": np.zeros((len(TEXT), 6))})
    with pytest.raises(ValueError, match=r"none of its states, such as rnn\.l0\.h"):
        rnnviz.HiddenStateWidget(foreign, model=model)


@pytest.mark.parametrize("choice", [{"stop": 5}, {"units": [1]}, {"states": "*.h"}])
def test_a_live_page_of_a_part_is_refused(model: rnnviz.CharLM, choice: dict[str, Any]) -> None:
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT)
    with pytest.raises(ValueError, match="a live page has the whole text and all units"):
        widget.to_html(live=True, **choice)


def test_a_live_page_needs_a_model(model: rnnviz.CharLM) -> None:
    with pytest.raises(ValueError, match="a live page needs the network"):
        rnnviz.HiddenStateWidget(rnnviz.record(model, TEXT)).to_html(live=True)


class Loop(nn.Module):
    """A loop of one's own around a cell: what no page runs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.vocabulary = CHARACTERS
        self.table = nn.Embedding(len(CHARACTERS), 3)
        self.cell = nn.GRUCell(3, 6)
        self.out = nn.Linear(6, len(CHARACTERS))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits `(T, V)`."""
        h, logits = None, []
        for x in self.table(ids):
            h = self.cell(x[None], h)
            logits.append(self.out(h)[0])
        return torch.stack(logits)


def asked(widget: rnnviz.HiddenStateWidget, **request: Any) -> list[NDArray[np.float32]]:
    """Return what a view that asks this is sent."""
    sent: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, buffers)))
        widget._answer(None, {"id": 7, **request}, [])
    ((content, buffers),) = sent
    if "error" in content:
        raise ValueError(content["error"])
    return [np.frombuffer(buffer, "<f4") for buffer in buffers]


def test_a_network_that_no_page_runs_is_edited_by_messages_to_python() -> None:
    module = Loop().eval()
    widget = rnnviz.HiddenStateWidget(model=module, text=TEXT)
    assert widget._network == b""
    assert widget._engine
    ids = [CHARACTERS.index(c) for c in "cab ba"]
    read = rnnviz.record(module, torch.tensor(ids), tokens=list("cab ba"), vocabulary=CHARACTERS)
    state = next(name for name in read.states if name.endswith(".h"))
    units = [{"state": state, "unit": 4}, {"state": state, "unit": 1}]
    one, other, loss, top, chances = asked(widget, kind="read", ids=ids, holds=[], units=units)
    np.testing.assert_allclose(one, read.unit(state, 4), atol=1e-6)
    np.testing.assert_allclose(other, read.unit(state, 1), atol=1e-6)
    assert read.loss is not None
    assert read.predictions is not None
    np.testing.assert_allclose(loss, read.loss, atol=1e-6)
    np.testing.assert_array_equal(top.reshape(6, -1), read.predictions.ids)
    np.testing.assert_allclose(chances.reshape(6, -1), read.predictions.probabilities, atol=1e-6)

    holds = [{"state": state, "unit": 4, "value": 0.9, "from": 0}]
    held = asked(widget, kind="read", ids=ids, holds=holds, units=units)
    with rnnviz.clamp(module, state, 4, 0.9):
        expected = rnnviz.record(module, torch.tensor(ids), tokens=list("cab ba"))
    np.testing.assert_allclose(held[0], 0.9, atol=1e-6)
    np.testing.assert_allclose(held[1], expected.unit(state, 1), atol=1e-6)

    widget.set_state({"text": "cab"})
    assert widget.trace.text == "cab"
    with pytest.raises(ValueError, match="cannot live in a page: cell is a GRUCell"):
        widget.to_html(live=True)


class Squashed(nn.Module):
    """A path with a step of its own, which no page runs either."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.vocabulary = CHARACTERS
        self.table = nn.Embedding(len(CHARACTERS), 3)
        self.rnn = nn.LSTM(3, 6)
        self.out = nn.Linear(6, len(CHARACTERS))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits `(T, V)`."""
        logits: torch.Tensor = self.out(torch.sin(self.rnn(self.table(ids))[0]))
        return logits


def test_there_units_are_held_from_a_character_on_too() -> None:
    module = Squashed().eval()
    before, text = "bb a", "cab ba"
    widget = rnnviz.HiddenStateWidget(model=module, text=text, before=before)
    ids = [CHARACTERS.index(c) for c in text]
    units = [{"state": "rnn.l0.c", "unit": 4}, {"state": "rnn.l0.h", "unit": 1}]
    holds = [
        {"state": "rnn.l0.c", "unit": 4, "value": 0.9, "from": 2},
        {"state": "rnn.l0.h", "unit": 1, "value": -0.2, "from": 4},
    ]
    held = asked(widget, kind="read", ids=ids, holds=holds, units=units)
    own = widget.trace
    for values, state, unit, value, start in (
        (held[0], "rnn.l0.c", 4, 0.9, 2),
        (held[1], "rnn.l0.h", 1, -0.2, 4),
    ):
        np.testing.assert_allclose(values[start:], value, atol=1e-6)
        np.testing.assert_allclose(values[:2], own.unit(state, unit)[:2], atol=1e-6)
    assert held[1][3] != pytest.approx(own.unit("rnn.l0.h", 1)[3], abs=1e-4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ids": []}, "ids must be 1 to 1,000,000 characters, got 0"),
        ({"ids": [0, 5]}, r"ids must be in \[0, 5\), got 5"),
        ({"units": [{"state": "nothing", "unit": 0}]}, "nothing"),
    ],
)
def test_wrong_questions_to_a_network_are_answered_by_what_is_wrong(
    change: dict[str, Any], said: str
) -> None:
    widget = rnnviz.HiddenStateWidget(model=Loop().eval(), text=TEXT)
    with pytest.raises(ValueError, match=said):
        asked(widget, **{"kind": "read", "ids": [0, 1], "holds": [], "units": [], **change})
