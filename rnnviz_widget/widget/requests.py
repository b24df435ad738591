"""What a view asks its kernel for, and the bytes that answer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from rnnviz_widget.quantise import colour_limit
from rnnviz_widget.widget import wire
from rnnviz_widget.widget.messages import LONGEST_COMPLAINT
from rnnviz_widget.widget.network_requests import NETWORK_REQUESTS, answer_for_network
from rnnviz_widget.widget.traits import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnnviz_widget.widget.data import WidgetData
    from rnnviz_widget.widget.live import LiveNetwork
    from rnnviz_widget.widget.looking import Looking


class Sender(Protocol):
    """A widget that can send to its views."""

    def send(self, content: Any, buffers: Any = None) -> None:  # noqa: ANN401  (ipywidgets' own)
        """Send a message."""


def respond(
    widget: Sender,
    data: WidgetData,
    request: Mapping[str, Any],
    looking: Looking,
    living: LiveNetwork | None = None,
) -> None:
    """Send what a view asks for, or why it cannot be had: at once, or when it has been found."""

    def reply(found: list[bytes] | Exception) -> None:
        if isinstance(found, Exception):
            complaint = f"{type(found).__name__}: {found}"[:LONGEST_COMPLAINT]
            widget.send({"id": request["id"], "error": complaint})
        else:
            widget.send({"id": request["id"]}, found)

    if looking.respond(data, request, reply):
        return
    try:
        found: list[bytes] | Exception
        if living and request.get("kind") in NETWORK_REQUESTS:
            found = answer_for_network(living, request)
        else:
            found = answer(data, request)
    except Exception as error:  # noqa: BLE001  (whatever it is, the view is told)
        found = error
    reply(found)


def answer(data: WidgetData, request: Mapping[str, Any]) -> list[bytes]:
    """Return what the view asks for: a unit in eight bits with its scales, or exact values.

    Raises
    ------
    TraitError, TypeError, ValueError
        If it asks for what there is not, or not as it is asked for.
    """
    state = data.state(_asked(request, "state"))
    unit = data.unit(state, _asked_number(request, "unit"))
    trace = data.traces[data.checkpoint(_asked_number(request, "checkpoint"))]
    match _asked(request, "kind"):
        case "exact":
            ends = (_asked_number(request, "start"), _asked_number(request, "stop"))
            span = slice(*(max(0, end) for end in ends))
            return [trace.unit(state, unit)[span].astype("<f4").tobytes()]
        case "unit":
            columns = (each.unit(state, unit) for each in data.traces)
            limit = colour_limit(columns, trace.bounds(state))
            row = wire.encode_row(trace, state, unit, limit)
            return [row["values"], row["scales"]]
        case kind:
            msg = f"kind must be 'exact' or 'unit', got {kind!r}"
            raise ValueError(msg)


def _asked(request: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  (from outside)
    if name not in request:
        msg = f"a request must have {name}, got {', '.join(map(str, request)) or 'nothing'}"
        raise ValueError(msg)
    return request[name]


def _asked_number(request: Mapping[str, Any], name: str) -> int:
    try:
        return whole_number(_asked(request, name))
    except TypeError as error:
        msg = f"{name} must be a whole number, got {request[name]!r}"
        raise TypeError(msg) from error
