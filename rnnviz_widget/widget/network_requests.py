"""What a view asks of a network that stays in Python: what it does with a text that was edited."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace
    from rnnviz_widget.widget.live import LiveNetwork

NETWORK_REQUESTS = ("open", "read")

_MOST = 1_000_000  # characters: a message may hold anything


def answer_for_network(living: LiveNetwork, request: Mapping[str, Any]) -> list[bytes]:
    """Return what the view asks for.

    Of "open" that is JSON: the vocabulary, and the states. Of "read" it is float32: the values
    `(T,)` of each unit that is asked for, the loss `(T,)`, the likeliest next characters
    `(T, K)` and their probabilities `(T, K)`, while the units in `holds` are held.

    Raises
    ------
    TypeError, ValueError
        If it asks for what there is not, or not as it is asked for.
    """
    if request["kind"] == "open":
        trace = living.read(living.vocabulary[0])
        opened = {
            "vocabulary": list(living.vocabulary),
            "states": list(trace.states),
            "units": 0,
            "arithmetic": "Python",
            "difference": 0,
        }
        return [json.dumps(opened).encode()]
    text = _text(living, request["ids"])
    trace = _read_held(living, text, request["holds"])
    parts: list[NDArray[Any]] = [
        trace.unit(unit["state"], unit["unit"]) for unit in request["units"]
    ]
    predictions, loss = trace.predictions, trace.loss
    if predictions is None or loss is None:
        msg = "the network must return logits for its text to be edited"
        raise ValueError(msg)
    parts += [loss, predictions.ids, predictions.probabilities]
    return [np.asarray(part).astype("<f4").tobytes() for part in parts]


def _text(living: LiveNetwork, ids: Sequence[int]) -> str:
    if not 0 < len(ids) <= _MOST:
        msg = f"ids must be 1 to {_MOST:,} characters, got {len(ids):,}"
        raise ValueError(msg)
    size = len(living.vocabulary)
    if wrong := [i for i in ids if not 0 <= i < size]:
        msg = f"ids must be in [0, {size}), got {wrong[0]}"
        raise ValueError(msg)
    return "".join(living.vocabulary[i] for i in ids)


def _read_held(living: LiveNetwork, text: str, holds: Sequence[Mapping[str, Any]]) -> Trace:
    """Return what the network does with a text while units are held, each from a character on."""
    from rnnviz_widget.interventions import clamp  # noqa: PLC0415  (it imports torch)

    with contextlib.ExitStack() as stack:
        for hold in sorted(holds, key=lambda hold: hold["from"]):
            state, unit, start = hold["state"], hold["unit"], hold["from"] + len(living.before)
            value: Any = float(hold["value"])
            if hold["from"]:
                # Before it is held, a unit is as the holds that begin earlier make it.
                free = living.read_all(text).unit(state, unit)
                value = np.where(np.arange(len(free)) < start, free, value)
            stack.enter_context(clamp(living.model, state, unit, value))
        return living.read(text)
