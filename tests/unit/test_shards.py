"""Shards are written in a thread of their own; what goes wrong there is not lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from rnnviz_widget.charlm import CharLM, CharLMConfig
from rnnviz_widget.recording import record
from rnnviz_widget.trace import Trace, storage
from rnnviz_widget.trace.shards import ShardWriter, StateFile

if TYPE_CHECKING:
    from rnnviz_widget.trace.storage import StorageType


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
        index, whole = b"", set[int]()
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


def test_only_the_latest_shards_stay_in_the_systems_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older ones are on the disk, whole; one that is gone by then is no error."""
    dropped: list[int] = []
    advise = os.posix_fadvise

    def noted(descriptor: int, *rest: int) -> None:
        dropped.append(int(Path(f"/proc/self/fd/{descriptor}").readlink().parent.name))
        advise(descriptor, *rest)

    monkeypatch.setattr(os, "posix_fadvise", noted)
    monkeypatch.setattr("rnnviz_widget.trace.shards._CACHED", 3 * 40)
    with ShardWriter() as writer:
        for number in range(10):
            shard = writer.lend((2, 5), np.dtype("<f4"))
            shard[:] = number
            writer.put(tmp_path / str(number) / "0", shard, b"", set())
            if number == 4:
                writer.wait()
                (tmp_path / "3" / "0").unlink()
    assert dropped == [0, 1, 2, 4, 5, 6]
    for number in {*range(10)} - {3}:
        values = np.frombuffer((tmp_path / str(number) / "0").read_bytes()[:40], "<f4")
        np.testing.assert_array_equal(values, np.full(10, number, np.float32))


@pytest.mark.parametrize("units", [1, 15, 16, 17, 496, 512])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_rows_come_back_whatever_blocks_they_came_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, units: int, dtype: StorageType
) -> None:
    """Blocks that are longer and shorter than what is transposed at once, and across shards."""
    monkeypatch.setattr(storage, "CHUNK", 700)
    values = np.random.default_rng(units).standard_normal((1500, units)).astype(np.float32)
    store = storage.StoreWriter(tmp_path / "t.zarr")
    with ShardWriter() as writer:
        file = StateFile(writer, store, "states/0", values.shape, dtype)
        for start, stop in ((900, 1500), (0, 1), (1, 258), (258, 900)):
            file.write(start, values[start:stop])
    assert file.whole_rows == 1500
    np.testing.assert_array_equal(store.group["states/0"][:], values.astype(dtype))
