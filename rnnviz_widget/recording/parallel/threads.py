"""Running parts of a batch at once, each with its share of torch's threads.

A step of a recurrence is one product and a dozen small operations, some of which torch and numpy do
in one thread. Half a batch on each of two cores takes four fifths of the time that the whole of it
takes in two threads (measured, torch 2.13, an LSTM of 512 units).
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")

_sharing = threading.Lock()  # torch's number of threads is one for all


class Map(Protocol):
    """Calls a function with each item, all at once, and returns what it returned."""

    def __call__(self, function: Callable[[T], R], items: Sequence[T], /) -> list[R]:
        """Raise what the function raised, when all calls have ended."""


@contextmanager
def abreast(parts: int) -> Iterator[Map]:
    """Give a `Map` for `parts` items; while it is open, torch has so many fewer threads for each.

    Functions run without gradients, and in inference mode where the caller is. While another thread
    has this open, they run one after the other.
    """
    threads, inference = torch.get_num_threads(), torch.is_inference_mode_enabled()
    if parts == 1 or not _sharing.acquire(blocking=False):
        yield _one_by_one
        return

    def run(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        def call(item: T) -> R:
            with torch.inference_mode(inference), torch.no_grad():  # each thread has its own modes
                return function(item)

        calls = [pool.submit(call, item) for item in items]
        wait(calls)
        return [each.result() for each in calls]

    try:
        torch.set_num_threads(max(1, threads // parts))  # of new threads too
        with ThreadPoolExecutor(parts, thread_name_prefix="rnnviz-record") as pool:
            yield run
    finally:
        torch.set_num_threads(threads)
        _sharing.release()


def _one_by_one(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]
