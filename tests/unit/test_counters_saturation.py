"""Shares of the time that gates are closed and open, against counts made by hand."""

import numpy as np
import pytest
import torch

import rnnviz_widget as rnnviz
from rnnviz_widget.counters import gate_saturation
from rnnviz_widget.trace import Trace


def gates() -> Trace:
    rng = np.random.default_rng(0)
    return Trace.from_arrays(
        "ab" * 250,
        {
            "rnn.l0.h": rng.standard_normal((500, 3)),
            "rnn.l0.f": rng.beta(0.3, 0.3, (500, 3)),
            "rnn.l0.o": np.full((500, 3), 0.95),
        },
    )


def test_shares_are_counts_over_tokens() -> None:
    trace = gates()
    saturation = gate_saturation(trace)
    assert saturation.states == ("rnn.l0.f", "rnn.l0.o")
    assert len(saturation) == 6
    for point in saturation:
        values = trace.unit(point.state, point.unit).tolist()
        assert point.left == sum(v < 0.1 for v in values) / 500
        assert point.right == sum(v > 0.9 for v in values) / 500
    assert saturation[3].name == "rnn.l0.o[0]"
    assert (saturation[3].layer, saturation[3].gate) == ("rnn.l0", "o")
    assert (saturation[3].left, saturation[3].right) == (0, 1)


def test_a_recorded_lstm_has_three_gates_and_a_gru_two() -> None:
    for module, kinds in ((torch.nn.LSTM(4, 5), "ifo"), (torch.nn.GRU(4, 5), "rz")):
        trace = rnnviz.record(module, torch.randn(20, 1, 4), tokens="x" * 20)
        saturation = gate_saturation(trace)
        assert [state[-1] for state in saturation.states] == list(kinds)
        assert len(saturation) == 5 * len(kinds)


def test_a_point_is_found_by_its_place_and_by_its_name() -> None:
    saturation = gate_saturation(gates())
    point = saturation.of("rnn.l0.f")[2]
    assert saturation.nearest(point.left, point.right) == point
    assert saturation.nearest(point.left, point.right, "rnn.l0.o").state == "rnn.l0.o"
    with pytest.raises(KeyError, match=r"no gate is named 'rnn.l0.z'; there are rnn.l0.f, "):
        saturation.of("rnn.l0.z")


def test_values_that_are_missing_are_not_counted() -> None:
    values = np.array([[0.0, np.nan]] * 3 + [[np.nan, np.nan]])
    first, second = gate_saturation(Trace.from_arrays("abcd", {"l.z": values}))
    assert (first.left, first.right) == (1, 0)
    assert np.isnan(second.left)
    assert np.isnan(second.right)


def test_a_trace_without_gates_is_refused() -> None:
    trace = Trace.from_arrays("ab", {"l.h": [[0.0], [1.0]]})
    with pytest.raises(ValueError, match=r"trace must hold gates, .* it has l\.h"):
        gate_saturation(trace)


def test_several_traces_count_as_one_text() -> None:
    low, high = (Trace.from_arrays("abc", {"l.z": np.full((3, 1), v)}) for v in (0.0, 1.0))
    assert vars(gate_saturation([low, high])[0]) == vars(
        gate_saturation(Trace.from_arrays("abcabc", {"l.z": [[0.0]] * 3 + [[1.0]] * 3}))[0]
    )


def test_a_summary_is_printed_and_escaped() -> None:
    trace = Trace.from_arrays("ab", {"<b>.f": [[0.05], [0.0]]})
    saturation = gate_saturation(trace)
    assert "forget gate" in str(saturation)
    html = saturation._repr_html_()
    assert "&lt;b&gt;.f" in html
    assert "<b>" not in html
    frame = saturation.to_pandas()
    assert frame.columns.tolist() == ["state", "unit", "layer", "gate", "left", "right"]
    assert frame.left.tolist() == [1.0]
