"""Memory that a thread uses again: to be given fresh pages takes as long as to sort them.

Little of it, too: what two threads hold of a column should stay in the caches. So a name may be
shared by those who are done with it before the next one asks for it, as all are with "aside".
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_thread = threading.local()


def hold() -> None:
    """Have this thread keep, until it ends, what it is lent."""
    _thread.held = {}


def lent(name: str, length: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return memory, shape (length,), that the next call of that name in this thread gets too.

    In a thread that does not `hold` anything, which may live on for long, it is new memory.
    """
    held: dict[str, NDArray[np.uint8]] | None = getattr(_thread, "held", None)
    if held is None:
        return np.empty(length, dtype)
    needed = length * np.dtype(dtype).itemsize
    if name not in held or len(held[name]) < needed:
        held[name] = np.empty(needed, np.uint8)
    return held[name][:needed].view(dtype)
