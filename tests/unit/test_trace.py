"""What a trace holds, what it refuses, and what a saved one gives back."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz_widget.trace import Predictions, Trace, select

if TYPE_CHECKING:
    from pathlib import Path


def a_trace(length: int = 5, units: int = 3, **more: object) -> Trace:
    values = np.arange(length * units, dtype=np.float32).reshape(length, units)
    return Trace.from_arrays("abcdefghij"[:length], {"rnn.l0.h": values, "x": -values}, **more)


def test_a_trace_gives_back_what_it_was_made_of() -> None:
    values = np.array([[0.5, -1.0], [np.nan, np.inf]])
    trace = Trace.from_arrays(["be", "e"], {"enc.h": values}, bounds={"enc.h": (-1, 1)})
    assert trace.tokens == ("be", "e")
    assert trace.text == "bee"
    assert trace.states == ("enc.h",)
    assert trace.num_units("enc.h") == 2
    assert trace.bounds("enc.h") == (-1.0, 1.0)
    assert len(trace) == 2
    assert trace["enc.h"].dtype == np.float32
    np.testing.assert_array_equal(trace["enc.h"], values.astype(np.float32))
    unit = trace.unit("enc.h", 1)
    assert unit.flags.c_contiguous
    np.testing.assert_array_equal(unit, np.array([-1, np.inf], dtype=np.float32))


def test_a_state_without_proven_bounds_has_none() -> None:
    assert a_trace().bounds("x") is None


def test_a_trace_does_not_change_with_the_array_it_came_from() -> None:
    values = np.zeros((2, 2), dtype=np.float32)
    trace = Trace.from_arrays("ab", {"h": values})
    values[:] = 7
    assert trace.unit("h", 0).tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        trace["h"][0, 0] = 1


@pytest.mark.parametrize(
    "values",
    [
        torch.ones(2, 3, requires_grad=True),
        torch.ones(2, 3, dtype=torch.bfloat16),
        np.ones((2, 3), dtype=np.int64),
        np.ones((2, 3), dtype=bool),
        np.ones((2, 3), dtype=np.float16),
        [[1, 1, 1], [1, 1, 1]],
    ],
    ids=["tensor with gradients", "bfloat16", "int64", "bool", "float16", "lists"],
)
def test_any_real_numbers_become_float32(values: object) -> None:
    trace = Trace.from_arrays("ab", {"h": values})
    np.testing.assert_array_equal(trace["h"], np.ones((2, 3), dtype=np.float32))


@pytest.mark.parametrize(
    ("tokens", "states", "error", "message"),
    [
        ("abc", {"h": np.zeros((2, 4))}, ValueError, r"T = 3.*got \(2, 4\)"),
        ("abc", {"h": np.zeros(3)}, ValueError, r"shape \(T, U\).*got \(3,\)"),
        ("abc", {"h": np.zeros((3, 0))}, ValueError, r"U at least 1; got \(3, 0\)"),
        ("ab", {"h": np.zeros((2, 4), complex)}, TypeError, "states.'h'. .*complex128"),
        ("ab", {"h": [["x"], ["y"]]}, TypeError, "real numbers, got dtype <U1"),
        ("ab", {"h": np.array([[1], [None]])}, TypeError, "dtype object"),
        ("ab", {"h": [[1, 2], [3]]}, ValueError, "rectangular"),
        ("ab", {"h": [[1e300], [0.0]]}, ValueError, "beyond the range of float32"),
        ("", {"h": np.zeros((0, 4))}, ValueError, "empty text"),
        ([], {"h": np.zeros((0, 4))}, ValueError, "empty text"),
        (["a", ""], {"h": np.zeros((2, 4))}, ValueError, "'' at position 1"),
        (["a", 3], {"h": np.zeros((2, 4))}, TypeError, r"3 \(int\) at position 1"),
        (b"ab", {"h": np.zeros((2, 4))}, TypeError, "got bytes"),
        ("ab", [("h", np.zeros((2, 1)))] * 2, ValueError, "'h' twice"),
        ("ab", {"": np.zeros((2, 1))}, TypeError, "non-empty strings, got ''"),
        ("ab", {}, ValueError, "at least one state"),
    ],
)
def test_what_is_no_trace_is_refused_by_name(
    tokens: Any, states: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Trace.from_arrays(tokens, states)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"bounds": {"y": (-1, 1)}}, "'y', which is no state"),
        ({"bounds": {"x": (1, -1)}}, "low < high"),
        ({"bounds": {"x": (-1, float("inf"))}}, "finite"),
        ({"bounds": {"x": (-1, 1)}}, "values go from -14 to"),
        ({"loss": [0, 1, 2, 3, 4]}, "last must be NaN"),
        ({"loss": [0, np.nan]}, r"shape \(5,\)"),
        ({"predictions": Predictions([[0]], [[1.0]], ("a",))}, "1 rows for 5 tokens"),
    ],
)
def test_what_does_not_fit_the_states_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_trace(**more)


@pytest.mark.parametrize(
    ("ids", "probabilities", "message"),
    [
        ([[0, 2]], [[0.5, 0.5]], r"in \[0, 2\).*got 0 to 2"),
        ([[-1, 0]], [[0.5, 0.5]], "got -1 to 0"),
        ([[0, 1]], [[0.4, 0.6]], "descend along K; row 0"),
        ([[0, 1]], [[1.4, 0.6]], r"in \[0, 1\]"),
        ([[0, 1]], [[0.4]], r"shape of ids"),
        ([0, 1], [0.5, 0.5], r"integers of shape \(T, K\)"),
        ([[0.0, 1.0]], [[0.5, 0.5]], "integers of shape"),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused(
    ids: list[Any], probabilities: list[Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Predictions(np.array(ids), np.array(probabilities), ("a", "b"))


def test_a_source_that_is_not_json_is_refused() -> None:
    with pytest.raises(TypeError, match="JSON object"):
        a_trace(source={"module": object()})


def test_unknown_names_and_units_are_refused_with_what_there_is() -> None:
    trace = a_trace()
    with pytest.raises(KeyError, match=r"'rnn.l1.h'; the trace has rnn.l0.h, x"):
        trace["rnn.l1.h"]
    with pytest.raises(KeyError, match="the trace has"):
        trace.bounds("y")
    for wrong in (3, -1):
        with pytest.raises(ValueError, match=rf"in \[0, 3\).*got {wrong}"):
            trace.unit("x", wrong)
    with pytest.raises(TypeError):
        trace.unit("x", 1.5)


def test_patterns_select_names_in_their_own_order() -> None:
    names = ("a.l0.h", "a.l0.c", "b.l0.h")
    assert select(names, None) == names
    assert select(names, ["b.*", "*.c"]) == ("a.l0.c", "b.l0.h")
    assert select(names, "*.h") == ("a.l0.h", "b.l0.h")
    with pytest.raises(ValueError, match=r"'\*\.z' matches none of a\.l0\.h"):
        select(names, ["*.h", "*.z"])


# --- on disk -------------------------------------------------------------------------------------


def test_a_saved_trace_comes_back_whole(tmp_path: Path) -> None:
    predictions = Predictions(
        np.array([[1, 0]] * 5), np.full((5, 2), 0.5), ("a", "be"), np.full(5, 0.7)
    )
    trace = a_trace(
        bounds={"rnn.l0.h": (-20, 20)},
        predictions=predictions,
        loss=[1, 2, 3, 4, np.nan],
        source={"module": "GRU(3)"},
    )
    trace.save(tmp_path / "t.zarr")
    again = Trace.load(tmp_path / "t.zarr")
    assert again.tokens == trace.tokens
    assert again.states == trace.states
    assert [again.bounds(name) for name in again.states] == [(-20.0, 20.0), None]
    assert again.source == {"module": "GRU(3)"}
    assert again.predictions.vocabulary == ("a", "be")
    np.testing.assert_array_equal(again.predictions.ids, predictions.ids)
    np.testing.assert_array_equal(again.predictions.probabilities, predictions.probabilities)
    np.testing.assert_array_equal(again.predictions.entropy, predictions.entropy)
    np.testing.assert_array_equal(again.loss, trace.loss)
    for name in trace.states:
        np.testing.assert_array_equal(again[name], trace[name])
        np.testing.assert_array_equal(again.unit(name, 2), trace.unit(name, 2))
    assert [p.name for p in tmp_path.iterdir()] == ["t.zarr"]


def test_a_trace_without_extras_comes_back_without(tmp_path: Path) -> None:
    a_trace().save(tmp_path / "t.zarr")
    again = Trace.load(tmp_path / "t.zarr")
    assert again.predictions is None
    assert again.loss is None


def test_a_lazy_state_indexes_as_numpy_does(tmp_path: Path) -> None:
    trace = a_trace()
    trace.save(tmp_path / "t.zarr")
    lazy, array = Trace.load(tmp_path / "t.zarr")["x"], np.asarray(trace["x"])
    assert lazy.shape == (5, 3)
    assert len(lazy) == 5
    assert lazy.dtype == np.float32
    mask = np.array([True, False, True, False, True])
    for key in (
        2,
        -1,
        (1, 2),
        (slice(1, 4), 0),
        (slice(None, None, 2), slice(1, None)),
        (slice(None, None, -1), 1),
        (..., 2),
        mask,
        (mask, 1),
        [4, 0],
        (slice(None), [2, 0]),
        (np.int64(3), np.int64(1)),
        None,
    ):
        part = lazy[key]
        assert np.shape(part) == array[key].shape
        assert part.dtype == np.float32
        np.testing.assert_array_equal(part, array[key])
    for outside in (5, (0, 3)):
        with pytest.raises(IndexError):
            lazy[outside]


def test_states_longer_than_a_shard_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnviz_widget.trace.storage.CHUNK", 8)
    values = np.random.default_rng(0).standard_normal((35, 4)).astype(np.float32)
    values[3, 1], values[20, 2] = np.nan, -np.inf
    Trace.from_arrays("x" * 35, {"h": values}).save(tmp_path / "t.zarr")
    again = Trace.load(tmp_path / "t.zarr")
    np.testing.assert_array_equal(again["h"], values)
    np.testing.assert_array_equal(again.unit("h", 2), values[:, 2])
    np.testing.assert_array_equal(again["h"][6:20, 1:3], values[6:20, 1:3])


def test_the_folder_is_laid_out_so_that_one_unit_is_contiguous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnviz_widget.trace.storage.CHUNK", 4)
    values = np.arange(12, dtype=np.float32).reshape(6, 2)
    Trace.from_arrays("abcdef", {"h": values}).save(tmp_path / "t.zarr")
    shard = (tmp_path / "t.zarr" / "states" / "0" / "c" / "0" / "0").read_bytes()
    for unit in (0, 1):
        stored = np.frombuffer(shard[64 + unit * 20 :][:16], "<f4")
        np.testing.assert_array_equal(stored, values[:4, unit])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec=None), min_size=1, max_size=3), min_size=1))
def test_any_token_survives_the_disk(
    tmp_path_factory: pytest.TempPathFactory, tokens: list[str]
) -> None:
    tokens += ["\ud83d", "\ude00", "\U0001f600", "\x00", "\ud83d\ude00"]
    path = tmp_path_factory.mktemp("any") / "t.zarr"
    name = tokens[0]
    Trace.from_arrays(tokens, {name: np.zeros((len(tokens), 1))}).save(path)
    again = Trace.load(path)
    assert again.tokens == tuple(tokens)
    assert again.text == "".join(tokens)
    assert again.states == (name,)


def test_half_precision_is_kept_small_and_read_as_float32(tmp_path: Path) -> None:
    trace = Trace.from_arrays("ab", {"h": [[0.1, -0.2], [0.3, np.nan]]})
    trace.save(tmp_path / "t.zarr", dtype="float16")
    again = Trace.load(tmp_path / "t.zarr")
    assert again["h"].dtype == np.float32
    assert again.unit("h", 0).dtype == np.float32
    np.testing.assert_array_equal(
        again["h"], np.asarray(trace["h"]).astype(np.float16).astype(np.float32)
    )
    again.save(tmp_path / "u.zarr")
    expected = 64 + 2 * (2 * 2 + 4) + 2 * 16 + 4  # head, units and checksums, index and its own
    assert (tmp_path / "u.zarr" / "states/0/c/0/0").stat().st_size == expected


def test_half_precision_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    trace = Trace.from_arrays("ab", {"c": [[1e5], [np.inf]]})
    with pytest.raises(ValueError, match="magnitude 100000"):
        trace.save(tmp_path / "t.zarr", dtype="float16")
    with pytest.raises(ValueError, match="float64"):
        trace.save(tmp_path / "t.zarr", dtype="float64")
    assert list(tmp_path.iterdir()) == []


def test_saving_replaces_a_trace_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "t.zarr"
    a_trace(3).save(path)
    a_trace(5).save(path)
    assert len(Trace.load(path)) == 5
    Trace.load(path).save(path)
    assert Trace.load(path).text == "abcde"
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter.tex").write_text("years of work")
    note = tmp_path / "note.txt"
    note.write_text("milk")
    for other in (precious, note):
        with pytest.raises(FileExistsError, match="not a trace"):
            a_trace().save(other)
    assert (precious / "chapter.tex").read_text() == "years of work"
    assert note.read_text() == "milk"
    with pytest.raises(FileNotFoundError, match="folder that does not exist"):
        a_trace().save(tmp_path / "no" / "t.zarr")


def test_a_save_that_fails_leaves_the_old_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.zarr"
    a_trace(3).save(path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rnnviz_widget.trace.storage.StoreWriter.write_strings", full)
    with pytest.raises(OSError, match="No space left"):
        a_trace(5).save(path)
    assert Trace.load(path).text == "abc"
    assert [p.name for p in tmp_path.iterdir()] == ["t.zarr"]


def test_what_is_not_a_saved_trace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        Trace.load(tmp_path / "nothing.zarr")
    with pytest.raises(ValueError, match="not a saved trace"):
        Trace.load(tmp_path)
    a_trace().save(tmp_path / "t.zarr")
    metadata = tmp_path / "t.zarr" / "zarr.json"
    metadata.write_text(metadata.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(ValueError, match="version 9"):
        Trace.load(tmp_path / "t.zarr")


def test_loading_a_trace_needs_no_torch(tmp_path: Path) -> None:
    a_trace().save(tmp_path / "t.zarr")
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from rnnviz_widget.trace import Trace\n"
        "print(Trace.load(sys.argv[1]).unit('x', 1).tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "t.zarr")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[-1.0, -4.0, -7.0, -10.0, -13.0]"
