"""Which axis of a module's inputs is time, where their sizes leave it open: the layers tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rnnviz_widget.recording.probe import SEVERAL, Probe, watch
from rnnviz_widget.recording.sources import arrangements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.recording.sources import Source


def one_sequence(sequence: Tensor, where: Tensor) -> bool:
    """Whether each column of a call was made of one sequence only, or of none."""
    low = sequence.masked_fill(where < 0, torch.iinfo(torch.int64).max).amin(dim=0)
    high = sequence.masked_fill(where < 0, -1).amax(dim=0)
    return bool(((low == high) | (high < 0)).all())


def choose(module: nn.Module, inputs: Sequence[Any], lengths: Sequence[int]) -> list[Source]:
    """Return the inputs that hold something for each token, in the way that the layers read them.

    Where sizes leave several ways (as many sequences as steps), each column of a layer must read
    one sequence.
    """
    ways = list(arrangements(inputs, max(lengths), len(lengths)))
    if len(ways) < 2:  # noqa: PLR2004
        return ways[0]
    ways = [way for way in ways if _fits(module, inputs, way, lengths)] or ways
    for way in ways[:4] if len(ways) > 1 else ():
        probe = Probe(module, inputs, way, lengths)
        path = next(iter(probe.base().calls), "")
        if probe.in_order(lambda seen, path=path: seen.of(path)):  # type: ignore[misc]
            return way
    return ways[0]


def _fits(
    module: nn.Module, inputs: Sequence[Any], way: Sequence[Source], lengths: Sequence[int]
) -> bool:
    """Whether each column of the first layer reads one sequence where inputs are seen in a way."""
    try:
        probe = Probe(module, inputs, way, lengths)
        path = next(iter(probe.base().calls))
        sequence = probe.decode(lambda seen: seen.of(path), sequences=True)
    except Exception:  # noqa: BLE001  (of the user's module; it is run once more, and then seen)
        return False
    if sequence is None or not bool((sequence > SEVERAL).all()):
        return False
    return one_sequence(sequence, sequence) and bool((sequence >= 0).any())


def time_axis(module: nn.Module, inputs: Sequence[Any], ids: Tensor) -> int | None:
    """Return which axis of ids `(·, ·)` the recurrent layers take for time; None if unknown."""
    shape = tuple(ids.shape)
    try:
        calls = next(iter(watch(module, inputs, most=1).calls.values()))
    except Exception:  # noqa: BLE001  (it is run once more, and then seen)
        return 1
    steps, batch = calls[0].shape
    found = [axis for axis in (0, 1) if (shape[axis], shape[1 - axis]) == (steps, batch)]
    found = found or [axis for axis in (0, 1) if shape[1 - axis] == batch]
    if len(found) == 1:
        return found[0]
    found = [
        axis
        for axis in (0, 1)
        if any(
            _fits(module, inputs, way, [shape[axis]] * shape[1 - axis])
            for way in arrangements(inputs, shape[axis], shape[1 - axis])
            if any(s.given is ids and s.axes == (axis, 1 - axis) for s in way)
        )
    ]
    return found[0] if len(found) == 1 else None
