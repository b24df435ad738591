"""A trace on disk is the one that was written, or it is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zarr

from rnnviz_widget.trace import Predictions, Trace, storage
from tests.attacks import attack_traces
from tests.unit.oldstores import save_as_before

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a trace on disk, of three shards a state."""
    return attack_traces.made(tmp_path.resolve(), "one.zarr")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return the same, as it was written before there were checksums."""
    path = tmp_path.resolve() / "old.zarr"
    save_as_before(attack_traces.example(), path, 8)
    return path


def test_random_damage_is_found_or_changes_nothing(folder: Path) -> None:
    assert attack_traces.damages(folder, 60, seed=1) == (60, [])


def test_a_file_of_another_recording_of_the_same_shape_is_found(folder: Path) -> None:
    other = attack_traces.made(folder.parent, "two.zarr")
    assert attack_traces.mixtures(folder, other)[1] == []


def test_shards_that_changed_places_are_found(folder: Path) -> None:
    """They have the right checksums, and the generation is theirs."""
    one, two = (folder / f"states/0/c/{number}/0" for number in (0, 1))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(ValueError, match=r"one.zarr' is damaged: states/0/c/0/0 belongs elsewhere"):
        Trace.load(folder).unit("rnn.l0.h", 0)
    assert len(Trace.load(folder).unit("rnn.l0.c", 0)) == 20


@pytest.mark.parametrize("store", ["folder", "old"])
def test_only_regular_files_inside_the_folder_are_read(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A link to a file with the right bytes, a pipe, /dev/zero, a folder, a link to itself."""
    path = request.getfixturevalue(store)
    for name in ("states/1/c/1/0", "tokens/code_points/c/0", "zarr.json"):
        assert attack_traces.strange(path, path / name, tmp_path / "secret") == []


def test_a_folder_that_is_a_link_out_of_the_store_is_not_read(folder: Path) -> None:
    (folder / "tokens").rename(folder.parent / "elsewhere")
    (folder / "tokens").symlink_to(folder.parent / "elsewhere")
    with pytest.raises(ValueError, match="tokens/code_points/c/0 is missing, or no regular file"):
        _ = Trace.load(folder).tokens


@pytest.mark.parametrize("store", ["folder", "old"])
def test_hostile_descriptions_are_refused_or_right(
    store: str, request: pytest.FixtureRequest
) -> None:
    assert attack_traces.hostile(request.getfixturevalue(store), 40, seed=2) == (40, [])


@pytest.mark.parametrize("store", ["folder", "old"])
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("length", 5 * 10**8, "is missing|does not describe a state|has .* bytes where"),
        ("length", 0, "its length is 0"),
        ("length", True, "its length is True"),
        ("states", [], "it has no states"),
        (
            "states",
            [{"name": "a", "units": 2**40}],
            "not describe a state|shards of None rows",
        ),
        ("states", [{"name": "\ud800", "units": 3}], "a state is named"),
        ("states", [3], "not a JSON object"),
        ("source", "x" * 99, "source is not a JSON object"),
    ],
)
def test_what_a_trace_says_of_itself_is_checked(
    store: str, key: str, value: object, message: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(store)
    reword(path, lambda said: said.update({key: value}))
    with pytest.raises(ValueError, match=message) as caught:
        Trace.load(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("bounds", [[1, -1], [0, None], [-1], "ab", [0, 1e999], [True, 2]])
def test_bounds_that_are_none_are_refused(folder: Path, bounds: object) -> None:
    reword(folder, lambda said: said["states"][0].update(bounds=bounds))
    with pytest.raises(ValueError, match="has the bounds"):
        Trace.load(folder)


def test_more_units_than_there_are_bytes_are_refused(folder: Path) -> None:
    reword(folder, lambda said: said["states"][0].update(units=2**40))
    with pytest.raises(ValueError, match="states/0/c/0/0 has 224 bytes where there must be"):
        Trace.load(folder)


def test_two_states_of_one_name_are_refused(folder: Path) -> None:
    reword(folder, lambda said: said["states"][0].update(name="rnn.l0.c"))
    with pytest.raises(ValueError, match="the same name"):
        Trace.load(folder)


def reword(path: Path, change: Callable[[dict], None]) -> None:
    """Change what a trace says of itself, and make its digest right."""
    file = path / "zarr.json"
    metadata = json.loads(file.read_text())
    said = metadata["attributes"]["rnnviz_trace"]
    change(said)
    if said.pop("digest", None):
        said["digest"] = storage.digest_of_attributes(said)
    file.write_text(json.dumps(metadata))


def test_deeply_nested_json_is_refused(folder: Path) -> None:
    (folder / "zarr.json").write_text('{"a":' * 100_000)
    with pytest.raises(ValueError, match="not a saved trace"):
        Trace.load(folder)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_store_without_checksums_is_read(tmp_path: Path, dtype: str) -> None:
    trace = attack_traces.example()
    save_as_before(trace, tmp_path / "old.zarr", 8, dtype)
    old = Trace.load(tmp_path / "old.zarr")
    for name in trace.states:
        expected = np.asarray(trace[name]).astype(dtype).astype(np.float32)
        np.testing.assert_array_equal(old[name], expected)
        np.testing.assert_array_equal(old.unit(name, 1), expected[:, 1])
    old.save(tmp_path / "new.zarr")
    assert attack_traces.contents(Trace.load(tmp_path / "new.zarr")) == attack_traces.contents(old)


def test_zeros_that_an_old_store_did_not_write_are_read(tmp_path: Path) -> None:
    predictions = Predictions(np.zeros((3, 1), int), np.ones((3, 1)), ("a",), np.zeros(3))
    trace = Trace.from_arrays("aaa", {"h": np.zeros((3, 1))}, predictions=predictions)
    save_as_before(trace, tmp_path / "t.zarr", 8)
    assert not (tmp_path / "t.zarr/predictions/ids/c").exists()
    np.testing.assert_array_equal(Trace.load(tmp_path / "t.zarr").predictions.ids, np.zeros((3, 1)))


@pytest.mark.parametrize(
    "name", ["states/0/c/1/0", "tokens/code_points/c/0", "tokens/ends/c/0", "loss/c/0"]
)
@pytest.mark.parametrize("store", ["folder", "old"])
def test_a_missing_file_is_an_error(store: str, name: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(store)
    (path / name).unlink()
    with pytest.raises(ValueError, match=f"{name} is missing"):
        attack_traces.contents(Trace.load(path))


@pytest.mark.parametrize("store", ["folder", "old"])
def test_a_trace_that_was_replaced_says_so_and_gives_nothing(
    store: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(store)
    before = Trace.load(path)
    lazy = before["rnn.l0.h"]
    other = Trace.from_arrays(
        "x" * 20, {"rnn.l0.h": np.ones((20, 3)), "rnn.l0.c": np.ones((20, 2))}
    )
    other.save(path)
    for read in (
        lambda: before.tokens,
        lambda: before.unit("rnn.l0.h", 0),
        lambda: lazy[3:5],
        lambda: np.asarray(lazy),
        lambda: before.predictions,
        lambda: before.loss,
    ):
        with pytest.raises(ValueError, match=rf"{path.name}' has been replaced by another"):
            read()
    np.testing.assert_array_equal(Trace.load(path)["rnn.l0.h"], np.ones((20, 3)))


@pytest.mark.parametrize("store", ["folder", "old"])
def test_a_trace_that_was_deleted_says_so(store: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(store)
    trace = Trace.load(path)
    shutil.rmtree(path)
    with pytest.raises(ValueError, match=rf"{path.name}' is no longer there"):
        trace.unit("rnn.l0.h", 0)
    with pytest.raises(ValueError, match=rf"{path.name}' is no longer there"):
        _ = trace.tokens


def test_a_trace_that_was_moved_away_and_back_is_the_same(folder: Path) -> None:
    trace = Trace.load(folder)
    before = attack_traces.contents(Trace.load(folder))
    shutil.copytree(folder, folder.parent / "copy")
    shutil.rmtree(folder)
    (folder.parent / "copy").rename(folder)
    assert attack_traces.contents(trace) == before


def test_any_zarr_reader_reads_a_store_and_finds_a_flipped_bit(folder: Path) -> None:
    trace = Trace.load(folder)
    group = zarr.open_group(str(folder), mode="r")
    for i, name in enumerate(trace.states):
        np.testing.assert_array_equal(group[f"states/{i}"][:], trace[name])
    np.testing.assert_array_equal(group["predictions/ids"][:], trace.predictions.ids)
    for name, key in (("states/0/c/0/0", "states/0"), ("loss/c/0", "loss")):
        file = folder / name
        data = bytearray(file.read_bytes())
        data[70] ^= 1
        file.write_bytes(data)
        with pytest.raises(ValueError, match="checksum"):
            zarr.open_group(str(folder), mode="r")[key][:]


def test_reading_a_trace_needs_neither_torch_nor_zarr(folder: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['zarr'] = None\n"
        "from rnnviz_widget.trace import Trace\n"
        "trace = Trace.load(sys.argv[1])\n"
        "print(len(trace.tokens), len(trace.unit('rnn.l0.h', 1)), len(trace.predictions.ids))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["20", "20", "20"]


def test_parts_of_a_state_are_read_as_numpy_gives_them(folder: Path) -> None:
    """Shards of 8 rows, so that strides skip some."""
    lazy = Trace.load(folder)["rnn.l0.h"]
    array = np.asarray(lazy)
    chance = np.random.default_rng(0)
    for _ in range(100):
        key = []
        for size in lazy.shape:
            start, stop = chance.integers(-size - 2, size + 2, 2).tolist()
            step = int(chance.integers(1, 2 * size))
            key.append(slice(start, stop, step) if chance.random() < 0.7 else start % size)
        np.testing.assert_array_equal(lazy[tuple(key)], array[tuple(key)])
