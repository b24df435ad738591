"""How long ranking takes, beside a loop over scikit-learn's `roc_auc_score`.

Run from the repository: ``python -m tests.benchmarks.ranking [TOKENS] [UNITS]``, by default
1,000,000 tokens and 1,024 units (4 GB of values, 5 GB of memory, a few minutes). Every stage is
timed alone; the loop is timed on a few units and multiplied. Scores are compared on those units.
Where other work keeps the cores busy, processor time divided by cores says more than wall time.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score

from rnnviz_widget.ranking import Ranking, rank_units
from rnnviz_widget.trace import Extras, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOP = 8  # units that scikit-learn scores
OFF = {"shifts": 0, "resamples": 0, "details": 0, "probe": False}
STAGES: dict[str, dict[str, object]] = {
    "scores of all units on both halves": OFF,
    "... with intervals and details of ten units": {"shifts": 0, "probe": False},
    "... with the probe": {"shifts": 0},
    "... with 199 labels of chance: everything": {},
}
MIXTURE = ("spread", "saturated", "gate", "near zero")


def states(tokens: int, units: int, label: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Make up values such as trained networks have, a quarter of the units of each shape."""
    rng = np.random.default_rng(0)
    values = np.empty((tokens, units), np.float32)
    for unit in range(units):
        column = rng.standard_normal(tokens, np.float32) + np.float32(unit % 7 / 7) * label
        match MIXTURE[unit % len(MIXTURE)]:
            case "spread":
                values[:, unit] = np.tanh(column)
            case "saturated":
                values[:, unit] = np.tanh(6 * column)
            case "gate":
                values[:, unit] = 1 / (1 + np.exp(-4 * column))
            case _:
                values[:, unit] = np.tanh(0.2 * column**3)
    return values


def main() -> None:
    """Print the times, the loop's time and the largest disagreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokens", type=int, nargs="?", default=1_000_000)
    parser.add_argument("units", type=int, nargs="?", default=1_024)
    given = parser.parse_args()

    rng = np.random.default_rng(1)
    label = np.repeat(rng.random(given.tokens // 50 + 1) < 0.3, 50)[: given.tokens]
    alphabet = np.array(list("etaoinshrdlu \n"))
    text = "".join(rng.choice(alphabet, given.tokens))
    values = states(given.tokens, given.units, label)
    trace = Trace(tuple(text), {"rnn.l0.h": values}, {}, Extras())  # from_arrays would copy
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    print(
        f"{given.tokens:,} tokens x {given.units:,} units, one bool label, {os.cpu_count()} cores"
    )
    print(f"{'':48}{'wall':>9}   {'processor':>9}")
    for name, options in STAGES.items():
        start, worked = time.perf_counter(), time.process_time()
        ranking = rank_units(trace, label, progress=False, **options)  # type: ignore[arg-type]
        wall, worked = time.perf_counter() - start, time.process_time() - worked
        print(f"{name:48}{wall:9.1f} s {worked:9.1f} s")
        if options is OFF:
            scored = ranking
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held
    print(f"{'memory beyond the trace and its making':48}{max(more, 0) / 2**20:9.2f} GiB")

    start = time.perf_counter()
    expected = loop(trace, label, scored)
    seconds = (time.perf_counter() - start) * given.units / LOOP
    print(f"{'loop over roc_auc_score (from ' + str(LOOP) + ' units)':48}{seconds:9.1f} s")
    ours = [(e.score, e.held_out) for e in sorted(scored, key=lambda e: e.unit)[:LOOP]]
    print(f"{'largest difference in score':48}{np.abs(np.subtract(ours, expected)).max():9.1e}")


def loop(trace: Trace, label: NDArray[np.bool_], ranking: Ranking) -> list[tuple[float, float]]:
    """Return scikit-learn's score and held-out score of the first units."""
    middle = len(trace) // 2
    parts = slice(100, middle - 50), slice(middle + 50, len(trace))
    assert ranking.chosen_on.tokens == middle - 150
    found = []
    for unit in range(LOOP):
        column = trace.unit("rnn.l0.h", unit)
        a, b = (float(roc_auc_score(label[part], column[part])) for part in parts)
        found.append((a, b) if a >= 0.5 else (1 - a, 1 - b))
    return found


if __name__ == "__main__":
    main()
