"""Work on all cores."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rnnviz_widget.stats.memory import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

_thread = threading.local()


def in_threads(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Map in threads; numpy lets go of the interpreter while it sorts.

    Within one of the threads it maps there, since the others have work of their own.
    """
    if sys.platform == "emscripten" or getattr(_thread, "works", False):
        return list(map(function, items))  # a browser has no threads to give
    with kept_threads():
        pool: ThreadPoolExecutor = _thread.pool
        return list(pool.map(function, items))


@contextmanager
def kept_threads() -> Iterator[None]:
    """Keep the threads, and the memory that they are lent, for all that is done within."""
    if getattr(_thread, "pool", None) is not None:
        yield
        return
    with ThreadPoolExecutor(os.cpu_count(), initializer=_work) as pool:
        try:
            _thread.pool = pool
            yield
        finally:
            _thread.pool = None


def _work() -> None:
    _thread.works = True
    hold()
