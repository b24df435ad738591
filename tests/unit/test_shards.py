"""Shards are written in a thread of their own; what goes wrong there is not lost."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from rnnviz_widget import storage
from rnnviz_widget.charlm import CharLM, CharLMConfig
from rnnviz_widget.recording import record
from rnnviz_widget.shards import ShardWriter
from rnnviz_widget.trace import Trace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Give a disk with room for a number of shards of 64 rows."""
    room = {"shards": 10**6}
    write = ShardWriter._write

    def limited(self: ShardWriter, *shard: Any) -> None:
        room["shards"] -= 1
        if room["shards"] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, *shard)

    monkeypatch.setattr(storage, "CHUNK", 64)
    monkeypatch.setattr(ShardWriter, "_write", limited)
    return room


@pytest.mark.parametrize("fits", [0, 3, 7])
def test_a_full_disk_is_told_and_the_old_trace_stays(
    tmp_path: Path, disk: dict[str, int], fits: int
) -> None:
    """Also where the shard that fails is the last."""
    old = Trace.from_arrays("ab", {"h": np.ones((2, 3), np.float32)})
    old.save(tmp_path / "t.zarr")
    model = CharLM("ab", CharLMConfig("rnn", hidden_size=8)).eval()
    new = Trace.from_arrays("x" * 512, {"h": torch.rand(512, 8).numpy()})
    for write in (
        lambda: new.save(tmp_path / "t.zarr"),
        lambda: record(model, "ab" * 256, states="*.h", out=tmp_path / "t.zarr"),
    ):
        disk["shards"] = fits
        with pytest.raises(OSError, match="No space left"):
            write()
        np.testing.assert_array_equal(Trace.load(tmp_path / "t.zarr")["h"], old["h"])
        assert [path.name for path in tmp_path.iterdir()] == ["t.zarr"]


def test_no_more_than_two_shards_wait(tmp_path: Path) -> None:
    """So that a slow disk slows the recording down, and memory stays bounded."""
    with ShardWriter() as writer:
        index, whole = np.zeros((2, 2), "<u8"), set[int]()
        for number in range(20):
            shard = writer.lend((2, 5), np.dtype("<f4"))
            shard[:] = number
            writer.put(tmp_path / str(number) / "0", shard, index, whole)
            assert number + 1 - len(whole) <= 3  # two wait, and one may just have been written
        assert len(writer._spare) <= 4
    assert whole == set(range(20))
    for number in range(20):
        values = np.frombuffer((tmp_path / str(number) / "0").read_bytes()[:40], "<f4")
        np.testing.assert_array_equal(values, np.full(10, number, np.float32))
