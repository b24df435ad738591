"""Damaged and hostile trace folders: each is refused with a sentence, or read right."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import random
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.trace import Predictions, Trace, storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, int, int]

SECONDS, MEGABYTES = 1.0, 200

HOSTILE: tuple[Any, ...] = (
    0,
    -1,
    1,
    2,
    5 * 10**8,
    2**31,
    2**63,
    2**64,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    True,
    None,
    "",
    "h",
    "\ud800",
    "../../etc",
    "float64",
    [],
    [1],
    [[[]]],
    [2**40, 2**40],
    {},
    {"name": "x"},
)


def example(length: int = 20) -> Trace:
    """Return a trace with everything that a trace may have."""
    random_ = np.random.default_rng(0)
    tokens = [chr(97 + i % 26) * (1 + i % 3) for i in range(length)]
    return Trace.from_arrays(
        tokens,
        {
            "rnn.l0.h": random_.uniform(-1, 1, (length, 3)),
            "rnn.l0.c": random_.standard_normal((length, 2)),
        },
        bounds={"rnn.l0.h": (-1, 1)},
        predictions=Predictions(
            np.array([[1, 0]] * length),
            np.full((length, 2), 0.5),
            ("a", "be"),
            np.full(length, 0.7),
        ),
        loss=[*range(length - 1), np.nan],
        source={"module": "GRU", "n": 1},
    )


def contents(trace: Trace) -> tuple[Any, ...]:
    """Return all of a trace, for comparing."""
    found = trace.predictions
    loss = trace.loss
    return (
        trace.tokens,
        trace.states,
        [np.asarray(trace[name]).tobytes() for name in trace.states],
        [trace.unit(name, 0).tobytes() for name in trace.states],
        [trace.bounds(name) for name in trace.states],
        dict(trace.source),
        None
        if found is None
        else (
            found.ids.tobytes(),
            found.probabilities.tobytes(),
            found.vocabulary,
            None if found.entropy is None else found.entropy.tobytes(),
        ),
        None if loss is None else loss.tobytes(),
    )


def consistent(trace: Trace) -> bool:
    """Whether all of a trace can be had, and fits together."""
    lengths = {len(trace), len(trace.tokens)}
    lengths |= {len(np.asarray(trace[name])) for name in trace.states}
    if trace.predictions is not None:
        lengths.add(len(trace.predictions.ids))
    if trace.loss is not None:
        lengths.add(len(trace.loss))
    return len(lengths) == 1 and all(trace.tokens)


def outcome(path: Path, right: Callable[[Trace], bool]) -> bool:
    """Whether a folder is refused with a sentence that names it, or read right."""
    try:
        return right(Trace.load(path))
    except ValueError as error:
        said = str(error)
        return path.name in said and "\n" not in said


@contextlib.contextmanager
def damaged(folder: Path, chance: random.Random) -> Iterator[str]:
    """Damage one file of a folder for the block; gives what was done."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    file = chance.choice(files)
    data = file.read_bytes()
    kind = chance.choice(["flip", "empty", "cut", "longer", "delete", "noise", "other"])
    if kind == "flip":
        at = chance.randrange(len(data))
        file.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "cut":
        file.write_bytes(data[: chance.randrange(len(data))])
    elif kind == "longer":
        file.write_bytes(data + chance.randbytes(chance.choice([1, 4, 64])))
    elif kind == "delete":
        file.unlink()
    elif kind == "noise":
        at = chance.randrange(len(data))
        file.write_bytes(data[:at] + chance.randbytes(8) + data[at + 8 :])
    else:
        file.write_bytes(chance.choice(files).read_bytes())
    yield f"{kind} {file.relative_to(folder)}"
    file.write_bytes(data)


def damages(folder: Path, count: int, seed: int = 0) -> tuple[int, list[str]]:
    """Return how many random damages were tried, and which were neither found nor harmless."""
    whole, chance = contents(Trace.load(folder)), random.Random(seed)  # noqa: S311
    lost = []
    for _ in range(count):
        with damaged(folder, chance) as done:
            if not outcome(folder, lambda trace: contents(trace) == whole):
                lost.append(done)
    return count, lost


def mixtures(folder: Path, other: Path) -> tuple[int, list[str]]:
    """Put each file of another recording of the same shape into a folder."""
    whole, lost, tried = contents(Trace.load(folder)), [], 0
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        data, tried = file.read_bytes(), tried + 1
        file.write_bytes((other / file.relative_to(folder)).read_bytes())
        if not outcome(folder, lambda trace: contents(trace) == whole):
            lost.append(str(file.relative_to(folder)))
        file.write_bytes(data)
    return tried, lost


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container in a JSON value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def hostile(folder: Path, count: int, seed: int = 0) -> tuple[int, list[str]]:
    """Change what a folder says of itself, as an author would who means harm; time and memory."""
    chance, lost = random.Random(seed), []  # noqa: S311
    files = sorted(folder.rglob("zarr.json"))
    root = folder / "zarr.json"
    for _ in range(count):
        file = root if chance.random() < 0.7 else chance.choice(files)
        before = file.read_bytes()
        said = json.loads(before)
        for _ in range(chance.choice([1, 1, 2])):
            container, key = chance.choice(list(places(said)))
            if chance.random() < 0.1:
                del container[key]
            else:
                container[key] = copy.deepcopy(chance.choice(HOSTILE))
        inner = said.get("attributes")
        ours = inner.get(storage.KEY) if isinstance(inner, dict) else None
        if isinstance(ours, dict) and "digest" in ours and chance.random() < 0.8:
            rest = {key: value for key, value in ours.items() if key != "digest"}
            ours["digest"] = storage.digest_of_attributes(rest)
        file.write_text(json.dumps(said))
        start, memory = time.perf_counter(), peak()
        held = outcome(folder, consistent)
        if not held or time.perf_counter() - start > SECONDS or peak() - memory > MEGABYTES:
            lost.append(file.read_text())
        file.write_bytes(before)
    return count, lost


def strange_files(folder: Path, secret: Path) -> tuple[int, list[str]]:
    """Put something that is no file of its own in the place of each file."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    lost = [each for file in files for each in strange(folder, file, secret)]
    return len(STRANGE) * len(files), lost


STRANGE = ("link", "pipe", "zeros", "folder", "loop")


def strange(folder: Path, file: Path, secret: Path) -> list[str]:
    """Put a link to the same bytes, a pipe, /dev/zero or a folder in a file's place."""
    data, lost = file.read_bytes(), []
    secret.write_bytes(data)
    whole = contents(Trace.load(folder))
    file.unlink()
    for kind in STRANGE:
        if kind == "pipe":
            os.mkfifo(file)
        elif kind == "folder":
            file.mkdir()
        else:
            file.symlink_to({"link": secret, "zeros": "/dev/zero", "loop": file.name}[kind])
        needed = file.name != "zarr.json" or file.parent == folder
        try:
            held = contents(Trace.load(folder)) == whole and not needed
        except ValueError as error:
            held = folder.name in str(error)
        if not held:
            lost.append(f"{kind} {file.relative_to(folder)}")
        if kind == "folder":
            file.rmdir()
        else:
            file.unlink()
    file.write_bytes(data)
    return lost


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made(folder: Path, name: str) -> Path:
    """Return a small trace on disk, of several shards."""
    chunk, storage.CHUNK = storage.CHUNK, 8
    try:
        example().save(folder / name)
    finally:
        storage.CHUNK = chunk
    return folder / name


def run(count: int = 1000) -> list[Row]:
    """Attack; `count` damages and as many hostile folders."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        one, two = made(folder, "one.zarr"), made(folder, "two.zarr")
        results = {
            "trace: a random damage to one file is found, or changes nothing": damages(one, count),
            "trace: a file of another recording of the same shape is found": mixtures(one, two),
            "trace: a link, pipe, device or folder in the place of a file": strange_files(
                one, folder / "secret"
            ),
            "trace: hostile descriptions are refused or right, in 1 s and 200 MB": hostile(
                one, count
            ),
        }
    for what, (_, lost) in results.items():
        for each in lost[:5]:
            print(f"  {what}: {each}")
    return [(what, tried, tried - len(lost)) for what, (tried, lost) in results.items()]
