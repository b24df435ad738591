"""A survey by worker processes: one is killed, the connection breaks, and the result stays."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import distributed
import pytest

from rnnviz_widget import survey
from rnnviz_widget.surveys import engine
from rnnviz_widget.surveys import task as tasks
from tests.unit.planted import quoted
from tests.unit.test_survey import FEW, LABELS, MODEL, same

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCKS = {"block": 1000, "task": 2, "warm_up": 300, "sample": 5000}
TEXT = quoted(24_000)


@pytest.fixture(scope="module")
def cluster() -> Iterator[distributed.LocalCluster]:
    """Give two worker processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


def test_a_killed_worker_and_a_lost_connection_change_nothing(
    cluster: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tasks, "PART", 1)
    alone = survey(MODEL, TEXT, labels=LABELS, **BLOCKS, **FEW)
    taken, connections = engine._taken, []
    done: list[int] = []

    def watched(future: Any, pending: dict[int, Any]) -> Any:
        task, result = taken(future, pending)
        done.append(task.index)
        if len(done) == 2:
            victim = next(iter(cluster.workers.values()))
            os.kill(victim.pid, signal.SIGKILL)
        if len(done) == 7 and not connections:
            connections.append("lost")
            pending[task.index] = task  # its result did not come through
            done.pop()
            msg = "connection lost"
            raise OSError(msg)
        return task, result

    monkeypatch.setattr(engine, "_taken", watched)
    address = cluster.scheduler_address
    gone = tmp_path / "gone.txt"
    found = survey(
        MODEL, [TEXT, gone], labels=LABELS, scheduler=address, out=tmp_path / "w", **BLOCKS, **FEW
    )
    assert connections == ["lost"]
    assert sorted(done) == list(range(12))
    assert same(found, alone)
    assert [name for name, _ in found.unread] == [str(gone)]
