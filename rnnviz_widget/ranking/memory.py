"""Memory that a thread uses again: to be given fresh pages takes as long as to sort them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

_held = threading.local()


def lent(name: str, length: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return memory of this thread's, shape (length,), which the next call of that name gets."""
    held = getattr(_held, name, None)
    if held is None or len(held) < length or held.dtype != dtype:
        held = np.empty(length, dtype)
        setattr(_held, name, held)
    return held[:length]
