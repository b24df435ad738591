"""A survey of 10^12 characters by 1,000 workers, on paper and event by event.

Run from the repository: ``python -m tests.simulations.survey [--workers N] [--task BLOCKS]`` (a
minute on one core). How large a result is, how long it takes to add up and how long a task takes
to pickle is measured here; how fast a worker reads, and what the network and Dask's scheduler can
do, is assumed, and printed.
"""

from __future__ import annotations

import argparse
import heapq
import pickle
import time
from dataclasses import dataclass

import numpy as np

from rnnviz_widget.surveys.bins import BINS, levels_of
from rnnviz_widget.surveys.corpus import TextBlock
from rnnviz_widget.surveys.summary import Scheme, Summary
from rnnviz_widget.surveys.task import PART, merge_parts

CHARACTERS = 10**12
BLOCK = 1 << 16
COLUMNS = 512  # h of two layers of 256 units
LABELS = {"quotes": None, "line": levels_of(np.arange(100.0))}
READS = 40_000.0  # characters a second: one core, the network and the counting
NETWORK = 1.0e9  # bytes a second of the process that asks, and of each worker
SCHEDULER = 200e-6  # seconds of Dask's scheduler for a task (its documentation, "Efficiency")
DIES_EVERY = 24 * 3600.0  # seconds, each worker


@dataclass(frozen=True)
class Costs:
    """What was measured here.

    Attributes
    ----------
    text, result : int
        Bytes of a part's text on its way out, and of a result on its way back.
    add : float
        Seconds to read a result and add it to others.

    """

    text: int
    result: int
    add: float


def measured() -> Costs:
    """Measure a result of realistic counts."""
    rng = np.random.default_rng(0)
    edges = np.sort(rng.normal(size=(COLUMNS, BINS - 1)).astype(np.float32), axis=1)
    scheme = Scheme(edges, LABELS, np.zeros((COLUMNS, 2), np.float32))
    summary = Summary.empty(scheme)
    tokens = PART * BLOCK
    for name, hits in summary.hits.items():
        cells = hits[0, 0].size
        for place in np.ndindex(hits.shape[:2]):
            share = rng.dirichlet(np.full(cells, 0.3))
            hits[place] = rng.multinomial(tokens // 2, share).reshape(hits[place].shape)
        summary.inexact[name] = False
    summary.counts += summary.hits["quotes"].sum(axis=(0, 3))
    data = summary.to_bytes()
    start = time.process_time()
    merge_parts(tuple(LABELS), data, data)
    add = (time.process_time() - start) / 2
    text = "".join(rng.choice(list("abcdefgh \n"), BLOCK))
    block = TextBlock(0, 0, 0, 1, 1, text, 1000)
    return Costs(len(pickle.dumps(block)) * PART, len(data), add)


@dataclass(frozen=True)
class Run:
    """What a simulated run came to.

    Attributes
    ----------
    hours : float
        How long it takes.
    busy, asker, scheduler : float
        The share of the time that workers, the process that asks, and the scheduler are busy.
    repeated : float
        The share of parts that are done again, since a worker died.
    in_flight : float
        Bytes of text that wait in the scheduler's memory.

    """

    hours: float
    busy: float
    asker: float
    scheduler: float
    repeated: float
    in_flight: float


def simulated(costs: Costs, workers: int, blocks: int, tasks: int = 400) -> Run:
    """Run some tasks of so many blocks, event by event, and scale up to all characters."""
    rng = np.random.default_rng(1)
    parts = max(1, blocks // PART)
    seconds = min(blocks, PART) * BLOCK / READS
    free = [0.0] * workers
    total = max(tasks, 6 * workers // parts + 1)
    asker = scheduler = worked = 0.0
    done_again = 0
    ends: list[float] = []
    for _ in range(total):
        finished = 0.0
        for _ in range(parts):
            asker += costs.text / NETWORK  # the text goes out by way of one process
            scheduler = max(scheduler, asker) + SCHEDULER
            ready = scheduler
            while True:
                start = max(heapq.heappop(free), ready)
                takes = seconds * rng.lognormal(0, 0.2) + costs.result / NETWORK
                death = rng.exponential(DIES_EVERY)
                heapq.heappush(free, start + min(takes, death))
                worked += min(takes, death)
                if death > takes:
                    break
                done_again += 1
            finished = max(finished, start + takes)
        if parts > 1:  # added up by one worker, results of others coming in
            finished += parts * (costs.add + costs.result / NETWORK)
        ends.append(finished)
    merging = 0.0
    for end in sorted(ends):  # one process adds up, in order
        merging = max(merging, end) + costs.add + costs.result / NETWORK
    characters = total * blocks * BLOCK
    scale = CHARACTERS / characters
    took = max(merging, asker)
    asks = asker + total * (costs.add + costs.result / NETWORK)
    return Run(
        hours=took * scale / 3600,
        busy=worked / (workers * took),
        asker=min(1.0, asks / took),
        scheduler=min(1.0, total * (parts + 1) * SCHEDULER / took),
        repeated=done_again / (total * parts),
        in_flight=3 * workers * costs.text,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--task", type=int, nargs="*", default=[16, 256, 2048])
    options = parser.parse_args()
    costs = measured()
    parts = CHARACTERS / (PART * BLOCK)
    print(f"{COLUMNS} columns, labels {', '.join(LABELS)}; a worker reads {READS:,.0f} a second")
    print(
        f"a part: {costs.text / 1e6:.1f} MB of text out, {costs.result / 1e6:.1f} MB back, ", end=""
    )
    print(f"{costs.add:.3f} s to add up; {parts:,.0f} parts in all")
    print(f"text out {parts * costs.text / 1e12:.1f} TB; ", end="")
    print(f"one process alone needs {parts * costs.add / 86400:.1f} days to add up single parts")
    print("workers  task   days  workers busy  asker busy  scheduler  again  text in memory")
    for workers in options.workers:
        for task in options.task:
            run = simulated(costs, workers, task)
            print(
                f"{workers:7,} {task:5,} {run.hours / 24:6.1f} {100 * run.busy:11.0f} % "
                f"{100 * run.asker:9.0f} % {100 * run.scheduler:8.1f} % "
                f"{100 * run.repeated:4.2f} % {run.in_flight / 1e9:10.2f} GB"
            )


if __name__ == "__main__":
    main()
