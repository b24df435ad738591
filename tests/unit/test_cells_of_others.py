"""A cell stepped by the model's own loop is recorded, ranked, clamped and ablated as a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnviz_widget as rnnviz
from rnnviz_widget.recurrent import registry
from rnnviz_widget.recurrent.cells import CELLS

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS, INPUTS, UNITS = 40, 3, 4


class Leaky(nn.Module):
    """A leaky cell: h[t] = (1 - a) h[t - 1] + a tanh(W x[t] + V h[t - 1])."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.v = nn.Linear(INPUTS, UNITS), nn.Linear(UNITS, UNITS)

    def drive(self, x: Tensor, h: Tensor) -> Tensor:
        return (self.w(x) + self.v(h)).tanh()

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return 0.5 * h + 0.5 * self.drive(x, h)


class Loop(nn.Module):
    """Steps a cell over `x (T, I)`; returns `h (T, U)`."""

    def __init__(self, cell: nn.Module, state: Any) -> None:
        super().__init__()
        self.cell, self.state = cell, state

    def forward(self, x: Tensor) -> Tensor:
        state, outputs = self.state, []
        for row in x:
            state = self.cell(row[None], state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.cat(outputs)


def read(cell: Leaky, inputs: dict[str, Any], output: Tensor) -> dict[str, Tensor]:
    return {"h": output, "drive": cell.drive(**inputs)}


def step(cell: Leaky, inputs: dict[str, Any], change: Any) -> Tensor:
    drive = change("drive", cell.drive(**inputs))
    return change("h", 0.5 * inputs["h"] + 0.5 * drive)


@pytest.fixture
def registered() -> Iterator[None]:
    before = dict(registry._READERS)
    rnnviz.register_cell(Leaky, read, ("h", "drive"), bounds={"h": (-1, 1), "drive": (-1, 1)})
    yield
    registry._READERS.clear()
    registry._READERS.update(before)


def leaky() -> tuple[Loop, Tensor]:
    torch.manual_seed(0)
    return Loop(Leaky(), torch.zeros(1, UNITS)), torch.randn(STEPS, INPUTS)


def by_hand(cell: Leaky, x: Tensor, held: dict[str, tuple[int, float]]) -> dict[str, np.ndarray]:
    """Return what the equation gives in float64, step after step, with units held."""
    w = {k: v.detach().double().numpy() for k, v in cell.state_dict().items()}
    h, rows = np.zeros(UNITS), {"h": [], "drive": []}
    for row in x.double().numpy():
        drive = np.tanh(w["w.weight"] @ row + w["w.bias"] + w["v.weight"] @ h + w["v.bias"])
        if "drive" in held:
            drive[held["drive"][0]] = held["drive"][1]
        h = 0.5 * h + 0.5 * drive
        if "h" in held:
            h[held["h"][0]] = held["h"][1]
        rows["h"].append(h)
        rows["drive"].append(drive)
    return {kind: np.stack(values) for kind, values in rows.items()}


def assert_recorded(model: Loop, x: Tensor, expected: dict[str, np.ndarray]) -> rnnviz.Trace:
    trace = rnnviz.record(model, x, tokens="x" * STEPS)
    for kind, values in expected.items():
        np.testing.assert_allclose(np.asarray(trace[f"cell.l0.{kind}"]), values, atol=1e-6)
    np.testing.assert_allclose(model(x).detach().numpy(), expected["h"], atol=1e-6)
    return trace


@pytest.mark.usefixtures("registered")
def test_a_registered_cell_is_recorded_and_clamped_and_afterwards_as_before() -> None:
    model, x = leaky()
    plain = by_hand(model.cell, x, {})
    assert_recorded(model, x, plain)
    with rnnviz.clamp(model, "cell.l0.h", 2, 0.75):
        trace = assert_recorded(model, x, by_hand(model.cell, x, {"h": (2, 0.75)}))
        assert trace.source["interventions"] == ["cell.l0.h[2] = 0.75 (recurrence)"]
        assert trace.bounds("cell.l0.h") == (-1, 1)
    with rnnviz.clamp(model, "cell.l0.h", 2, 1.5):
        assert rnnviz.record(model, x, tokens="x" * STEPS).bounds("cell.l0.h") is None
    assert_recorded(model, x, plain)


@pytest.mark.usefixtures("registered")
def test_a_registered_cell_is_ablated_to_its_mean() -> None:
    model, x = leaky()
    trace = rnnviz.record(model, x, tokens="x" * STEPS)
    mean = float(trace.unit("cell.l0.h", 1).mean(dtype=np.float64))
    with rnnviz.ablate(model, "cell.l0.h", 1, trace=trace):
        assert_recorded(model, x, by_hand(model.cell, x, {"h": (1, mean)}))


@pytest.mark.usefixtures("registered")
def test_a_registered_cells_kinds_are_one_row_per_unit_in_a_ranking() -> None:
    """Also of a trace that was kept, where no cell is registered any more."""
    model, x = leaky()
    trace = rnnviz.record(model, x, tokens="x" * STEPS)
    registry._READERS.pop(Leaky)
    label = np.arange(STEPS) % 4 < 2
    ranking = rnnviz.rank_units(trace, label, skip=0, gap=0)
    assert sorted(entry.unit for entry in ranking) == list(range(UNITS))
    assert {entry.layer for entry in ranking} == {"cell.l0"}
    assert {entry.kind for entry in ranking} <= {"h", "drive"}


@pytest.mark.usefixtures("registered")
def test_what_a_cell_does_not_return_is_clamped_once_its_step_is_told() -> None:
    model, x = leaky()
    with (
        rnnviz.clamp(model, "cell.l0.drive", 0, 0.5),
        pytest.raises(TypeError, match=r"cell.l0.drive is not part of what Leaky returns"),
    ):
        model(x)
    rnnviz.register_cell(Leaky, read, ("h", "drive"), step=step)
    with rnnviz.clamp(model, "cell.l0.drive", 0, 0.5):
        assert_recorded(model, x, by_hand(model.cell, x, {"drive": (0, 0.5)}))


@pytest.mark.usefixtures("registered")
def test_what_a_cell_cannot_be_given_is_refused_in_words() -> None:
    model, x = leaky()
    with pytest.raises(ValueError, match=r"where='readout' has no meaning for cell.l0.h"):
        rnnviz.clamp(model, "cell.l0.h", 0, 0.5, where="readout")
    with pytest.raises(ValueError, match=r"value must be one for all steps: cell is a Leaky"):
        rnnviz.clamp(model, "cell.l0.h", 0, [0.5, 0.25])
    with (
        rnnviz.clamp(model, "cell.l0.h", UNITS, 0.5),
        pytest.raises(ValueError, match=r"units must be in \[0, 4\).*got 4"),
    ):
        model(x)
    with pytest.raises(ValueError, match=r"state must be one of cell.l0.h, cell.l0.drive"):
        rnnviz.clamp(model, "cell.l0.c", 0, 0.5)


TORCHS = {
    "RNN_TANH": (nn.RNN, nn.RNNCell, {}),
    "RNN_RELU": (nn.RNN, nn.RNNCell, {"nonlinearity": "relu"}),
    "GRU": (nn.GRU, nn.GRUCell, {}),
    "LSTM": (nn.LSTM, nn.LSTMCell, {}),
}


@pytest.mark.parametrize(
    ("mode", "kind"), [(mode, kind) for mode in TORCHS for kind in CELLS[mode].kinds]
)
def test_torchs_cells_are_clamped_as_its_layers_are(mode: str, kind: str) -> None:
    layer, cell, options = TORCHS[mode]
    torch.manual_seed(1)
    whole, stepped = layer(INPUTS, UNITS, **options), cell(INPUTS, UNITS, **options)
    for name, parameter in stepped.named_parameters():
        getattr(whole, f"{name}_l0").data = parameter.data
    x, path = torch.randn(STEPS, INPUTS), layer.__name__.lower()
    model = Loop(stepped, None)
    with (
        rnnviz.clamp(model, f"cell.l0.{kind}", [0, 2], [0.25, -0.5]),
        rnnviz.clamp(whole, f"{path}.l0.{kind}", [0, 2], [0.25, -0.5]),
    ):
        trace = rnnviz.record(model, x, tokens="x" * STEPS)
        expected = rnnviz.record(whole, x, tokens="x" * STEPS)
        torch.testing.assert_close(model(x), whole(x)[0], atol=1e-6, rtol=0)
    for each in CELLS[mode].kinds:
        found, values = np.asarray(trace[f"cell.l0.{each}"]), expected[f"{path}.l0.{each}"]
        np.testing.assert_allclose(found, np.asarray(values), atol=1e-6)
