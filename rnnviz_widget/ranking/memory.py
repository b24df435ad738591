"""Memory that a thread uses again: to be given fresh pages takes as long as to sort them.

Little of it, too: what two threads hold of a column should stay in the caches. "aside" is for what
is done with before anything else is called.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_held = threading.local()


def lent(name: str, length: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return memory of this thread's, shape (length,), which the next call of that name gets."""
    needed = length * np.dtype(dtype).itemsize
    held: NDArray[np.uint8] | None = getattr(_held, name, None)
    if held is None or len(held) < needed:
        held = np.empty(needed, np.uint8)
        setattr(_held, name, held)
    return held[:needed].view(dtype)
