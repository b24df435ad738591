"""With how many threads work is done: what is quickest where it runs, by a clock made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from rnnviz_widget.recording import record
from rnnviz_widget.recording.parallel import chunks, pace, plan
from rnnviz_widget.recording.parallel.pace import Pace, available
from rnnviz_widget.recording.parallel.threads import with_threads
from tests.unit.test_record_exact import module_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

THREADS = 4
LARGE = 10 * pace.SMALL


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pace, "available", lambda: THREADS)
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert after == THREADS


class Clock:
    """Time as work takes it: so many seconds a step with each number of threads."""

    def __init__(self, cost: Callable[[float, int], float]) -> None:
        self.now, self.cost = 0.0, cost
        self.used: list[int] = []

    def perf_counter(self) -> float:
        return self.now

    def work(self, steps: int) -> None:
        number = torch.get_num_threads()
        self.used.append(number)
        self.now += steps * self.cost(self.now, number)


def run(clock: Clock, monkeypatch: pytest.MonkeyPatch, steps: int, size: int = LARGE) -> float:
    """Return how long steps take in the blocks that the sequential run has them in."""
    monkeypatch.setattr(pace, "time", clock)
    own = Pace(size)

    def call(x: torch.Tensor, state: tuple[torch.Tensor]) -> object:
        clock.work(len(x))
        return x, state

    x = torch.zeros(steps, 1, 1)
    stretch = chunks.Stretch(0, x, (x[0],), torch.empty_like(x))
    plan.sequential(call, stretch, pace=own)  # type: ignore[arg-type]
    return clock.now


SURROUNDINGS = {
    "quiet": lambda _, n: 1 / n,
    "busy: threads wait for each other": lambda _, n: 1 if n == 1 else 7,
    "a quota of one core": lambda _, n: 1 if n == 1 else 20,
    "becomes busy": lambda now, n: 1 / n if now < 10_000 else (1 if n == 1 else 7),
    "becomes quiet": lambda now, n: 1 / n if now > 10_000 else (1 if n == 1 else 7),
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_work_takes_little_longer_than_with_the_best_number_of_threads(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost, steps = SURROUNDINGS[name], 50_000
    took = run(Clock(cost), monkeypatch, steps)
    best, left = 0.0, steps
    while left:
        best += 256 * min(cost(best, n) for n in (1, THREADS))
        left -= min(left, 256)
    assert took <= 1.2 * best


def test_small_layers_have_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(lambda _, n: 1 / n)
    run(clock, monkeypatch, 2_000, size=pace.SMALL - 1)
    assert set(clock.used) == {1}


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu.max": "nonsense"}, 8),
    ],
)
def test_a_quota_of_cores_counts_as_so_many(
    files: dict[str, str], cores: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(pace, "_CGROUP", tmp_path)
    monkeypatch.setattr(pace.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert available.__wrapped__() == cores


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_threads_are_given_back_after_an_error(error: type[BaseException]) -> None:
    def fail() -> None:
        assert torch.get_num_threads() == 1
        raise error("of the work")

    with pytest.raises(error, match="of the work"):
        with_threads(1, fail)


def test_a_layer_that_does_not_forget_is_hardly_run_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Steps of the parallel way are counted, in rows of products; a tenth of all at most."""
    rows: list[int] = []
    inner = chunks.LayerDirection.run

    def counted(layer: chunks.LayerDirection, x: torch.Tensor, state: object) -> object:
        rows.append(x.shape[0] * x.shape[1])
        return inner(layer, x, state)  # type: ignore[arg-type]

    monkeypatch.setattr(chunks.LayerDirection, "run", counted)
    module = module_of("LSTM", (3, 8), torch.Generator().manual_seed(0))
    with torch.no_grad():
        module.bias_hh_l0[8:16] = 20  # forget gates of 1: a counter
    length = 40_000
    trace = record(module, torch.randn(length, 3), tokens="x" * length, states="*.h")
    assert trace.source["unroll"]["lstm.l0"] == "sequential"
    assert sum(rows) <= length / 10
