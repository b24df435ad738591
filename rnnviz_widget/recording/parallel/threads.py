"""Running parts of a batch at once, each with its share of torch's threads.

A step of a recurrence is one product and a dozen small operations, some of which torch and numpy do
in one thread. Half a batch on each of two cores takes four fifths of the time that the whole of it
takes in two threads (measured, torch 2.13, an LSTM of 512 units).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")

_sharing: list[object] = []  # tickets; the first has torch's threads, whose number is one for all


class Map(Protocol):
    """Calls a function with each item, all at once, and returns what it returned."""

    def __call__(self, function: Callable[[T], R], items: Sequence[T], /) -> list[R]:
        """Raise what the function raised, when all calls have ended."""


def abreast(parts: int, work: Callable[[Map], R]) -> R:
    """Return what `work` makes of a `Map` for `parts` items.

    Meanwhile torch has so many fewer threads for each. Functions run without gradients, and in
    inference mode where the caller is. While another thread does the same, they run one after the
    other. What is put back is put back by calls into C, which no interrupt comes between (`guard`).
    """
    inference = torch.is_inference_mode_enabled()
    if parts == 1:
        return work(_one_by_one)

    def share() -> R:
        with ThreadPoolExecutor(parts, thread_name_prefix="rnnviz-record") as pool:
            return work(partial(_side_by_side, pool, inference))

    return _alone(
        lambda: _with_threads(max(1, torch.get_num_threads() // parts), share),  # in new ones too
        lambda: work(_one_by_one),
    )


def with_threads(count: int, work: Callable[[], R]) -> R:
    """Return what `work` does with so many of torch's threads; with all, if others share them."""
    return _alone(lambda: _with_threads(count, work), work)


def _alone(work: Callable[[], R], otherwise: Callable[[], R]) -> R:
    """Return what `work` does while no other thread is at it, else what `otherwise` does."""
    ticket = object()
    try:
        _sharing.append(ticket)
        return work() if _sharing[0] is ticket else otherwise()
    finally:
        _sharing.remove(ticket)


def _with_threads(count: int, work: Callable[[], R]) -> R:
    before = torch.get_num_threads()
    if count == before:
        return work()
    try:
        torch.set_num_threads(count)
        return work()
    finally:
        torch.set_num_threads(before)


def _side_by_side(
    pool: ThreadPoolExecutor,
    inference: bool,  # noqa: FBT001  (the caller's mode)
    function: Callable[[T], Any],
    items: Sequence[T],
) -> list[Any]:
    def call(item: T) -> Any:  # noqa: ANN401
        with torch.inference_mode(inference), torch.no_grad():  # each thread has its own modes
            return function(item)

    calls = [pool.submit(call, item) for item in items]
    wait(calls)
    return [each.result() for each in calls]


def _one_by_one(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [function(item) for item in items]
