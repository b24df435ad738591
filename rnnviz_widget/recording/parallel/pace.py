"""With how many threads a kind of work goes quickest, found out while it is done.

torch shares one small operation out among all its threads, which wait for each other in a loop that
keeps their cores busy. Where another process has one of these cores, all wait for it: two threads
on a busy machine of two cores take seven times as long as alone (measured, torch 2.13, an LSTM of
2 x 256 units). Where nothing else runs, they take half as long. So both are timed, now and then.
"""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch

from rnnviz_widget.recording.parallel.threads import with_threads

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")

SMALL = 2**17
"""Multiplications of a step that are not worth a second thread."""

_TRYING = 0.03  # of the time goes into trying other numbers
_BETTER = 0.9  # of the time that it takes now is worth a change
_SOONER = 1.5  # times as slow as it was: time to look again
_CGROUP = Path("/sys/fs/cgroup")


@cache
def available() -> int:
    """Return how many cores this process may use at once: visible ones, or the quota of them."""
    visible = getattr(os, "sched_getaffinity", None)
    cores = len(visible(0)) if visible else os.cpu_count() or 1
    for quota, period in (("cpu.max", ""), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        with suppress(OSError, ValueError):
            given = (_CGROUP / quota).read_text().split()
            given += (_CGROUP / period).read_text().split() if period else []
            share = float(given[0]) / float(given[1])  # "max": none
            cores = min(cores, max(1, math.ceil(share))) if share > 0 else cores
    return cores


class Pace:
    """Does one kind of work, piece after piece, with the number of threads that suits it.

    Parameters
    ----------
    multiplications
        Of one step: whether it is worth more than one thread.

    Attributes
    ----------
    multiplications
        The same.
    cost
        Seconds a step took, by number of threads, when it was last tried.
    """

    def __init__(self, multiplications: int) -> None:
        self.multiplications = multiplications
        self._most = min(torch.get_num_threads(), available())
        numbers = {1} if multiplications < SMALL else {1, min(4, self._most), self._most}
        self._numbers = sorted(numbers)
        self.cost: dict[int, float] = {}
        self._usual = 0.0  # what a step took with the number in use, when it was chosen
        self._now = 1
        self._trying = self._total = 0.0

    @property
    def number(self) -> int:
        """The number of threads in use, for what is alike and too short to be timed."""
        return self._now

    def run(self, steps: int, work: Callable[[], R], *, trying: bool = True) -> R:
        """Return what `work`, of so many steps, does; `trying` allows for another number."""
        number = (self.trial() if trying else None) or self._now
        start = time.perf_counter()
        result = with_threads(number, work)
        self._note(number, steps, time.perf_counter() - start)
        return result

    def trial(self) -> int | None:
        """Return a number of threads that should be tried for a few steps, None for none."""
        if len(self._numbers) == 1:
            return None
        untried = [number for number in self._numbers if number not in self.cost]
        if untried:
            return untried[0]
        slow = self.cost[self._now] > _SOONER * self._usual
        if self._trying > (_TRYING * (2 if slow else 1)) * self._total:
            return None
        others = [number for number in self._numbers if number != self._now]
        return min(others, key=lambda number: self.cost[number])

    def _note(self, number: int, steps: int, seconds: float) -> None:
        cost = seconds / max(steps, 1)
        known = self.cost.get(number)
        # Of what is tried now and then, the last time counts: surroundings may have changed.
        usual = known is not None and number == self._now
        self.cost[number] = (self.cost[number] + cost) / 2 if usual else cost
        self._total += seconds
        if number != self._now:
            self._trying += seconds
        best = min(self.cost, key=lambda each: self.cost[each])
        if best != self._now and self.cost[best] < _BETTER * self.cost[self._now]:
            self._now = best
            self._usual = self.cost[best]
        self._usual = min(self._usual or cost, self.cost[self._now])
