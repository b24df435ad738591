"""Traces, checkpoints and pages that version 0.1.0 wrote open, and hold the same values."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import rnnviz_widget as rnnviz
from tests.fixtures.make import TEXT
from tests.unit.saved import read_pages

FOLDER = Path(__file__).parents[1] / "fixtures" / "version_0_1"
VALUES = dict(np.load(FOLDER / "values.npz"))
CELLS = ("rnn", "gru", "lstm")


def states_of(cell: str) -> dict[str, np.ndarray]:
    return {
        key.partition(":")[2]: values
        for key, values in VALUES.items()
        if key.startswith(f"{cell}:rnn.")
    }


@pytest.mark.parametrize("cell", CELLS)
def test_a_trace_opens_with_the_same_values(cell: str, tmp_path: Path) -> None:
    shutil.unpack_archive(FOLDER / f"{cell}.zarr.zip", tmp_path)
    trace = rnnviz.Trace.load(tmp_path)
    assert trace.text == TEXT
    assert set(trace.states) == set(states_of(cell))
    for state, values in states_of(cell).items():
        np.testing.assert_array_equal(np.asarray(trace[state]), values)
    assert trace.predictions is not None
    np.testing.assert_array_equal(trace.loss, VALUES[f"{cell}:loss"])
    np.testing.assert_array_equal(trace.predictions.ids, VALUES[f"{cell}:ids"])
    np.testing.assert_array_equal(trace.predictions.probabilities, VALUES[f"{cell}:probabilities"])


@pytest.mark.parametrize("cell", CELLS)
def test_a_checkpoint_gives_the_same_recording(cell: str) -> None:
    """To the last bits, in which processors differ."""
    model = rnnviz.load_model(FOLDER / f"{cell}.safetensors")
    trace = rnnviz.record(model, TEXT)
    assert set(trace.states) == set(states_of(cell))
    for state, values in states_of(cell).items():
        np.testing.assert_allclose(np.asarray(trace[state]), values, rtol=0, atol=1e-6)


def test_a_page_holds_the_same_values() -> None:
    ((data, buffers),) = read_pages((FOLDER / "page.html").read_text(encoding="utf-8"))
    content, traits = data["content"], data["traits"]
    assert (traits["state"], traits["unit"]) == ("rnn.l0.c", 2)
    (checkpoint,) = content["checkpoints"]
    numbers = {
        key: np.frombuffer(buffers[checkpoint[key]["$b"]], dtype)
        for key, dtype in (("values", np.int8), ("scales", "<f4"))
    }
    rows = numbers["values"].reshape(-1, len(TEXT)) * numbers["scales"][:, None] / 127
    start = 0
    for state in content["states"]:
        values = VALUES[f"lstm:{state['name']}"].T
        half_a_step = numbers["scales"][start : start + len(values), None] / 254
        assert (np.abs(rows[start : start + len(values)] - values) <= half_a_step * 1.001).all()
        start += len(values)
    assert start == len(rows)
