"""Widgets that were made with a model: what the view gets, and what Python has of its text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm.model import CharLMConfig

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
    assert "WebAssembly" in widget._engine


def test_without_a_model_nothing_travels(model: rnnviz.CharLM) -> None:
    widget = rnnviz.HiddenStateWidget(rnnviz.record(model, TEXT))
    assert (widget._network, widget._engine) == (b"", "")


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


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({}, TypeError, "exactly one of trace and text"),
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


@pytest.mark.parametrize("choice", [{"stop": 5}, {"units": [1]}, {"states": "*.h"}])
def test_a_live_page_of_a_part_is_refused(model: rnnviz.CharLM, choice: dict[str, Any]) -> None:
    widget = rnnviz.HiddenStateWidget(model=model, text=TEXT)
    with pytest.raises(ValueError, match="a live page has the whole text and all units"):
        widget.to_html(live=True, **choice)


def test_a_live_page_needs_a_model(model: rnnviz.CharLM) -> None:
    with pytest.raises(ValueError, match="a live page needs the network"):
        rnnviz.HiddenStateWidget(rnnviz.record(model, TEXT)).to_html(live=True)
