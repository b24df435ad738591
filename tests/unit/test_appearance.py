"""How a widget looks: arguments, traits and pages agree, and refuse what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from rnnviz_widget import HiddenStateWidget, Trace, gate_saturation


def make_trace(tokens: str | list[str] = "a text") -> Trace:
    values = np.random.default_rng(0).random((len(tokens), 2))
    arrays = {"rnn.l0.i": values, "rnn.l0.f": values, "rnn.l0.o": values}
    return Trace.from_arrays(tokens, arrays, bounds=dict.fromkeys(arrays, (0, 1)))


@pytest.mark.parametrize(
    ("given", "kept"), [(False, False), (True, "values"), ("values", "values"), ("text", "text")]
)
def test_guess_hides_nothing_the_values_or_the_text(given: Any, kept: Any) -> None:
    widget = HiddenStateWidget(make_trace(), guess=given)
    assert widget.guess == kept
    widget.guess = False
    widget.guess = given
    assert widget.guess == kept


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("guess", "letters"),
        ("guess", 1),
        ("height", 39),
        ("height", 10.5),
        ("height", True),
        ("wrap", 7),
        ("wrap", 1001),
        ("wrap", "72"),
        ("controls", "no"),
        ("apart", "yes"),
        ("arrange", "across"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(name: str, wrong: Any) -> None:
    widget = HiddenStateWidget(make_trace())
    before = getattr(widget, name)
    with pytest.raises(TraitError, match=name):
        setattr(widget, name, wrong)
    assert getattr(widget, name) == before
    with pytest.raises(TraitError, match=name):
        HiddenStateWidget(make_trace(), **{name: wrong})


def test_a_text_of_longer_tokens_is_not_guessed_letter_by_letter() -> None:
    words = make_trace(["the", "cat"])
    with pytest.raises(TraitError, match="guess must be 'values' where tokens have several"):
        HiddenStateWidget(words, guess="text")
    widget = HiddenStateWidget(make_trace(), guess="text")
    widget.trace = words
    assert widget.guess == "values"


def test_only_widgets_that_need_more_panels_carry_them() -> None:
    trace = make_trace()
    plain = HiddenStateWidget(trace)
    assert plain._extras == ""
    assert HiddenStateWidget([trace, trace])._extras
    assert HiddenStateWidget(trace, saturation=gate_saturation(trace))._extras
    assert HiddenStateWidget(trace, guess="values")._extras == ""
    plain.guess = "text"
    assert plain._extras
    plain.guess = False
    plain.trace = [trace, trace]
    assert plain._extras


def test_a_page_opens_as_the_widget_looks_and_tells_no_letter_that_is_hidden() -> None:
    widget = HiddenStateWidget(
        make_trace("hidden words"), guess="text", height=200, wrap=60, controls=False, apart=True
    )
    fragment = widget.fragment()
    for said in ('"height":200', '"wrap":60', '"controls":false', '"apart":true', '"guess":"text"'):
        assert said in fragment.data.replace(": ", ":")
    assert "hidden" not in fragment.words
    assert "hidden" not in fragment.still


def test_a_frame_is_as_high_as_the_text_may_be() -> None:
    trace = make_trace("a line\n" * 100)
    whole = HiddenStateWidget(trace).to_iframe().height
    low = HiddenStateWidget(trace, height=100).to_iframe().height
    assert whole - low == (18 - 100 // 21) * 21  # whole rows
    narrow = HiddenStateWidget(make_trace("word " * 60), wrap=8).to_iframe().height
    assert narrow > HiddenStateWidget(make_trace("word " * 60)).to_iframe().height
    assert HiddenStateWidget(trace, controls=False).to_iframe().height < whole


@pytest.mark.parametrize("size", [70_000.0, 1e-9, 3e20])
def test_a_page_has_near_exact_values_of_any_magnitude(size: float) -> None:
    values = np.array([[size], [-size / 3], [0.5], [0.0]])
    widget = HiddenStateWidget(Trace.from_arrays("abcd", {"h": values}))
    pinned = widget._publisher().snapshot(widget._data.whole).content["checkpoints"][0]["pinned"]
    read = np.frombuffer(pinned[0]["values"], "<f4")
    np.testing.assert_allclose(read, values[:, 0], rtol=1e-6)


def test_masked_values_are_missing() -> None:
    masked = np.ma.masked_array([[1.0], [2.0], [3.0]], mask=[[0], [1], [0]])
    trace = Trace.from_arrays("abc", {"h": masked})
    assert np.isnan(trace.unit("h", 0)).tolist() == [False, True, False]
