"""Whether running a layer in chunks pays: what a step costs in either way, by what was measured.

In chunks one step of Python serves all of them, but it costs much more than a step of torch's fused
call does beside its products. For a small LSTM, which oneDNN runs in a microsecond or two a step,
no number of chunks makes up for that; for a GRU, which torch runs operation by operation, few do.

Which way is taken is seen in the last digits of the values. So it must not depend on how busy the
machine is: nothing is timed here, and the same call gives the same values.
"""

from __future__ import annotations

from typing import NamedTuple

PER_MICROSECOND = 7000
"""Multiplications of float32 in one thread, batches of 1 to 64 rows with weights in the cache
(measured with torch 2.13 on Zen 4: 5000 to 8000 for layers of 16 to 512 units)."""

_KINDS = 0.6
"""Of a step's products: what making the other kinds from `h` afterwards costs in addition."""


class StepCost(NamedTuple):
    """What one step of a layer takes.

    Attributes
    ----------
    fused, loop
        See `Cell.fused_overhead` and `Cell.loop_overhead`.
    products
        Multiplications.
    kinds
        Whether other kinds than `h` are kept.
    """

    fused: float
    loop: float
    products: int
    kinds: bool

    def pays(self, chunks: int, threads: int) -> bool:
        """Whether so many chunks, run by so many threads, take less than the fused call."""
        products = self.products / PER_MICROSECOND
        alone = self.fused + products * (1 + _KINDS * self.kinds)
        return self.loop / chunks + products / threads < alone
