"""Labels are read alike everywhere: what is not known is no fact in rankings, figures and views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz_widget import Trace, labels
from rnnviz_widget.figures.scale import strip_of
from rnnviz_widget.interventions.groups import prediction_groups
from rnnviz_widget.labels.reading import label_values, read_label
from rnnviz_widget.ranking.splits import labelled
from rnnviz_widget.trace.excerpt import Excerpt
from rnnviz_widget.widget.wire import encode_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALUES = {
    "bool": st.booleans(),
    "int": st.integers(-1000, 1000),
    "float": st.floats(-1000, 1000, width=32) | st.just(float("nan")),
}
MASKS = ("none", "Label", "numpy.ma")


@st.composite
def given_labels(draw: st.DrawFn) -> tuple[Any, list[Any], list[bool]]:
    """Draw a label as someone may give it, with its values and where it is not known."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    values = draw(st.lists(VALUES[kind], min_size=2, max_size=12))
    mask = draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    array: Any = np.array(values, kind)
    how = draw(st.sampled_from(MASKS))
    if how == "none":
        mask = [False] * len(values)
    if how == "Label":
        array = labels.Label(array, "drawn", np.array(mask))
    if how == "numpy.ma":
        array = np.ma.masked_array(array, mask)
    unknown = [m or v != v for m, v in zip(mask, values, strict=True)]  # noqa: PLR0124  (NaN)
    return (lambda _: array) if draw(st.booleans()) else array, values, unknown


def trace_of(length: int) -> Trace:
    """Return a trace of so many tokens."""
    return Trace.from_arrays("x" * length, {"h": np.zeros((length, 1))})


@settings(max_examples=80, deadline=None)
@given(given_labels())
def test_what_is_not_known_is_so_in_rankings_figures_and_views(
    drawn: tuple[Any, list[Any], list[bool]],
) -> None:
    label, values, unknown = drawn
    trace = trace_of(len(values))
    assert labelled(trace, label, "label").known.tolist() == [not u for u in unknown]

    strip = strip_of(trace, label)
    assert strip.known.tolist() == [not u for u in unknown]
    assert not strip.heights[unknown].any()

    sent = encode_label("a", label, trace, Excerpt.whole(trace, ["h"]))
    if sent["kind"] == "bool":
        expected: list[Any] = [255 if u else int(v) for v, u in zip(values, unknown, strict=True)]
        assert list(sent["values"]) == expected
    else:
        numbers = [np.nan if u else v for v, u in zip(values, unknown, strict=True)]
        np.testing.assert_array_equal(
            np.frombuffer(sent["values"], "<f4"), np.array(numbers, np.float32)
        )


def test_what_a_boolean_label_does_not_know_belongs_to_neither_side_of_an_effect() -> None:
    masked = np.ma.masked_array([True, False, True, False, True], [0, 1, 1, 0, 0])
    found = {
        each.name: each.inside.tolist() for each in prediction_groups(["abcde"], {"a": masked}).all
    }
    assert found["a"] == [True, False, False, False]
    assert found["not a"] == [False, False, False, True]


def test_an_infinite_number_is_ranked_but_not_drawn() -> None:
    trace = trace_of(3)
    label = np.array([0, np.inf, 2])
    assert labelled(trace, label, "label").known.all()
    assert strip_of(trace, label).known.tolist() == [True, False, True]
    sent = encode_label("a", label, trace, Excerpt.whole(trace, ["h"]))
    assert np.isnan(np.frombuffer(sent["values"], "<f4")).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (np.ones(3), r"labels\['a'\] must have shape \(2,\), one value per token, got \(3,\)"),
        (np.ones((2, 2)), r"labels\['a'\] must be a one-dimensional array .* got shape \(2, 2\)"),
        (np.array(["x", "y"]), r"labels\['a'\] must be .* of booleans or real numbers, got .*U1"),
        (np.array([1j, 2j]), r"labels\['a'\] must be .* got shape \(2,\) of complex128"),
        (np.array([None, True]), r"labels\['a'\] must be .* of object"),
    ],
)
def test_what_is_no_label_is_refused_by_its_name(label: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_label(label, trace_of(2), "labels['a']")


def test_a_label_is_called_what_it_or_its_function_is_called() -> None:
    trace = Trace.from_arrays('a "b"', {"h": np.zeros((5, 1))})

    def after_a_comma(trace: Trace) -> list[bool]:
        return [each == "," for each in trace.tokens]

    assert read_label(labels.inside_quotes, trace, "label").name == "inside quotes"
    assert read_label(after_a_comma, trace, "label").name == "after a comma"
    assert read_label(lambda t: np.zeros(len(t)), trace, "label").name == ""
    assert label_values([True, False], "label").name == ""
