"""Recording to disk, in bounded memory, interrupted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz_widget.charlm import CharLM, CharLMConfig
from rnnviz_widget.recording import record, session, writer
from rnnviz_widget.recording.writer import Writer
from rnnviz_widget.trace import Trace, storage

if TYPE_CHECKING:
    from pathlib import Path

    from rnnviz_widget.recurrent.cell import Gates


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of 64 rows, passes of 64 rows (for 8 units), segments of 256 tokens."""
    monkeypatch.setattr(storage, "CHUNK", 64)
    monkeypatch.setattr(writer, "_ELEMENTS", 64 * 8)
    monkeypatch.setattr(session, "SEGMENT", 256)
    monkeypatch.setattr(session, "SEGMENT_IN_MEMORY", 256)


def model(layers: int = 1) -> CharLM:
    torch.manual_seed(0)
    return CharLM("ab", CharLMConfig("lstm", hidden_size=8, num_layers=layers)).eval()


def assert_same(trace: Trace, expected: Trace, length: int | None = None) -> None:
    assert trace.states == expected.states
    for name in trace.states:
        np.testing.assert_array_equal(trace[name], np.asarray(expected[name])[:length])
        assert trace.bounds(name) == expected.bounds(name)


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("length", [1, 63, 64, 65, 700])
def test_a_recording_on_disk_is_the_one_in_memory(tmp_path: Path, length: int) -> None:
    lm, text = model(2), ("ab" * length)[:length]
    trace = record(lm, text, out=tmp_path / "t.zarr")
    expected = record(lm, text)
    assert_same(trace, expected)
    assert trace.text == text
    np.testing.assert_array_equal(trace.predictions.ids, expected.predictions.ids)
    np.testing.assert_array_equal(trace.loss, expected.loss)
    assert trace.source == expected.source
    assert_same(Trace.load(tmp_path / "t.zarr"), expected)
    assert [path.name for path in tmp_path.iterdir()] == ["t.zarr"]


@pytest.mark.usefixtures("small_shards")
def test_both_directions_are_written(tmp_path: Path) -> None:
    module, x = nn.GRU(2, 8, bidirectional=True), torch.randn(300, 2)
    trace = record(module, x, tokens="x" * 300, out=tmp_path / "t.zarr")
    assert_same(trace, record(module, x, tokens="x" * 300))


@pytest.mark.parametrize("out", [False, True])
def test_half_precision_is_kept_in_half_the_bytes(tmp_path: Path, *, out: bool) -> None:
    where = {"out": tmp_path / "t.zarr"} if out else {}
    lm = model()
    trace = record(lm, "abba" * 50, dtype="float16", **where)
    expected = record(lm, "abba" * 50)
    for name in trace.states:
        assert trace[name].dtype == np.float32
        assert trace[name].stored_dtype == "float16"
        np.testing.assert_array_equal(
            trace[name], np.asarray(expected[name]).astype(np.float16).astype(np.float32)
        )


def interrupt_at(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Press Ctrl-C in a certain pass of the gate equations."""
    gates, count = Writer._gates, 0

    def interrupted(*arguments: Any, **more: Any) -> Gates:
        nonlocal count
        count += 1
        if count == calls:
            raise KeyboardInterrupt
        return gates(*arguments, **more)

    monkeypatch.setattr(Writer, "_gates", interrupted)


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize(("calls", "kept"), [(2, 64), (4, 192), (7, 384)])
def test_an_interrupted_recording_keeps_whole_shards_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int, kept: int
) -> None:
    lm, text = model(), "ab" * 300
    expected = record(lm, text)
    interrupt_at(monkeypatch, calls)
    with pytest.raises(KeyboardInterrupt, match=rf"t.zarr' holds the first {kept} of 600 tokens"):
        record(lm, text, out=tmp_path / "t.zarr")
    trace = Trace.load(tmp_path / "t.zarr")
    assert trace.text == text[:kept]
    assert_same(trace, expected, kept)
    assert trace.source["interrupted_of"] == 600
    assert [path.name for path in tmp_path.iterdir()] == ["t.zarr"]
    assert "forward" not in vars(lm.rnn)


@pytest.mark.usefixtures("small_shards")
def test_predictions_that_were_half_made_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted amid those of the second segment, whose states are on disk already."""
    lm, text = model(), "ab" * 300
    expected = record(lm, text)
    entropy, done = torch.special.entr, []

    def interrupted(p: torch.Tensor) -> torch.Tensor:
        done.append(p)
        if len(done) == 2:
            raise KeyboardInterrupt
        return entropy(p)

    monkeypatch.setattr(torch.special, "entr", interrupted)
    with pytest.raises(KeyboardInterrupt, match="512 of 600"):
        record(lm, text, out=tmp_path / "t.zarr")
    trace = Trace.load(tmp_path / "t.zarr")
    assert_same(trace, expected, 512)
    assert trace.predictions is None  # there are some for 256 of them only
    assert trace.loss is None


@pytest.mark.usefixtures("small_shards")
def test_predictions_of_what_is_kept_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm, text = model(), "ab" * 300
    expected = record(lm, text)
    interrupt_at(monkeypatch, 5)  # the first of the second segment: 256 tokens have predictions
    with pytest.raises(KeyboardInterrupt, match="256 of 600"):
        record(lm, text, out=tmp_path / "t.zarr")
    trace = Trace.load(tmp_path / "t.zarr")
    np.testing.assert_array_equal(trace.predictions.ids, expected.predictions.ids[:256])
    np.testing.assert_array_equal(trace.loss[:-1], expected.loss[:255])
    assert np.isnan(trace.loss[-1])


@pytest.mark.usefixtures("small_shards")
def test_interrupted_before_a_whole_shard_nothing_is_kept_and_the_old_trace_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.zarr"
    record(model(), "abba", out=path)
    interrupt_at(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt, match="nothing kept"):
        record(model(), "ab" * 300, out=path)
    assert Trace.load(path).text == "abba"
    assert [each.name for each in tmp_path.iterdir()] == ["t.zarr"]


def test_a_recording_does_not_replace_what_is_not_a_trace(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("milk")
    with pytest.raises(FileExistsError, match="not a trace"):
        record(model(), "abba", out=note)
    assert note.read_text() == "milk"


def test_progress_counts_the_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    record(model(2), "ab" * 300, progress=True)
    assert "600/600" in capsys.readouterr().err
    record(model(2), "ab" * 300)
    assert capsys.readouterr().err == ""
