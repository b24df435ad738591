"""Which layers are cut into chunks: those that are quicker so, whatever else the machine does."""

from __future__ import annotations

import pytest
import torch

from rnnviz_widget.recording import record
from rnnviz_widget.recording.parallel.cost import StepCost
from tests.unit.test_record_exact import module_of
from tests.unit.test_record_unroll import methods


@pytest.mark.parametrize(
    ("mode", "units", "length", "chunked"),
    [
        ("LSTM", 16, 10_000, False),
        ("LSTM", 16, 200_000, False),  # oneDNN needs two microseconds a step
        ("GRU", 16, 10_000, False),
        ("GRU", 16, 60_000, True),
        ("RNN_TANH", 16, 10_000, False),
        ("RNN_TANH", 16, 60_000, True),
    ],
)
def test_chunks_are_tried_where_they_pay(mode: str, units: int, length: int, chunked: bool) -> None:
    """The same way on every machine, busy or not: it is seen in the last digits."""
    module = module_of(mode, (3, units), torch.Generator().manual_seed(0), num_layers=1)
    trace = record(module, torch.zeros(length, 3), tokens="x" * length, states="*.h")
    assert methods(trace) == {"chunks" if chunked else "sequential"}


@pytest.mark.parametrize("threads", [1, 2, 16])
def test_more_threads_more_chunks_and_kinds_speak_for_chunks(threads: int) -> None:
    costs = [StepCost(1.0, 600.0, 2**n, kinds) for n in range(10, 24) for kinds in (False, True)]
    for cost in costs:
        many = [cost.pays(chunks, threads) for chunks in (1, 4, 16, 64, 128, 1024)]
        assert many == sorted(many)
        assert cost.pays(16, 2 * threads) >= cost.pays(16, threads)
        assert cost._replace(kinds=True).pays(16, threads) >= cost.pays(16, threads)
    assert StepCost(1.0, 600.0, 2**21, kinds=False).pays(64, 2)
    assert not StepCost(1.0, 600.0, 2**14, kinds=False).pays(128, 16)


def test_a_layer_that_reads_what_was_cut_is_tried_though_it_would_not_pay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may expand: then what it reads must be bit for bit what it would read step by step."""
    module = module_of("GRU", (3, 16), torch.Generator().manual_seed(0), num_layers=2)
    asked: list[str] = []

    def pays(*_: object) -> bool:
        asked.append("")
        return len(asked) == 1

    monkeypatch.setattr(StepCost, "pays", pays)
    trace = record(module, torch.randn(7000, 3), tokens="x" * 7000)
    assert methods(trace) == {"chunks"}
