"""The parallel run over time is the sequential one, or is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz_widget.recording import record
from rnnviz_widget.recording.parallel import chunks, plan
from rnnviz_widget.recording.parallel.cost import StepCost
from rnnviz_widget.recurrent.rnn import RNN
from tests.unit import recurrence
from tests.unit.test_record_exact import CELLS, module_of

if TYPE_CHECKING:
    from pathlib import Path

    from rnnviz_widget.trace import Trace

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture(autouse=True)
def chunks_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small layers and short texts, which are quick to test, stand for large and long ones."""
    monkeypatch.setattr(StepCost, "pays", lambda *_: True)


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


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_parallel_run_is_the_sequential_one_or_is_not_used(data: st.DataObject) -> None:
    """Of networks that forget and of others; in the latter case bit for bit."""
    mode = data.draw(st.sampled_from(CELLS))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**32 - 1)))
    module = module_of(
        mode,
        (3, data.draw(st.integers(2, 12))),
        generator,
        gain=data.draw(st.sampled_from((0.3, 0.7, 1.0, 2.0, 4.0))),
        num_layers=data.draw(st.integers(1, 2)),
        bidirectional=data.draw(st.booleans()),
    )
    dtype = data.draw(st.sampled_from((torch.float32, torch.float64)))
    x = torch.randn(data.draw(st.integers(32, 400)), 3, generator=generator).to(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "BLOCK", 8)
        patch.setattr(plan, "BLOCK", 8)
        trace, expected = both(module.to(dtype), x)
    if "chunks" in methods(trace):
        assert_close(trace, expected)
    else:
        assert_same_bits(trace, expected)


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


def chaotic(inputs: int, generator: torch.Generator) -> nn.RNN:
    """Return 100 tanh units with random weights of spectral radius 1.5."""
    module = nn.RNN(inputs, 100)
    with torch.no_grad():
        w = torch.randn(100, 100, generator=generator)
        module.weight_hh_l0.copy_(w * 1.5 / torch.linalg.eigvals(w).abs().max())
    return module


@pytest.mark.parametrize("mode", ["auto", "chunked"])
def test_a_chaotic_network_comes_back_step_by_step_bit_for_bit(mode: str) -> None:
    generator = torch.Generator().manual_seed(3)
    module = chaotic(2, generator)
    x = 0.1 * torch.randn(6000, 2, generator=generator)
    trace, expected = both(module, x, mode)
    assert_same_bits(trace, expected)
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(trace["rnn.l0.h"]), module(x)[0].numpy())


class Stacked(nn.Module):
    """A layer that forgets, and on it a chaotic one."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.calm = module_of("GRU", (2, 8), generator)
        self.wild = chaotic(8, generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.wild(self.calm(x)[0])[0]


def test_what_a_chaotic_layer_reads_is_the_sequential_run_too() -> None:
    """A layer below that was run in parallel would put it on another course."""
    module, x = Stacked(), 0.1 * noise(12_000).view(6000, 2)
    tokens = "x" * 6000
    trace = record(module, x, tokens=tokens)
    assert_same_bits(trace, record(module, x, tokens=tokens, unroll="sequential"))
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(trace["wild.l0.h"]), module(x).numpy())
    calm = record(module.calm, x, tokens=tokens)
    assert methods(calm) == {"chunks"}


@pytest.mark.parametrize("out", [False, True])
def test_a_network_that_turns_chaotic_late_comes_back_step_by_step_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: bool
) -> None:
    """As long as its first input holds all units at 1 it forgets; what was run so is given up."""
    monkeypatch.setattr(plan, "_LONGEST", 4096)
    monkeypatch.setattr(plan, "_KEPT_BYTES", 4096 * 400)
    module = chaotic(2, torch.Generator().manual_seed(3))
    with torch.no_grad():
        module.weight_ih_l0[:, 0] = 100
    x = 0.1 * noise(32_000).view(16_000, 2)
    x[:, 0] = torch.where(torch.arange(16_000) < 9000, 1.0, 0.0)
    tokens, where = "x" * 16_000, {"out": tmp_path / "t.zarr"} if out else {}
    trace = record(module, x, tokens=tokens, progress=True, **where)
    assert "16.0k/16.0k" in capsys.readouterr().err
    assert_same_bits(trace, record(module, x, tokens=tokens, unroll="sequential"))
    assert methods(record(module, x[:8192], tokens="x" * 8192)) == {"chunks"}


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
    monkeypatch.setattr(chunks.Chunks, "settle", lambda *_: True)
    trace, expected = both(lstm_of(2, f=3.0), noise(8000))
    assert_same_bits(trace, expected)


def test_steps_that_do_not_follow_from_the_ones_before_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With both of that disabled, the first step of every block still has to fit."""
    monkeypatch.setattr(chunks.Chunks, "settle", lambda *_: True)
    monkeypatch.setattr(chunks.Chunks, "agree_with_sequential", lambda *_: True)
    with pytest.raises(RuntimeError, match=r"lstm\.l0: the gate equations give an h that differs"):
        both(lstm_of(2, f=3.0), noise(8000))


def test_a_layer_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RNN, "fused", torch.rnn_relu)
    with pytest.raises(RuntimeError, match=r"rnn\.l0: the gate equations give an h that differs"):
        record(nn.RNN(2, 3), torch.randn(20, 2), tokens="x" * 20)


def test_an_unknown_way_to_unroll_is_refused() -> None:
    with pytest.raises(ValueError, match='"auto", "chunked" or "sequential", got \'fast\''):
        record(nn.RNN(2, 3), torch.randn(2, 2), tokens="xx", unroll="fast")


@pytest.mark.parametrize("wrong", [0, 1e-6, 0.01, float("nan"), "1e-5"])
def test_a_tolerance_that_cannot_be_kept_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"tolerance must be in \[1e-5, 1e-3\], got"):
        record(nn.RNN(2, 3), torch.randn(2, 2), tokens="xx", tolerance=wrong)
