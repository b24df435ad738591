"""A survey's memory and time: it must not grow with the corpus.

Run from the repository: ``python -m tests.benchmarks.survey``, with ``--characters N ...`` and
``--workers N ...`` if others are wanted: by default 2,000,000 and 20,000,000 characters in this
process (some minutes on a quiet core), then 2,000,000 by one and by two worker processes. Each is
a process of its own, whose peak memory is printed. Times mean little on a busy machine; the ratios
are of one run: to `record` alone, and to what a text of 500,000 characters takes by hand, `record`
and then `rank_units` for each label with the same controls.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import CharLM, CharLMConfig
from tests.unit.planted import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = 16
PIECE = 500_000
CONTROLS: dict[str, Any] = {"probe": False, "shifts": 19, "resamples": 50}
LABELS = {"quotes": rnnviz.labels.inside_quotes, "line": rnnviz.labels.line_position}


def texts(characters: int) -> Iterator[str]:
    """Yield texts that differ: one story, begun elsewhere each time."""
    base = quoted(PIECE)
    for i in range(characters // PIECE):
        start = i * 7919 % PIECE
        yield base[start:] + base[:start]


def one(characters: int, workers: int | None) -> dict[str, float]:
    """Survey so many characters in this process, and say what it took."""
    model = CharLM(sorted(set(quoted(4000))), CharLMConfig("gru", UNITS)).eval()
    text = next(texts(PIECE))
    start = time.perf_counter()
    trace = rnnviz.record(model, text, states="*.h", progress=False)
    recording = (time.perf_counter() - start) / PIECE
    start = time.perf_counter()
    for label in LABELS.values():
        rnnviz.rank_units(trace, label, **CONTROLS)
    scoring = (time.perf_counter() - start) / PIECE
    del trace
    start = time.perf_counter()
    found = rnnviz.survey(
        model,
        texts(characters),
        labels=LABELS,
        states="*.h",
        scheduler=workers,
        kinds=False,
        progress=False,
        **CONTROLS,
    )
    seconds = time.perf_counter() - start
    return {
        "tokens": found.tokens,
        "seconds": seconds,
        "of_record": seconds / found.tokens / recording,
        "by_hand": seconds / found.tokens / (recording + scoring),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, nargs="*", default=[2_000_000, 20_000_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        characters, workers = options.one
        print(json.dumps(one(characters, workers or None)))
        return
    print("characters  workers    seconds  times record  times both  peak GB")
    smallest = min(options.characters)
    for characters, workers in (
        *((each, 0) for each in options.characters),
        *((smallest, each) for each in options.workers),
    ):
        command = [sys.executable, "-m", "tests.benchmarks.survey", "--one"]
        done = subprocess.run(
            [*command, str(characters), str(workers)], check=True, capture_output=True, text=True
        )
        said = json.loads(done.stdout)
        print(
            f"{characters:10,} {workers or 'here':>8} {said['seconds']:10.1f} "
            f"{said['of_record']:13.2f} {said['by_hand']:11.2f} {said['peak_gb']:8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
