"""Other networks on the same text, such as untrained ones: what their best unit reaches."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.escaping import listed
from rnnviz_widget.ranking.sweep import gain
from rnnviz_widget.stats.threads import in_threads
from rnnviz_widget.trace import Trace
from rnnviz_widget.trace.blocks import Columns, Recording, as_recording, memory_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnnviz_widget.ranking.splits import Part


def control_parts(
    control: Any,  # noqa: ANN401 - one or many, each of the form of the traces themselves
    part_a: Part,
    part_b: Part,
    states: Sequence[str],
) -> list[tuple[Part, Part]]:
    """Return part A and part B of each control.

    Parameters
    ----------
    control : Trace, or sequence of Trace, or pair, or list of these, or None
        In the form that the ranked network's own traces were given in: a trace (or a list, for a
        text in several blocks); where another text is held out, a pair of such for the two texts.
        A list of several such controls, or one alone.
    part_a, part_b : Part
        The parts of the ranked network.
    states : sequence of str
        What is ranked.

    """
    if control is None:
        return []
    paired = part_a.recording is not part_b.recording
    one = isinstance(control, tuple) if paired else _is_one(control, part_a.recording)
    parts = []
    for i, given in enumerate([control] if one else control):
        a, b = given if paired else (given, given)
        recording_a = _matching(a, part_a.recording, states, f"control {i}")
        recording_b = recording_a
        if paired:
            recording_b = _matching(b, part_b.recording, states, f"control {i}")
        parts.append(
            (replace(part_a, recording=recording_a), replace(part_b, recording=recording_b))
        )
    return parts


def best_held_out(
    part_a: Part,
    part_b: Part,
    states: Sequence[str],
    advance: Callable[[int], object] = lambda _: None,
) -> float:
    """Return the held-out score of the column that is best on part A.

    Raises
    ------
    ValueError
        If every column holds NaN.

    """
    names: list[tuple[str, int]] = []
    gains: list[float] = []
    tokens = part_a.span.stop - part_a.span.start
    memory = memory_for(tokens)
    for columns in part_a.recording.batches(states, tokens):
        names += [(columns.state, unit) for unit in range(columns.start, columns.stop)]
        gains += in_threads(partial(gain, part_a), part_a.read(columns, memory))
        advance(columns.stop - columns.start)
    for best in np.argsort(-np.abs(gains), kind="stable").tolist():  # NaN last
        state, unit = names[best]
        its = gain(part_b, part_b.read(Columns(state, unit, unit + 1))[0])
        if not np.isnan(gains[best] + its):
            return float(part_b.target.base + np.sign(gains[best]) * its)
    msg = f"every unit of {listed(states)} of a control holds NaN in the text that is ranked"
    raise ValueError(msg)


def _is_one(control: Any, own: Recording) -> bool:  # noqa: ANN401 - as above
    if isinstance(control, Trace):
        return True
    blocks = len(own.traces)
    return blocks > 1 and len(control) == blocks and all(isinstance(c, Trace) for c in control)


def _matching(
    given: Trace | Sequence[Trace], own: Recording, states: Sequence[str], which: str
) -> Recording:
    recording = as_recording(given)
    if missing := [state for state in states if state not in recording.num_units]:
        msg = f"{which} must have the states that are ranked, but lacks {listed(missing)}"
        raise ValueError(msg)
    if not np.array_equal(recording.starts, own.starts) or recording.tokens != own.tokens:
        msg = (
            f"{which} must be recorded on the tokens that are ranked, {own.length} in "
            f"{len(own.traces)} traces, got {recording.length} in {len(recording.traces)}"
        )
        raise ValueError(msg)
    return recording
