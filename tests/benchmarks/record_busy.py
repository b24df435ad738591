"""How long recording takes on a machine that others use too, beside the module's own forward pass.

Run from the repository: ``python -m tests.benchmarks.record_busy`` (six minutes on two cores).
There are three surroundings: nothing else runs; one process in a loop for each core; one core alone
(``taskset``, which a container with a quota of one core looks like). In each, the module's own
forward pass with as many threads as torch takes by itself, the same with the number that is best
there, and `record`, of ``h`` alone and of every kind. Every line is a process of its own; the
forward pass and the recording take turns, so that both meet the same neighbours, and the shortest
of each counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnnviz_widget.charlm import CharLM

MODELS = ("prose", "lstm512", "lstm64")
"""A bundled GRU of 2 x 256 units, and LSTMs as they are drawn."""

PLACES = ("quiet", "busy", "one core")
TURNS = 3


def model_of(name: str) -> CharLM:
    """Return the model that is recorded."""
    import torch  # noqa: PLC0415  (here and below: only in the processes that measure)

    from rnnviz_widget.charlm import CharLM, CharLMConfig, load_model  # noqa: PLC0415

    prose = load_model("prose")
    if name == "prose":
        return prose
    torch.manual_seed(0)
    size = int(name.removeprefix("lstm"))
    return CharLM(prose.vocabulary, CharLMConfig("lstm", hidden_size=size)).eval()


def taken(runs: dict[str, Callable[[], Any]]) -> dict[str, tuple[float, float]]:
    """Return the shortest time and its processor time of some runs that take turns, in seconds."""
    found: dict[str, tuple[float, float]] = {}
    for _ in range(TURNS):
        for name, run in runs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            took = time.perf_counter() - wall, time.process_time() - cpu
            found[name] = min(found.get(name, took), took)
    return found


def measure(name: str, steps: int) -> dict[str, tuple[float, float]]:
    """Return what the forward pass and `record` of one model take where this process runs."""
    import torch  # noqa: PLC0415

    from rnnviz_widget import record, sample_text  # noqa: PLC0415

    model = model_of(name)
    text = (sample_text("prose") * (steps // 1000 + 1))[:steps]
    ids = model.encode(text)
    threads = torch.get_num_threads()

    def forward(number: int) -> None:
        torch.set_num_threads(number)
        with torch.no_grad():
            model(ids)
        torch.set_num_threads(threads)

    forward(1)
    numbers = {1, threads, len(os.sched_getaffinity(0))}
    runs: dict[str, Callable[[], Any]] = {
        f"forward {number}": lambda number=number: forward(number) for number in sorted(numbers)
    }
    runs["record h"] = lambda: record(model, text, states=["*.h"], progress=False)
    runs["record"] = lambda: record(model, text, progress=False)
    found = taken(runs)
    best = min(found[f"forward {number}"] for number in numbers)
    return {
        "own": found[f"forward {threads}"],
        "best": best,
        "h": found["record h"],
        "all": found["record"],
    }


def spin() -> None:
    """Keep a core busy."""
    while True:
        sum(range(100_000))


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Keep so many cores busy meanwhile."""
    others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.terminate()
            other.join()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--places", nargs="*", choices=PLACES, default=list(PLACES))
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.steps)))
        return
    cores = sorted(os.sched_getaffinity(0))
    surrounded = {name: v for name, v in os.environ.items() if name != "OMP_NUM_THREADS"}
    print(f"{given.steps:,} characters, {len(cores)} cores; seconds (processor time)\n")
    print("| model | surroundings | its own forward | with the best threads | record h | record |")
    print("|---|---|---|---|---|---|")
    for name in given.models:
        for place in given.places:
            pinned = ["taskset", "-c", str(cores[0])] if place == "one core" else []
            command = [*pinned, sys.executable, "-m", "tests.benchmarks.record_busy"]
            with neighbours(len(cores) if place == "busy" else 0):
                done = subprocess.run(
                    [*command, f"--steps={given.steps}", f"--measure={name}"],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                    env=surrounded,
                )
            found = json.loads(done.stdout)
            print(f"| {name} | {place} | {' | '.join(_cells(found))} |", flush=True)


def _cells(found: dict[str, tuple[float, float]]) -> list[str]:
    own, best = found["own"][0], found["best"][0]
    return [
        f"{wall:.2f} ({cpu:.2f})"
        + (f": {wall / own:.2f}x, {wall / best:.2f}x" if name in ("h", "all") else "")
        for name, (wall, cpu) in found.items()
    ]


if __name__ == "__main__":
    main()
