"""What a view asks while somebody looks for units, and what answers it: beside other work."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.export import STATIC
from rnnviz_widget.extremes import contexts
from rnnviz_widget.quantise import quantise
from rnnviz_widget.widget.background import Background
from rnnviz_widget.widget.marking import answer_marked
from rnnviz_widget.widget.traits import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rnnviz_widget.extremes import Context
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.widget.data import WidgetData

_MOST = 1 << 14  # tokens of a window: as many as have room on a screen, and more
_COUNT = 8  # stretches of each sort


class Looking:
    """The work that goes on for a widget's views: one job of each sort, the latest."""

    def __init__(self) -> None:
        self._jobs: defaultdict[str, Background] = defaultdict(Background)

    def drop(self) -> None:
        """End all of it: it is of a text that is no more."""
        for job in self._jobs.values():
            job.drop()

    def of(self, sort: str) -> Background:
        """Return what does the jobs of a sort, a value of `SORTS`."""
        return self._jobs[sort]

    def respond(
        self,
        data: WidgetData,
        request: Mapping[str, Any],
        reply: Callable[[list[bytes] | Exception], object],
    ) -> bool:
        """Answer a request, now or later, if it is of this kind; say whether it is."""
        kind = request.get("kind")
        marking = self.of("marking")
        if kind == "program":
            reply([(STATIC / "finding.js").read_bytes()])
        elif kind == "progress":
            reply([json.dumps({"done": marking.done}).encode()])
        elif kind == "stop":
            marking.drop()
            reply([])
        elif isinstance(kind, str) and kind in SORTS:
            answer = _ANSWERS[SORTS[kind]]
            self.of(SORTS[kind]).start(lambda advance: answer(data, request, advance), reply)
        else:
            return False
        return True


SORTS = {
    "marked": "marking",
    "marked score": "marking",
    "window": "window",
    "contexts": "contexts",
}
"""Requests that take long, and what jobs they are: of each sort only the latest is done."""


def _window(
    data: WidgetData, request: Mapping[str, Any], _: Callable[[int], object]
) -> list[bytes]:
    """Return all units of a state over some tokens: int8 `(U, n)`, and float32 `(U, 2)`.

    Of each unit the scale and the limit, see `QuantisedUnit`; where no bound is proven, the limit
    is of these tokens alone.
    """
    state, trace = data.state(request.get("state", "")), _trace(data, request)
    start, stop = (whole_number(request.get(name)) for name in ("start", "stop"))
    if not 0 <= start < stop <= min(len(trace), start + _MOST):
        msg = f"a window must be of 1 to {_MOST:,} of {len(trace):,} tokens, got {start} to {stop}"
        raise ValueError(msg)
    values = np.asarray(trace[state][start:stop]).T  # (U, n)
    units = [quantise(column, trace.bounds(state)) for column in values]
    scales = np.array([(unit.scale, unit.limit) for unit in units], "<f4")
    return [b"".join(unit.values.tobytes() for unit in units), scales.tobytes()]


def _contexts(
    data: WidgetData, request: Mapping[str, Any], _: Callable[[int], object]
) -> list[bytes]:
    """Return, as JSON, where a unit is highest, where lowest, and where it changes most."""
    state = data.state(request.get("state", ""))
    unit = data.unit(state, whole_number(request.get("unit")))
    found = contexts(_trace(data, request), state, unit, count=_COUNT)
    sorts = {name: [_described(each) for each in some] for name, some in found.sorts.items()}
    return [json.dumps(sorts).encode()]


def _described(context: Context) -> dict[str, Any]:
    """Return where a stretch is, which tokens it has, and the numbers it was chosen for."""
    start = context.token - context.before
    change = context.change
    return {
        "token": context.token,
        "start": start,
        "stop": start + len(context.tokens),
        "times": context.times,
        "value": context.value,
        "change": None if np.isnan(change) else change,
        "values": [float(v) if np.isfinite(v) else None for v in context.values],
    }


def _trace(data: WidgetData, request: Mapping[str, Any]) -> Trace:
    return data.traces[data.checkpoint(whole_number(request.get("checkpoint")))]


_ANSWERS: dict[
    str, Callable[[WidgetData, Mapping[str, Any], Callable[[int], object]], list[bytes]]
] = {"marking": answer_marked, "window": _window, "contexts": _contexts}
