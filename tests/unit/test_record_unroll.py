"""The parallel run over time is the sequential one, or is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz_widget.recording import record, stack, unroll
from tests.unit import recurrence
from tests.unit.test_record_exact import CELLS, module_of

if TYPE_CHECKING:
    from rnnviz_widget.trace import Trace

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


def both(module: nn.RNNBase, x: torch.Tensor, mode: str = "chunked") -> tuple[Trace, Trace]:
    tokens = "x" * len(x)
    return (
        record(module, x, tokens=tokens, unroll=mode),
        record(module, x, tokens=tokens, unroll="sequential"),
    )


def methods(trace: Trace) -> set[str]:
    return {"chunks" if "chunks" in how else how for how in trace.source["unroll"].values()}


def assert_close(trace: Trace, expected: Trace) -> None:
    for name in expected.states:
        there = np.asarray(expected[name])
        apart = np.abs(np.asarray(trace[name]) - there).max()
        assert apart <= 1e-5 * np.abs(there).max(), (name, apart)


def assert_same_bits(trace: Trace, expected: Trace) -> None:
    assert methods(trace) == {"sequential"}
    for name in expected.states:
        np.testing.assert_array_equal(np.asarray(trace[name]), np.asarray(expected[name]))


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_parallel_run_is_the_sequential_one_or_is_not_used(data: st.DataObject) -> None:
    mode = data.draw(st.sampled_from(CELLS))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**32 - 1)))
    module = module_of(
        mode,
        (3, data.draw(st.integers(2, 12))),
        generator,
        gain=data.draw(st.sampled_from((0.3, 0.7, 1.0, 2.0))),
        num_layers=data.draw(st.integers(1, 2)),
        bidirectional=data.draw(st.booleans()),
    )
    chunks = data.draw(st.integers(2, 7))
    length = data.draw(st.integers(16 * chunks, 400))
    dtype = data.draw(st.sampled_from((torch.float32, torch.float64)))
    x = torch.randn(length, 1, 3, generator=generator).to(dtype)
    call = stack.Stack(module.to(dtype), module.forward, "").fused(0, 0)
    width = module.hidden_size
    start = tuple(torch.randn(1, width, generator=generator).to(dtype) for _ in range(2))
    state = start if mode == "LSTM" else start[:1]
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(unroll, "BLOCK", 8)
        parallel = unroll.chunked(call, x, state, chunks, patience=chunks)
        expected = unroll.sequential(call, x, state)
    assume(parallel is not None)
    scale = float(expected.h.abs().max())
    assert float((parallel.h - expected.h).abs().max()) <= 1e-5 * scale
    for a, b in zip(parallel.final, expected.final, strict=True):
        assert float((a - b).abs().max()) <= 1e-5 * max(scale, float(b.abs().max()))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(CELLS),
    st.integers(0, 2**32 - 1),
    st.integers(256, 400),
    st.booleans(),
    st.integers(0, 1),
)
def test_every_kind_of_a_parallel_recording_follows_the_equations(
    mode: str, seed: int, length: int, both_ways: bool, projection: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    more: dict[str, Any] = {"proj_size": 2} if projection and mode == "LSTM" else {}
    module = module_of(mode, (3, 6), generator, 0.8, num_layers=2, bidirectional=both_ways, **more)
    x = torch.randn(length, 3, generator=generator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unroll, "BLOCK", 8)
        trace = record(module, x, tokens="x" * length, unroll="chunked")
    assert "chunks" in methods(trace)
    path = type(module).__name__.lower()
    for name, values in recurrence.states(module, recurrence.double(x)).items():
        apart = np.abs(np.asarray(trace[f"{path}.{name}"]) - values).max()
        assert apart <= 1e-5 * np.abs(values).max(), (name, apart)


@pytest.mark.parametrize("mode", CELLS)
def test_a_long_text_is_run_in_parallel_by_default(mode: str) -> None:
    generator = torch.Generator().manual_seed(0)
    module = module_of(mode, (3, 16), generator, num_layers=2)
    trace, expected = both(module, torch.randn(7000, 3, generator=generator), "auto")
    assert methods(trace) == {"chunks"}
    assert_close(trace, expected)


def test_a_short_text_is_not_cut() -> None:
    trace, expected = both(nn.GRU(3, 4), torch.randn(500, 3), "auto")
    assert_same_bits(trace, expected)


# --- networks made to mislead it ------------------------------------------------------------------


def lstm_of(
    units: int, *, i: Any = 50.0, f: Any = 50.0, o: Any = 50.0, from_x: Any = 1.0
) -> nn.LSTM:
    """Return an LSTM of one input with constant gates: c = sigmoid(f) c + sigmoid(i) tanh(w x)."""
    module = nn.LSTM(1, units)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for k, bias in enumerate((i, f, 0.0, o)):
            module.bias_ih_l0[k * units : (k + 1) * units] = torch.as_tensor(bias)
        module.weight_ih_l0[2 * units : 3 * units, 0] = torch.as_tensor(from_x)
    return module


def leak(forget: float) -> float:
    """Return the bias of a forget gate."""
    return float(np.log(forget / (1 - forget)))


def noise(length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(length, 1, generator=torch.Generator().manual_seed(seed))


def test_an_exact_counter_is_run_step_by_step() -> None:
    x = torch.sign(noise(8000)) * 0.1
    trace, expected = both(lstm_of(3), x)
    assert_same_bits(trace, expected)
    counted = np.cumsum(np.tanh(recurrence.double(x)), axis=0)
    np.testing.assert_allclose(np.asarray(trace["lstm.l0.c"])[:, :1], counted, rtol=0, atol=1e-3)


def test_a_counter_too_slow_to_be_seen_between_two_chunks_is_not_lost() -> None:
    """It moves by 3e-7 of the largest state in a chunk, and by 5e-6 in all: less than a seam."""
    module = lstm_of(2, f=[50.0, -50.0], from_x=[1e-9, 1.0])
    trace, expected = both(module, torch.ones(5000, 1))
    assert_same_bits(trace, expected)


@pytest.mark.parametrize("forget", [0.9, 0.99, 0.999, 0.9999])
@pytest.mark.parametrize("mode", ["auto", "chunked"])
def test_a_slow_leak_ends_where_it_ends_step_by_step(forget: float, mode: str) -> None:
    module = lstm_of(2, f=[leak(forget), 0.0])
    trace, expected = both(module, noise(40_000) + 0.5, mode)
    assert_close(trace, expected)


def test_slow_leaks_are_run_in_parallel_where_chunks_are_long_enough() -> None:
    module = lstm_of(2, f=[leak(0.99), 0.0])
    assert methods(record(module, noise(40_000), tokens="x" * 40_000)) == {"chunks"}


def latch() -> nn.RNN:
    """Return a tanh unit that keeps the sign it has until an input changes it."""
    module = nn.RNN(1, 1)
    with torch.no_grad():
        module.weight_hh_l0.fill_(5.0)
        module.weight_ih_l0.fill_(20.0)
        module.bias_ih_l0.zero_()
        module.bias_hh_l0.zero_()
    return module


@pytest.mark.parametrize("when", [0, 1, 5000, 12_345, 19_999])
def test_a_latch_stays_set_whenever_it_was_set(when: int) -> None:
    x = torch.zeros(20_000, 1)
    x[when] = 2.0
    module = latch()
    start = -torch.ones(1, 1)
    tokens = "x" * len(x)
    trace = record(module, x, start, tokens=tokens, unroll="chunked")
    h = trace.unit("rnn.l0.h", 0)
    assert (h[:when] < -0.9).all()
    assert (h[when:] > 0.9).all()
    assert_close(trace, record(module, x, start, tokens=tokens, unroll="sequential"))


def test_memory_behind_a_closed_output_gate_is_not_overlooked() -> None:
    """Where h is 0 whatever c holds, two runs agree in h alone."""
    module = lstm_of(2, f=[50.0, -50.0], o=[-50.0, 50.0])
    trace, expected = both(module, noise(8000) * 0.1)
    assert_same_bits(trace, expected)


@pytest.mark.parametrize("mode", ["auto", "chunked"])
def test_a_chaotic_network_comes_back_step_by_step_bit_for_bit(mode: str) -> None:
    generator = torch.Generator().manual_seed(3)
    module = nn.RNN(2, 100)
    with torch.no_grad():
        w = torch.randn(100, 100, generator=generator)
        module.weight_hh_l0.copy_(w * 1.5 / torch.linalg.eigvals(w).abs().max())
    x = 0.1 * torch.randn(6000, 2, generator=generator)
    trace, expected = both(module, x, mode)
    assert_same_bits(trace, expected)
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(trace["rnn.l0.h"]), module(x)[0].numpy())


def test_a_network_that_grows_without_bound_comes_back_as_it_is() -> None:
    module = nn.RNN(1, 2, nonlinearity="relu")
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
    trace, expected = both(module, torch.ones(5000, 1))
    assert_same_bits(trace, expected)
    assert np.isinf(trace["rnn.l0.h"][-1]).all()


def test_missing_numbers_in_the_input_stay_missing() -> None:
    x = noise(6000)
    x[3000] = torch.nan
    trace, _ = both(nn.GRU(1, 3), x)
    assert np.isnan(trace["gru.l0.h"][3000:]).all()
    assert np.isfinite(trace["gru.l0.h"][:3000]).all()


# --- what checks it -------------------------------------------------------------------------------


def test_seams_that_disagree_with_a_sequential_rerun_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a tolerance that accepts any seam, the rerun spans are what is left to notice."""
    monkeypatch.setattr(unroll._Pieces, "settle", lambda *_: True)
    trace, expected = both(lstm_of(2, f=3.0), noise(8000))
    assert_same_bits(trace, expected)


def test_a_layer_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stack.FUSED, "RNN_TANH", torch.rnn_relu)
    with pytest.raises(RuntimeError, match=r"rnn\.l0: the gate equations give an h that differs"):
        record(nn.RNN(2, 3), torch.randn(20, 2), tokens="x" * 20)


def test_an_unknown_way_to_unroll_is_refused() -> None:
    with pytest.raises(ValueError, match='"auto", "chunked" or "sequential", got \'fast\''):
        record(nn.RNN(2, 3), torch.randn(2, 2), tokens="xx", unroll="fast")
