"""Chunks that are run beside each other on several cores, and torch's threads afterwards."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import torch

from rnnviz_widget.recording import record
from rnnviz_widget.recording.parallel import chunks
from rnnviz_widget.recording.parallel.kernels import Kernel
from rnnviz_widget.recording.parallel.threads import abreast
from rnnviz_widget.recurrent.cell import Mode, Weights
from rnnviz_widget.recurrent.cells import CELLS as EQUATIONS
from rnnviz_widget.recurrent.stack import Stack
from tests.unit.test_record_exact import CELLS, module_of
from tests.unit.test_record_unroll import assert_close, both, methods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnnviz_widget.recurrent.cell import Block, State

THREADS = 3


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give torch more threads than one, and check that it has them in the end.

    Whatever cores there are; and small layers, which else have one thread, share them out.
    """
    monkeypatch.setattr(chunks, "available", lambda: THREADS)
    monkeypatch.setattr(chunks, "SMALL", 0)
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
        assert torch.get_num_threads() == THREADS
        elsewhere: list[int] = []
        thread = threading.Thread(target=lambda: elsewhere.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert elsewhere == [THREADS]
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("mode", CELLS)
def test_groups_of_chunks_run_beside_each_other(
    monkeypatch: pytest.MonkeyPatch, mode: str, *, inference: bool
) -> None:
    """Each in a thread of its own, by a kernel of its own; the values are the sequential ones."""
    ran: set[tuple[int, int]] = set()
    run = chunks.LayerDirection.run

    def noted(layer: chunks.LayerDirection, x: torch.Tensor, state: State) -> Block:
        ran.add((threading.get_ident(), torch.get_num_threads()))
        return run(layer, x, state)

    monkeypatch.setattr(chunks.LayerDirection, "run", noted)
    generator = torch.Generator().manual_seed(0)
    module = module_of(mode, (3, 16), generator)
    x = torch.randn(33_000, 3, generator=generator)
    with torch.inference_mode(inference):
        trace, expected = both(module, x)
    assert methods(trace) == {"chunks"}
    assert_close(trace, expected)
    beside = {thread for thread, available in ran if thread != threading.get_ident()}
    assert len(beside) >= 2
    assert {available for thread, available in ran if thread in beside} == {1}


@pytest.mark.parametrize("mode", CELLS)
def test_a_kernels_twin_overwrites_nothing_of_its(mode: Mode) -> None:
    """They are the same layer, and share no memory that a call leaves results in."""
    module = module_of(mode, (3, 5), torch.Generator().manual_seed(0))
    weights = Stack(module, module.forward, "").weights(0, 0)
    kernel = Kernel(EQUATIONS[mode], Weights(*(w.detach() for w in weights[:4]), None))
    state = tuple(torch.zeros(2, 5) for _ in range(2 if mode == "LSTM" else 1))
    x = torch.ones(4, 2, 3)
    ran = kernel(x, state)
    kept = {kind: values.clone() for kind, values in ran.kinds.items()} | {"h": ran.h.clone()}
    twins = kernel.twin()(x, state)
    torch.testing.assert_close(twins.h, ran.h, rtol=0, atol=0)
    kernel.twin()(-x, state)
    for kind, values in kept.items():
        torch.testing.assert_close((ran.kinds | {"h": ran.h})[kind], values, rtol=0, atol=0)


def test_few_chunks_share_their_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of few rows is better done in several threads."""
    monkeypatch.setattr(chunks, "_ROWS", 10**6)
    groups: list[int] = []

    def noted(parts: int, work: Any) -> object:
        groups.append(parts)
        return abreast(parts, work)

    monkeypatch.setattr(chunks, "abreast", noted)
    generator = torch.Generator().manual_seed(0)
    module = module_of("LSTM", (3, 8), generator)
    trace, expected = both(module, torch.randn(20_000, 3, generator=generator))
    assert set(groups) == {1}
    assert_close(trace, expected)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_threads_are_given_back_after_an_error(error: type[BaseException]) -> None:
    """Which is the caller's to see; the others' calls have ended by then."""
    ended: list[int] = []

    def fail(item: int) -> None:
        if item == 1:
            raise error("of one part")
        ended.append(item)

    with pytest.raises(error, match="of one part"):
        abreast(THREADS, lambda side_by_side: side_by_side(fail, range(THREADS)))
    assert sorted(ended) == [0, 2]


def test_two_recordings_at_once_leave_the_threads_as_they_were() -> None:
    """The number is one for the whole process: the second does with the threads it has."""
    generator = torch.Generator().manual_seed(0)
    module = module_of("GRU", (3, 16), generator)
    x = torch.randn(33_000, 3, generator=generator)
    expected = record(module, x, tokens="x" * len(x), unroll="sequential")
    both_ready, found = threading.Barrier(2), []

    def run() -> None:
        copy = module_of("GRU", (3, 16), torch.Generator().manual_seed(0))
        both_ready.wait()
        found.append(record(copy, x, tokens="x" * len(x), unroll="chunked"))

    running = [threading.Thread(target=run) for _ in range(2)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    for trace in found:
        assert_close(trace, expected)
    assert len(found) == 2
