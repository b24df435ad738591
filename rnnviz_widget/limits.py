"""Where colour scales end, as someone set it: for all units, by state, or by unit."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnviz_widget.escaping import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rnnviz_widget.trace import Trace

Pair = tuple[float, float]
"""The values at the low and the high end."""

LimitsLike = Sequence[float] | Mapping[str, Sequence[float] | Mapping[int, Sequence[float]]]
"""One pair, or pairs by state (shell patterns), or by state and unit."""

EVERY_UNIT = -1
"""Stands for all units of a state."""


class Limit(NamedTuple):
    """The ends of the colour scale of a unit, or of all units of a state (`EVERY_UNIT`)."""

    state: str
    unit: int
    low: float
    high: float


def limit_rows(
    limits: LimitsLike | None, units: Mapping[str, int], *, strict: bool = True
) -> list[Limit]:
    """Return the limits of each state and unit that has some; a unit's own come last.

    Parameters
    ----------
    limits
        What was given.
    units
        How many units each state has.
    strict
        Whether to refuse what names no state or unit that there is; else it is left out.

    Raises
    ------
    ValueError, TypeError
        Naming what came and what is allowed.
    """
    if limits is None:
        return []
    if not isinstance(limits, Mapping):
        pair = _pair(limits)
        return [Limit(state, EVERY_UNIT, *pair) for state in units]
    rows: list[Limit] = []
    for pattern, given in limits.items():
        states = fnmatch.filter(units, str(pattern))
        if not states and strict:
            msg = f"limits must be of states among {listed(units)}, got {pattern!r}"
            raise ValueError(msg)
        rows += [row for state in states for row in _of_state(state, given, units[state], strict)]
    # Whatever their order: what is said of a unit counts before what is said of its state.
    return sorted(rows, key=lambda row: row.unit != EVERY_UNIT)


def trace_limits(limits: LimitsLike | None, trace: Trace) -> list[Limit]:
    """Return the limits of the states of a trace, see `limit_rows`."""
    return limit_rows(limits, {state: trace.num_units(state) for state in trace.states})


def limits_of(rows: Iterable[Limit], state: str, unit: int) -> Pair | None:
    """Return the limits of a unit, or None where none were set."""
    found = None
    for row in rows:
        if row.state == state and row.unit in (unit, EVERY_UNIT):
            found = (row.low, row.high)
    return found


def _of_state(state: str, given: Any, count: int, strict: bool) -> list[Limit]:  # noqa: ANN401, FBT001
    if not isinstance(given, Mapping):
        return [Limit(state, EVERY_UNIT, *_pair(given))]
    rows = []
    for unit, pair in given.items():
        if isinstance(unit, bool) or not isinstance(unit, (int, np.integer)):
            msg = f"limits must be by unit number, got {unit!r} for state {state!r}"
            raise TypeError(msg)
        if 0 <= unit < count:
            rows.append(Limit(state, int(unit), *_pair(pair)))
        elif strict:
            msg = f"limits must be of units in [0, {count}) for state {state!r}, got {unit}"
            raise ValueError(msg)
    return rows


def _pair(given: Any) -> Pair:  # noqa: ANN401  (from outside)
    numbers = given.tolist() if isinstance(given, np.ndarray) else given
    match numbers:
        case [low, high] if all(
            isinstance(end, (int, float, np.number)) and not isinstance(end, bool)
            for end in (low, high)
        ):
            ends = float(low), float(high)
            if all(map(math.isfinite, ends)) and ends[0] < ends[1]:
                return ends
    msg = f"limits must be finite pairs (low, high) with low < high, got {given!r}"
    raise ValueError(msg)
