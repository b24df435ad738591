"""Cells called in a loop of the user's own: torch's, and those of other people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from rnnviz_widget import record, record_batch, register_cell
from rnnviz_widget.recording import cell_recorder
from rnnviz_widget.recurrent import registry
from rnnviz_widget.trace import Trace
from tests.unit import recurrence

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = {
    "RNN_TANH": nn.RNNCell,
    "RNN_RELU": lambda i, u: nn.RNNCell(i, u, nonlinearity="relu"),
    "GRU": nn.GRUCell,
    "LSTM": lambda i, u: nn.LSTMCell(i, u, bias=False),
}


class Loop(nn.Module):
    """Steps a cell along its input, `(T, I)` or `(T, B, I)`."""

    def __init__(self, cell: nn.Module, steps: int | None = None) -> None:
        super().__init__()
        self.cell, self.steps = cell, steps

    def forward(self, x: Tensor) -> Tensor:
        state, outputs = None, []
        for x_t in x[: self.steps]:
            state = self.cell(x_t, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.stack(outputs)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(sorted(CELLS)),
    st.integers(1, 4),
    st.integers(1, 9),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
)
def test_cells_in_a_loop_follow_the_equations(
    mode: str, inputs: int, units: int, length: int, seed: int
) -> None:
    torch.manual_seed(seed)
    cell, x = CELLS[mode](inputs, units), torch.randn(length, inputs)
    w = {k: recurrence.double(v) for k, v in cell.state_dict().items()}
    trace = record(Loop(cell), x, tokens="x" * length)
    state = [np.zeros(units)] * 2
    for t in range(length):
        row = recurrence.step(mode, w, recurrence.double(x[t]), state)
        state = [row["h"], row.get("c", row["h"])]
        assert trace.states == tuple(f"cell.l0.{kind}" for kind in row)
        for kind, values in row.items():
            recorded = np.asarray(trace[f"cell.l0.{kind}"])[t]
            np.testing.assert_allclose(recorded, values, atol=1e-5)


def test_cells_have_the_bounds_that_are_proven() -> None:
    bounds = {}
    for mode, cell in CELLS.items():
        trace = record(Loop(cell(2, 3)), torch.randn(4, 2), tokens="abcd")
        bounds[mode] = {n.split(".")[-1] for n in trace.states if trace.bounds(n) is not None}
    assert bounds == {
        "RNN_TANH": {"h"},
        "RNN_RELU": set(),
        "GRU": {"r", "z", "n"},
        "LSTM": {"h", "tanh_c", "i", "f", "g", "o"},
    }


def test_a_loop_longer_than_the_memory_for_steps_is_recorded_whole() -> None:
    cell, x = nn.GRUCell(2, 3), torch.randn(2 * cell_recorder._FLUSH + 5, 2)
    module = Loop(cell)
    trace = record(module, x, tokens="x" * len(x))
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(trace["cell.l0.h"]), module(x))


def test_a_loop_over_a_batch_gives_a_trace_for_each_sequence() -> None:
    module, x = Loop(nn.LSTMCell(2, 3)), torch.randn(5, 2, 2)
    first, second = record_batch(module, x, tokens=["abcde", "abc"])
    with torch.no_grad():
        h = module(x).numpy()
    np.testing.assert_array_equal(np.asarray(first["cell.l0.h"]), h[:, 0])
    np.testing.assert_array_equal(np.asarray(second["cell.l0.h"]), h[:3, 1])


def test_a_loop_that_stops_early_is_told() -> None:
    with pytest.raises(ValueError, match="4 tokens, but cell ran 3 steps"):
        record(Loop(nn.GRUCell(2, 3), 3), torch.randn(4, 2), tokens="abcd")


class Recounting(nn.GRUCell):
    def forward(self, *inputs: Any) -> Tensor:
        return super().forward(*inputs) + 1


def test_a_cell_that_computes_something_of_its_own_is_not_read_as_torchs() -> None:
    with pytest.raises(TypeError, match=r"Recounting with a forward of its own.*register_cell"):
        record(Loop(Recounting(2, 3)), torch.randn(4, 2), tokens="abcd")


# --- cells of other people ------------------------------------------------------------------------


class MultiplicativeLSTM(nn.Module):
    """m = (W_mx x) * (W_mh h); gates from x and m (Krause, Lu, Murray and Renals, 2016)."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.m_x = nn.Linear(inputs, units, bias=False)
        self.m_h = nn.Linear(units, units, bias=False)
        self.x, self.m = nn.Linear(inputs, 4 * units), nn.Linear(units, 4 * units)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> Any:
        h, c = state or (x.new_zeros(self.m_h.in_features),) * 2
        i, f, o, u = (self.x(x) + self.m(self.m_x(x) * self.m_h(h))).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * u.tanh()
        return o.sigmoid() * c.tanh(), c


class MinimalGatedUnit(nn.Module):
    """h = (1 - f) h + f tanh(W x + U (f h)), with one gate f (Zhou, Wu, Zhang and Zhou, 2016)."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.f_x, self.f_h = nn.Linear(inputs, units), nn.Linear(units, units)
        self.n_x, self.n_h = nn.Linear(inputs, units), nn.Linear(units, units)

    def gate(self, x: Tensor, h: Tensor) -> Tensor:
        return (self.f_x(x) + self.f_h(h)).sigmoid()

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        h = x.new_zeros(self.f_h.in_features) if h is None else h
        f = self.gate(x, h)
        return (1 - f) * h + f * (self.n_x(x) + self.n_h(f * h)).tanh()


@pytest.fixture
def registered() -> Iterator[None]:
    """Tell of both cells, and forget them again."""
    before = dict(registry._READERS)

    def read_mlstm(cell: MultiplicativeLSTM, inputs: dict[str, Any], output: Any) -> dict[str, Any]:
        x, (h, c) = inputs["x"], output
        h_prev = (inputs["state"] or (torch.zeros_like(h),))[0]
        m = cell.m_x(x) * cell.m_h(h_prev)
        i, f, o, _ = (cell.x(x) + cell.m(m)).sigmoid().chunk(4, dim=-1)
        return {"h": h, "c": c, "m": m, "i": i, "f": f, "o": o}

    gates = dict.fromkeys(("i", "f", "o"), (0, 1))
    kinds = ("h", "c", "m", "i", "f", "o")
    register_cell(MultiplicativeLSTM, read_mlstm, kinds, bounds=gates)

    def read_mgu(cell: MinimalGatedUnit, inputs: dict[str, Any], output: Tensor) -> dict[str, Any]:
        h = torch.zeros_like(output) if inputs["h"] is None else inputs["h"]
        return {"h": output, "f": cell.gate(inputs["x"], h)}

    register_cell(MinimalGatedUnit, read_mgu, ("h", "f"), bounds={"f": (0, 1)})
    yield
    registry._READERS.clear()
    registry._READERS.update(before)


@pytest.mark.usefixtures("registered")
def test_a_multiplicative_lstm_is_recorded_once_it_is_told_how() -> None:
    cell, x = MultiplicativeLSTM(3, 5), torch.randn(20, 3)
    trace = record(Loop(cell), x, tokens="x" * 20)
    assert trace.states == tuple(f"cell.l0.{kind}" for kind in ("h", "c", "m", "i", "f", "o"))
    assert trace.bounds("cell.l0.f") == (0, 1)
    w = {k: recurrence.double(v) for k, v in cell.state_dict().items()}
    h = c = np.zeros(5)
    for t, x_t in enumerate(recurrence.double(x)):
        m = (w["m_x.weight"] @ x_t) * (w["m_h.weight"] @ h)
        sums = w["x.weight"] @ x_t + w["x.bias"] + w["m.weight"] @ m + w["m.bias"]
        i, f, o, u = np.split(sums, 4)
        i, f, o = (recurrence.sigmoid(gate) for gate in (i, f, o))
        c = f * c + i * np.tanh(u)
        h = o * np.tanh(c)
        for kind, values in {"h": h, "c": c, "m": m, "i": i, "f": f, "o": o}.items():
            recorded = np.asarray(trace[f"cell.l0.{kind}"])[t]
            np.testing.assert_allclose(recorded, values, atol=1e-5)


@pytest.mark.usefixtures("registered")
def test_a_minimal_gated_unit_is_recorded_once_it_is_told_how() -> None:
    cell, x = MinimalGatedUnit(3, 5), torch.randn(20, 3)
    trace = record(Loop(cell), x, tokens="x" * 20, states="*.f")
    assert trace.states == ("cell.l0.f",)
    with torch.no_grad():
        h = torch.cat([torch.zeros(1, 5), Loop(cell)(x)[:-1]])
        expected = cell.gate(x, h).numpy()
    np.testing.assert_allclose(np.asarray(trace["cell.l0.f"]), expected, atol=1e-6)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"h": torch.zeros(5)}, r"registered for \('h', 'f'\), but returned \('h',\)"),
        ({"h": torch.zeros(5), "f": torch.zeros(1, 2, 5)}, r"cell.l0.f must be .* got \(1, 2, 5\)"),
        ({"h": torch.zeros(5), "f": 3}, r"cell.l0.f must be a tensor .* got int"),
    ],
)
def test_what_a_reader_may_not_return_is_refused(values: dict[str, Any], message: str) -> None:
    register_cell(MinimalGatedUnit, lambda *_: values, ("h", "f"))
    with pytest.raises(ValueError, match=message):
        record(Loop(MinimalGatedUnit(3, 5)), torch.randn(4, 3), tokens="abcd")


def test_what_cannot_be_registered_is_refused() -> None:
    with pytest.raises(TypeError, match=r"subclass of torch\.nn\.Module"):
        register_cell(dict, lambda *_: {}, ("h",))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="different names"):
        register_cell(Recounting, lambda *_: {}, ("h", "h"))
    with pytest.raises(ValueError, match=r"bounds names \['f'\]"):
        register_cell(Recounting, lambda *_: {}, ("h",), bounds={"f": (0, 1)})


def test_values_of_another_framework_become_a_trace() -> None:
    """As from Keras: ``GRU(4, return_sequences=True, reset_after=True)``, its gates by hand.

    Keras keeps its gates in the order z, r, n and its weights transposed; given torch's, it
    computes the same. What it returns is `(1, T, U)`.
    """
    torch.manual_seed(0)
    layer, x = nn.GRU(3, 4), torch.randn(6, 3)
    order = [1, 0, 2]
    kernel, recurrent, bias = (
        np.concatenate([np.split(recurrence.double(w), 3)[k] for k in order]).T
        for w in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0)
    )
    h_bias = np.concatenate([np.split(recurrence.double(layer.bias_hh_l0), 3)[k] for k in order])
    h, rows, updates = np.zeros(4), [], []
    for x_t in recurrence.double(x):
        x_z, x_r, x_n = np.split(x_t @ kernel + bias, 3)
        h_z, h_r, h_n = np.split(h @ recurrent + h_bias, 3)
        z, r = recurrence.sigmoid(x_z + h_z), recurrence.sigmoid(x_r + h_r)
        h = z * h + (1 - z) * np.tanh(x_n + r * h_n)
        rows.append(h)
        updates.append(z)
    output = np.stack(rows)[None]  # (1, T, U)

    trace = Trace.from_arrays(
        "abcdef",
        {"gru.l0.h": output[0], "gru.l0.z": updates},
        bounds={"gru.l0.h": (-1, 1), "gru.l0.z": (0, 1)},
        source={"framework": "keras"},
    )
    expected = record(layer, x, tokens="abcdef")
    for name in trace.states:
        np.testing.assert_allclose(trace[name], expected[name], atol=1e-6)
