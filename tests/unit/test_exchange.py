"""The old trace or the new one: at every moment, whoever is killed, whoever else writes."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from rnnviz_widget.charlm import CharLM, CharLMConfig
from rnnviz_widget.cli import main
from rnnviz_widget.recording import record, session, writer
from rnnviz_widget.trace import Trace, exchange, shards, storage
from rnnviz_widget.trace.recovery import recover
from tests.attacks.attack_exchange import kills, opened_before, readings
from tests.attacks.writers import numbered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("attack", "count"),
    [(kills, 3), (readings, 10), (opened_before, 2)],
    ids=["kills", "readings", "opened before"],
)
def test_writers_and_readers_side_by_side(
    attack: Callable[[Path, int], tuple[int, int]], count: int, tmp_path: Path
) -> None:
    assert attack(tmp_path.resolve(), count) == (count, count)


def test_where_names_cannot_be_exchanged_an_old_trace_is_replaced_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "exchanged", lambda *_: False)
    for number in (1, 2):
        numbered(number).save(tmp_path / "t.zarr")
        assert Trace.load(tmp_path / "t.zarr").tokens[0] == str(number)
        assert names(tmp_path) == ["t.zarr"]


def test_a_trace_that_was_moved_aside_by_a_killed_run_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two renames, of this version or of the one before."""
    path, aside = tmp_path / "t.zarr", tmp_path / ".t.zarr.0123abcd.old"
    numbered(1).save(path)
    path.rename(aside)
    assert Trace.load(path).tokens[0] == "1"
    assert names(tmp_path) == ["t.zarr"]
    monkeypatch.setattr(exchange, "exchanged", lambda *_: False)
    path.rename(aside)
    numbered(2).save(path)
    assert Trace.load(path).tokens[0] == "2"
    assert names(tmp_path) == ["t.zarr"]


def test_a_rename_that_fails_leaves_the_old_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.zarr"
    numbered(1).save(path)

    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exchange, "exchanged", full)
    with pytest.raises(OSError, match="No space left"):
        numbered(2).save(path)
    assert Trace.load(path).tokens[0] == "1"
    assert names(tmp_path) == ["t.zarr"]


def test_all_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, exchanged = exchange._sync_file, exchange.exchanged
    monkeypatch.setattr(exchange, "_sync_file", lambda p: (steps.append(p.name), sync(p)))
    monkeypatch.setattr(
        exchange, "exchanged", lambda a, b: (steps.append("exchange"), exchanged(a, b))[1]
    )
    numbered(1).save(tmp_path / "t.zarr")
    steps.clear()
    numbered(2).save(tmp_path / "t.zarr")
    written = [path.name for path in (tmp_path / "t.zarr").rglob("*") if path.is_file()]
    assert sorted(steps[: len(written)]) == sorted(written)
    assert steps[-2:] == ["exchange", tmp_path.name]


def test_leftovers_of_killed_runs_are_told_and_removed(tmp_path: Path) -> None:
    left = tmp_path / ".t.zarr.0123abcd.new"
    left.mkdir()
    (left / "shard").write_bytes(bytes(3_000_000))
    (tmp_path / ".t.zarr.note").write_text("mine")
    with pytest.warns(UserWarning, match=r"removed .*0123abcd.new' \(3\.0 MB\)"):
        numbered(1).save(tmp_path / "t.zarr")
    assert names(tmp_path) == [".t.zarr.note", "t.zarr"]


def test_what_another_run_is_writing_is_not_a_leftover(tmp_path: Path) -> None:
    path = tmp_path / "t.zarr"
    with exchange.replacing(path, lambda _: None) as fresh:
        numbered(1).save(path)
        assert fresh.is_dir()
    assert names(tmp_path) == ["t.zarr"]


@pytest.mark.parametrize("other", ["note.txt", "states/0/mine.txt", "thesis/chapter.tex", "empty/"])
def test_other_files_in_a_traces_folder_stay(tmp_path: Path, other: str) -> None:
    path = tmp_path / "t.zarr"
    numbered(1).save(path)
    if other.endswith("/"):
        (path / other).mkdir()
    else:
        (path / other).parent.mkdir(parents=True, exist_ok=True)
        (path / other).write_text("mine")
    model = CharLM("ab", CharLMConfig("rnn", hidden_size=2)).eval()
    for write in (lambda: numbered(2).save(path), lambda: record(model, "abba", out=path)):
        with pytest.raises(FileExistsError, match=r"t.zarr' holds a trace and something else, '"):
            write()
    assert Trace.load(path).tokens[0] == "1"
    assert (path / other).exists()
    record(model, "abba", out=path, overwrite=True)
    assert Trace.load(path).text == "abba"
    assert not (path / other).exists()


def test_a_file_that_finder_left_is_nobodys(tmp_path: Path) -> None:
    numbered(1).save(tmp_path / "t.zarr")
    (tmp_path / "t.zarr" / ".DS_Store").write_bytes(b"\0")
    numbered(2).save(tmp_path / "t.zarr")
    assert Trace.load(tmp_path / "t.zarr").tokens[0] == "2"


# --- what a killed recording leaves ------------------------------------------------------------


class AtOnce:
    """Runs what it is given when it is given, where a thread would be ahead or behind."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take the place of a `ThreadPoolExecutor`."""

    def submit(self, function: Callable[..., object], *arguments: object) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(function(*arguments))
        return done

    def shutdown(self, **_: object) -> None:
        """Nothing is left to do."""


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Leave a recording that was killed in the fifth of its ten shards; return the whole of it."""
    monkeypatch.setattr(shards, "ThreadPoolExecutor", AtOnce)
    monkeypatch.setattr(storage, "CHUNK", 64)
    monkeypatch.setattr(writer, "_ELEMENTS", 64 * 8)
    monkeypatch.setattr(session, "SEGMENT", 64)
    monkeypatch.setattr(session, "SEGMENT_IN_MEMORY", 64)
    torch.manual_seed(0)
    model, text = CharLM("ab", CharLMConfig("lstm", hidden_size=8)).eval(), "ab" * 300
    whole, calls = record(model, text), []

    def killed(*_: object, **__: object) -> None:
        calls.append(1)
        if len(calls) == 5:
            (fresh,) = tmp_path.glob(".t.zarr.*.new")
            shutil.copytree(fresh, tmp_path / ".t.zarr.0123abcd.new")
            raise OSError(5, "killed")
        forward(*_, **__)

    forward = session.Session._read
    monkeypatch.setattr(session.Session, "_read", lambda *a: (killed(*a), None)[1])
    with pytest.raises(OSError, match="killed"):
        record(model, text, out=tmp_path / "t.zarr")
    monkeypatch.undo()
    return whole


def test_what_a_killed_recording_wrote_can_be_kept(
    left: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.zarr"
    with pytest.raises(FileNotFoundError, match="a recording that was killed left rows beside it"):
        Trace.load(path)
    with pytest.raises(ValueError, match="a recording that was not finished; rnnviz recover"):
        Trace.load(tmp_path / ".t.zarr.0123abcd.new")
    assert main(["recover", str(path)]) == 0
    assert "t.zarr: the first 320 of 600 tokens" in capsys.readouterr().out
    trace = Trace.load(path)
    assert trace.text == left.text[:320]
    assert trace.states == left.states
    for name in left.states:
        np.testing.assert_array_equal(trace[name], np.asarray(left[name])[:320])
        assert trace.bounds(name) == left.bounds(name)
    assert trace.source["interrupted_of"] == 600
    assert names(tmp_path) == ["t.zarr"]


def test_damaged_rows_are_not_kept(left: Trace, tmp_path: Path) -> None:
    shard = tmp_path / ".t.zarr.0123abcd.new/states/2/c/3/0"
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    trace = recover(tmp_path / "t.zarr", tmp_path / "kept.zarr")
    assert trace.text == left.text[:192]
    np.testing.assert_array_equal(trace[left.states[2]], np.asarray(left[left.states[2]])[:192])


@pytest.mark.usefixtures("left")
def test_recovering_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.zarr").write_text("a note")
    with pytest.raises(FileExistsError, match="save what is recovered elsewhere"):
        recover(tmp_path / "t.zarr")
    assert names(tmp_path) == [".t.zarr.0123abcd.new", "t.zarr"]


def test_where_nothing_was_left_nothing_is_recovered(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="left anything beside"):
        recover(tmp_path / "t.zarr")
    (tmp_path / ".t.zarr.0123abcd.new").mkdir()
    with pytest.raises(ValueError, match=r"nothing beside .* can be kept"):
        recover(tmp_path / "t.zarr")
