"""What a view asks while units are looked for: what is on screen, and where a unit is extreme."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rnnviz_widget import HiddenStateWidget, Trace, contexts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., Any]

TEXT = "The lamp was out, and nobody knew why; they lit it again.\n" * 3


@pytest.fixture
def trace() -> Trace:
    values = np.random.default_rng(2).standard_normal((len(TEXT), 9)).astype(np.float32)
    values[4, 2] = np.nan
    states = {"a.h": np.tanh(values), "a.z": 1 / (1 + np.exp(-values)), "a.c": 3 * values}
    return Trace.from_arrays(TEXT, states, bounds={"a.h": (-1, 1), "a.z": (0, 1)})


@pytest.fixture
def ask(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what asks a widget of the trace, and gives its answer: buffers, or an error."""
    widget = HiddenStateWidget(trace, states="a.*")
    sent: list[tuple[Any, ...]] = []
    done = threading.Event()
    monkeypatch.setattr(widget, "send", lambda *message: (sent.append(message), done.set()))

    def ask_(**request: Any) -> Any:
        done.clear()
        with ThreadPoolExecutor(1) as thread:  # where no loop runs
            thread.submit(widget._answer, None, {"id": 7, **request}, None).result()
        assert done.wait(60)
        content, *buffers = sent[-1]
        assert content["id"] == 7
        return content["error"] if "error" in content else buffers[0]

    return ask_


@pytest.mark.parametrize("state", ["a.h", "a.z", "a.c"])
def test_a_window_has_all_units_of_a_state_over_some_tokens(
    ask: Ask, trace: Trace, state: str
) -> None:
    values, scales = ask(kind="window", state=state, checkpoint=0, start=3, stop=43)
    steps = np.frombuffer(values, np.int8).reshape(9, 40)
    ends = np.frombuffer(scales, "<f4").reshape(9, 2)
    recorded = np.asarray(trace[state])[3:43].T
    read = np.where(steps == -128, np.nan, steps * ends[:, :1] / 127)
    assert np.isnan(read[2, 1])
    np.testing.assert_allclose(read, recorded, atol=float(ends[:, 0].max()) / 250)
    if state != "a.c":
        assert set(ends[:, 1]) == {1}


def test_a_window_is_read_from_a_disk_too(tmp_path: Path, trace: Trace) -> None:
    trace.save(tmp_path / "t.zarr")
    widget = HiddenStateWidget(Trace.load(tmp_path / "t.zarr"))
    found: list[Any] = []
    done = threading.Event()
    request = {"kind": "window", "state": "a.h", "checkpoint": 0, "start": 0, "stop": 20}

    def answer() -> None:
        widget._looking.respond(widget._data, request, lambda got: (found.append(got), done.set()))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(answer).result()
    assert done.wait(60)
    steps = np.frombuffer(found[0][0], np.int8).reshape(9, 20)
    assert (np.sign(steps[0]) == np.sign(np.rint(127 * trace.unit("a.h", 0)[:20]))).all()


def test_contexts_are_those_of_python(ask: Ask, trace: Trace) -> None:
    (answer,) = ask(kind="contexts", state="a.c", unit=2, checkpoint=0)
    found = contexts(trace, "a.c", 2)
    told = json.loads(answer)
    assert list(told) == ["highest", "lowest", "changes most"]
    for sort, some in found.sorts.items():
        assert [(p["token"], p["value"], p["times"]) for p in told[sort]] == [
            (c.token, c.value, c.times) for c in some
        ]
        for place, context in zip(told[sort], some, strict=True):
            values = np.array(place["values"], float)
            np.testing.assert_array_equal(values, context.values)
            assert TEXT[place["start"] : place["stop"]] == context.text


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"kind": "window", "state": "b"}, "state must be one of"),
        ({"kind": "window", "state": "a.h", "checkpoint": 0}, "a whole number|cannot be"),
        (
            {"kind": "window", "state": "a.h", "checkpoint": 0, "start": 5, "stop": 5},
            "a window must",
        ),
        (
            {"kind": "window", "state": "a.h", "checkpoint": 0, "start": 0, "stop": 999},
            "a window must",
        ),
        (
            {"kind": "window", "state": "a.h", "checkpoint": 3, "start": 0, "stop": 5},
            "checkpoint must",
        ),
        ({"kind": "contexts", "state": "a.h", "checkpoint": 0, "unit": 99}, "unit must be in"),
        ({"kind": "contexts", "state": 5, "checkpoint": 0, "unit": 0}, "state must be one of"),
    ],
)
def test_what_cannot_be_is_refused_by_name(ask: Ask, request_: dict[str, Any], said: str) -> None:
    assert re.search(said, ask(**request_))
