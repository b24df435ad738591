"""Work on all cores."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from rnnviz_widget.ranking.memory import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")


def in_threads(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Map in threads; numpy lets go of the interpreter while it sorts."""
    if sys.platform == "emscripten":  # a browser has no threads to give
        return list(map(function, items))
    with ThreadPoolExecutor(os.cpu_count(), initializer=hold) as pool:
        return list(pool.map(function, items))
