"""Numbers that a type cannot hold are refused, not turned into others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz_widget import Trace, labels, rank_units, record
from rnnviz_widget.recording.logits import log_probabilities


class Scaled(nn.Module):
    """A ReLU network in float64 whose states grow beyond float32, and its logits with them."""

    vocabulary = ("a", "b")

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.rnn = nn.RNN(1, 2, nonlinearity="relu").double()
        self.scale = scale
        with torch.no_grad():
            for weight in self.rnn.parameters():
                weight.fill_(0)
            self.rnn.weight_ih_l0.fill_(scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn(x)[0]


@pytest.mark.parametrize("unroll", ["sequential", "chunked"])
def test_states_beyond_float32_are_refused_by_name(unroll: str) -> None:
    x = torch.ones(5, 1, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"rnn\.l0\.(h|pre) reaches 1e\+100, beyond the float32"):
        record(Scaled(1e100), x, tokens="abcde", vocabulary=None, unroll=unroll)
    assert record(Scaled(1e30), x, tokens="abcde")["rnn.l0.h"][0, 0] == np.float32(1e30)


def test_an_infinity_that_was_computed_is_kept() -> None:
    x = torch.full((1, 1), torch.inf, dtype=torch.float64)
    assert np.isinf(record(Scaled(1.0), x, tokens="a")["rnn.l0.h"]).all()


def test_logits_are_read_in_their_own_precision() -> None:
    """Of 1e300 and 0, as of 1000 and 0, the first is certain: float32 would say NaN."""
    found = log_probabilities(torch.tensor([[1e300, 0.0]], dtype=torch.float64)).exp()
    assert found.tolist() == [[1.0, 0.0]]
    half = log_probabilities(torch.tensor([[10.0, 0.0]], dtype=torch.float16))
    assert half.dtype == torch.float32


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.GRUCell, nn.LSTMCell])
def test_cells_under_autocast_are_refused_as_layers_are(cell: type[nn.RNNCellBase]) -> None:
    """Their gates, computed beside them, would be off by rounding to half precision."""

    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell(2, 3)

        def forward(self, x: torch.Tensor) -> None:
            state = None
            for row in x:
                state = self.cell(row[None], state)

    with torch.autocast("cpu", torch.bfloat16), pytest.raises(TypeError, match=r"torch\.autocast"):
        record(Loop(), torch.randn(4, 2), tokens="abcd")
    assert len(record(Loop(), torch.randn(4, 2), tokens="abcd")) == 4


@pytest.mark.parametrize("values", ["bool", "number"])
def test_a_label_that_each_token_decides_says_so_within_tokens(values: str) -> None:
    """No unit holds NaN here."""
    text = "ab\n" * 200
    trace = Trace.from_arrays(text, {"h": np.random.default_rng(0).standard_normal((600, 2))})
    is_a = np.array([c == "a" for c in text])
    label = is_a if values == "bool" else np.where(is_a, 2.0, 1.0)
    with pytest.raises(ValueError, match=r"the label .* must vary within some token") as caught:
        rank_units(trace, label, name="is a", within="token")
    assert "NaN" not in str(caught.value)
    assert rank_units(trace, labels.line_position(trace), probe=False).metric == "Spearman"


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1e-310])
def test_a_label_has_the_same_scores_at_any_scale(scale: float) -> None:
    chance = np.random.default_rng(0)
    trace = Trace.from_arrays("ab\n" * 200, {"h": chance.standard_normal((600, 2))})
    label = chance.standard_normal(600)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rank_units(trace, label * scale, probe=False)[0]
    expected = rank_units(trace, label, probe=False)[0]
    assert found.held_out == pytest.approx(expected.held_out)
    assert found.detail.pearson == pytest.approx(expected.detail.pearson, rel=1e-3)
