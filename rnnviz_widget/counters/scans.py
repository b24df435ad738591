"""Recurrences over T tokens without a loop over T: prefix scans by doubling (Hillis, Steele 1986).

Each recurrence is a chain of functions of one number that are closed under composition, so the
composition of the 2, 4, 8, ... functions before each token takes log2(T) passes over the arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)

_FORGOTTEN = 1e-6  # of a value is left: older tokens do not count


def clipped_sum(
    steps: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return x, shape (T,), where ``x[t] = clip(x[t-1] + steps[t], low[t], high[t])``.

    Where ``low[t] == high[t]`` x is set to that value whatever it was; so it must be at 0.
    """
    sums, low, high = steps.copy(), low.copy(), high.copy()
    reach = 1
    while reach < len(sums):
        # After f the function g: clip(clip(x + s_f, l_f, h_f) + s_g, l_g, h_g).
        step = sums[reach:]
        low[reach:], high[reach:] = (
            np.clip(bound[:-reach] + step, low[reach:], high[reach:]) for bound in (low, high)
        )
        sums[reach:] = step + sums[:-reach]
        reach *= 2
    return low  # every chain has begun by setting x, and ends with low == high


def decayed_sum(inputs: NDArray[F], decay: float, into_block: NDArray[np.intp]) -> NDArray[F]:
    """Return x, shape (T, V), where ``x[t] = decay * x[t-1] + inputs[t]``, anew in each block."""
    sums = inputs.copy()
    reach, weight = 1, decay
    while reach < len(sums) and weight > _FORGOTTEN:
        inside = (into_block[reach:] >= reach)[:, None]
        sums[reach:] += sums.dtype.type(weight) * inside * sums[:-reach]
        reach, weight = reach * 2, weight**2
    return sums


def automaton(
    to_one: NDArray[np.bool_], to_zero: NDArray[np.bool_], flip: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the state after each token, shape (T,), of a machine of one bit.

    At each token it goes to one, goes to zero, changes, or (no mark) stays. The first token must
    go to one or to zero.
    """
    index = np.arange(len(flip))
    settled = np.maximum.accumulate(np.where(to_one | to_zero, index, 0))
    flips = np.cumsum(flip)
    odd = (flips - flips[settled]) % 2 == 1
    return np.asarray(to_one[settled] ^ odd, np.bool_)
