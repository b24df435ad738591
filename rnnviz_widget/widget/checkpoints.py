"""Traces of one text by name: the checkpoints of a training, or a single one."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from traitlets import TraitError

from rnnviz_widget.escaping import listed
from rnnviz_widget.trace import Trace, select

Traces = Trace | Sequence[Trace] | Mapping[str, Trace] | Mapping[int, Trace]
"""One trace, or those of several checkpoints, in a list or by name."""


def offered_states(
    checkpoints: Mapping[str, Trace], offered: str | Sequence[str] | None
) -> tuple[str, ...]:
    """Return the states that match shell patterns, in the patterns' order; all by default."""
    (trace, *_) = checkpoints.values()
    patterns = [offered] if isinstance(offered, str) else offered
    try:
        found = [trace.states] if patterns is None else [select(trace.states, p) for p in patterns]
    except ValueError:
        missing = next(p for p in patterns or () if not fnmatch.filter(trace.states, p))
        msg = f"states must be among {listed(trace.states)}, got {missing!r}"
        raise TraitError(msg) from None
    states = tuple(dict.fromkeys(chain.from_iterable(found)))
    if not states:
        msg = "states must name at least one state, got none"
        raise TraitError(msg)
    return states


def as_checkpoints(traces: Traces) -> dict[str, Trace]:
    """Return one trace, or several of one text, by name.

    Raises
    ------
    TraitError
        If something is not a trace, or two traces differ in their tokens, states or widths.
    """
    named: list[tuple[str, Any]]
    match traces:
        case Mapping():
            named = [(_name(key), trace) for key, trace in traces.items()]
        case list() | tuple():
            named = [(_name_of(trace, i), trace) for i, trace in enumerate(traces)]
        case _:
            named = [("", traces)]
    for _, trace in named:
        if not isinstance(trace, Trace):
            msg = f"trace must be a Trace, or several by name, got {type(trace).__name__}"
            raise TraitError(msg)
    if not named:
        msg = "trace must be at least one Trace, got none"
        raise TraitError(msg)
    (first, base), *others = named
    for name, trace in others:
        if difference := _difference(base, trace):
            msg = (
                f"traces of checkpoints must be of one text and have the same states: {name!r} and "
                f"{first!r} differ in {difference}"
            )
            raise TraitError(msg)
    checkpoints = dict(named)
    if len(checkpoints) < len(named):
        msg = f"names of checkpoints must differ, got {listed(name for name, _ in named)}"
        raise TraitError(msg)
    return checkpoints


def _name(key: object) -> str:
    return f"{key:,}" if isinstance(key, int) else str(key)


def _name_of(trace: object, index: int) -> str:
    seen = trace.source.get("characters_seen") if isinstance(trace, Trace) else None
    return f"{seen:,} characters" if isinstance(seen, int) else str(index + 1)


def _difference(a: Trace, b: Trace) -> str:
    """Return in words what two traces that must be alike differ in, or nothing."""
    if len(a) != len(b):
        return f"their number of tokens, {len(b):,} and {len(a):,}"
    if a.tokens != b.tokens:
        token = next(i for i, (x, y) in enumerate(zip(a.tokens, b.tokens, strict=True)) if x != y)
        return f"token {token}, {b.tokens[token]!r} and {a.tokens[token]!r}"
    if set(a.states) != set(b.states):
        return f"the states {listed(sorted(set(a.states) ^ set(b.states)))}"
    for state in a.states:
        if a.num_units(state) != b.num_units(state):
            return f"the units of {state}, {b.num_units(state)} and {a.num_units(state)}"
        if a.bounds(state) != b.bounds(state):
            return f"the bounds of {state}, {b.bounds(state)} and {a.bounds(state)}"
    return ""
