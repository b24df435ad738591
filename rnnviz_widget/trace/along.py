"""What all units of a state say along a direction, as a state of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rnnviz_widget.trace import storage
from rnnviz_widget.trace.arrays import real
from rnnviz_widget.trace.trace import Trace

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class DirectionLike(Protocol):
    """A direction, such as a probe's."""

    @property
    def weights(self) -> ArrayLike:
        """`(U,)` numbers, one for each unit."""


def along(
    trace: Trace,
    state: str,
    weights: ArrayLike | DirectionLike,
    *,
    name: str | None = None,
) -> Trace:
    """Return a trace with one state more, of one unit: the values of `state` along a direction.

    Where no single unit follows a label and a linear probe of all units does, the probe's direction
    is what there is to see. As a state it is coloured, ranked with controls and plotted as units
    are. All other states are those of `trace`, and are not copied.

    Parameters
    ----------
    trace : Trace
        A recording.
    state : str
        Which state's units are read.
    weights : array_like or DirectionLike
        `(U,)` finite numbers, one for each unit and not all 0, or something with such ``weights``,
        as a probe's direction. Row `t` of the new state is their products with the units' values,
        added up.
    name : str, optional
        What the new state is called; ``"<state>.along"`` unless given.

    Raises
    ------
    KeyError
        If `trace` has no such state.
    TypeError, ValueError
        If `weights` do not fit the units, or there is a state of that name.

    Examples
    --------
    >>> trace = Trace.from_arrays("ab", {"encoder.h": [[0.0, 0.5], [1.0, -0.5]]})
    >>> along(trace, "encoder.h", [1, -1])["encoder.h.along"].tolist()
    [[-0.5], [1.5]]
    """
    given: Any = weights
    values, units = trace[state], trace.num_units(state)
    numbers = real("weights", getattr(given, "weights", given)).astype(np.float64)
    if numbers.shape != (units,) or not np.isfinite(numbers).all() or not numbers.any():
        msg = (
            f"weights must be one finite number for each of the {units} units of {state}, not all "
            f"0, got shape {numbers.shape}"
        )
        raise ValueError(msg)
    called = f"{state}.along" if name is None else name
    if called in trace:
        msg = f"name must not be that of a state, got {called!r}; there are {trace.states}"
        raise ValueError(msg)
    column = np.empty((len(trace), 1), np.float32)
    for start in range(0, len(trace), storage.CHUNK):  # a state on disk may not fit into memory
        rows = slice(start, start + storage.CHUNK)
        column[rows, 0] = np.asarray(values[rows], np.float64) @ numbers
    made = Trace.from_arrays(trace.tokens, {called: column})
    arrays = {**{each: trace[each] for each in trace.states}, called: made[called]}
    return replace(trace, _arrays=arrays)
