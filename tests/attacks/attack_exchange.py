"""Writers that are killed, writers at the same time, and a reader beside them."""

from __future__ import annotations

import random
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rnnviz_widget.trace import Trace
from tests.attacks.writers import Writers, numbered

Row = tuple[str, int, int]


def whole(path: Path) -> bool:
    """Whether a trace is there, all of one number; a sentence that it was replaced will do."""
    try:
        trace = Trace.load(path)
        numbers = {float(trace.tokens[0])}
        numbers |= {float(v) for name in trace.states for v in np.unique(trace[name])}
        return len(numbers) == 1
    except ValueError as error:
        return "has been replaced" in str(error)


def kills(folder: Path, count: int, seed: int = 0) -> tuple[int, int]:
    """Kill a writer at a random moment; return how often, and how often a whole trace was there."""
    path, chance, held = folder / "t.zarr", random.Random(seed), 0  # noqa: S311
    with Writers(path) as writers:
        for number in range(count):
            process = writers.start(number * 1000)
            time.sleep(chance.uniform(0, 0.1))
            writers.kill(process)
            found = Trace.load(path)
            held += bool(np.all(np.asarray(found["b"]) == float(found.tokens[0])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        numbered(0).save(path)
    held -= [each.name for each in folder.iterdir()] != ["t.zarr"]  # something was not swept
    return count, held


def readings(folder: Path, count: int) -> tuple[int, int]:
    """Read beside two writers; return how often, and how often what was read was of one trace."""
    path = folder / "t.zarr"
    with Writers(path) as writers:
        processes = [writers.start(first) for first in (0, 10**6)]
        held = sum(whole(path) for _ in range(count))
        held -= sum(not writers.stopped_well(process) for process in processes)
    return count, held


def opened_before(folder: Path, count: int) -> tuple[int, int]:
    """Replace a trace that is open; return how often, and how often the old one said so."""
    path, held = folder / "t.zarr", 0
    numbered(0).save(path)
    for number in range(1, count + 1):
        before: Any = Trace.load(path)
        numbered(number).save(path)
        said = 0
        for read in (lambda t: t.tokens, lambda t: t.unit("a", 1), lambda t: t["b"][3:5]):
            try:
                read(before)
            except ValueError as error:
                said += str(path.name) in str(error)
        held += said == 3
    return count, held


def run(count: int = 200) -> list[Row]:
    """Attack: `count` kills, five times as many readings, and as many replacements."""
    rows: list[Row] = []
    for what, attack, tried in (
        ("trace: a writer is killed (SIGKILL): the old trace or the new one, and swept", kills, 1),
        ("trace: a reader beside two writers gets one trace, or is told", readings, 5),
        (
            "trace: what was opened before a replacement says so, and gives nothing",
            opened_before,
            1,
        ),
    ):
        with tempfile.TemporaryDirectory() as folder:
            rows.append((what, *attack(Path(folder).resolve(), count * tried)))
    return rows
