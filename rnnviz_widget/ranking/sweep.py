"""Every column against the label, on both parts, and against the labels of chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.ranking.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.ranking.recordings import Columns
    from rnnviz_widget.ranking.splits import Part

    Directions = Sequence[NDArray[np.float32]]
    Memory = tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]

_TOKENS_AT_A_TIME = 1 << 14  # of all chance labels together, in a product with the ranks


@dataclass(frozen=True)
class Swept:
    """What was found of C columns.

    Attributes
    ----------
    columns : list of (state, unit)
        In recorded order.
    gain_a, gain_b : ndarray, shape (C,)
        Gains on part A and B, see `BoolTarget`; NaN for a column that holds NaN.
    chance_column : ndarray of int, shape (S,)
        The column that each of the S labels of chance would have chosen on part A.
    chance_gain : ndarray, shape (S,)
        That column's gain on part A.

    """

    columns: list[tuple[str, int]]
    gain_a: NDArray[np.float64]
    gain_b: NDArray[np.float64]
    chance_column: NDArray[np.intp]
    chance_gain: NDArray[np.float64]


def sweep(
    part_a: Part,
    part_b: Part,
    states: Sequence[str],
    directions: Directions = (),
    advance: Callable[[int], object] = lambda _: None,
) -> Swept:
    """Measure all columns of some states on both parts.

    Parameters
    ----------
    part_a, part_b : Part
        The parts; they may share a recording.
    states : sequence of str
        Which states.
    directions : sequence of ndarray, each of shape (n_a,)
        Labels of chance on part A, as directions of its target.
    advance : callable
        Called with the number of columns done, as they are.

    Raises
    ------
    ValueError
        If every column holds NaN.

    """
    names: list[tuple[str, int]] = []
    gains: list[NDArray[np.float64]] = []
    chance_gain = np.zeros(len(directions))
    chance_column = np.zeros(len(directions), np.intp)

    shared = part_b.recording is part_a.recording
    memory = part_a.recording.memory(), None if shared else part_b.recording.memory()
    for columns in part_a.recording.batches(states):
        batch_a, batch_b = read_parts(part_a, part_b, columns, memory)
        if directions:
            found_b = in_threads(partial(gain, part_b), batch_b)
            unusable = np.isnan(found_b) | np.isnan(in_threads(np.min, batch_a))
            if unusable.any():  # constant columns gain nothing, from the label or from chance
                batch_a = np.where(unusable[:, None], 0, batch_a)
            features = np.stack(in_threads(part_a.target.features, batch_a))
            found_a = [float(row @ part_a.target.direction) for row in features]
            products = _products(features, directions)  # (columns, S)
            strongest = np.abs(products).argmax(axis=0)
            strength = products[strongest, np.arange(len(directions))]
            better = np.abs(strength) > np.abs(chance_gain)
            chance_gain[better] = strength[better]
            chance_column[better] = len(names) + strongest[better]
        else:  # both parts in one go, so that no core waits for the end of the first
            each = [(part_a, column) for column in batch_a]
            each += [(part_b, column) for column in batch_b]
            found = in_threads(lambda one: gain(*one), each)
            found_a, found_b = found[: len(batch_a)], found[len(batch_a) :]
            unusable = np.isnan(found_a) | np.isnan(found_b)
        gains.append(np.where(unusable, np.nan, [found_a, found_b]))
        names += [(columns.state, unit) for unit in range(columns.start, columns.stop)]
        advance(columns.stop - columns.start)

    gain_a, gain_b = np.concatenate(gains, axis=1)
    if np.isnan(gain_a).all():
        msg = f"every unit of {', '.join(states)} holds NaN in the text that is ranked"
        raise ValueError(msg)
    return Swept(names, gain_a, gain_b, chance_column, chance_gain)


def gain(part: Part, column: NDArray[np.float32]) -> float:
    """Return a column's gain on a part, NaN for one that holds NaN."""
    return float("nan") if np.isnan(column.min()) else part.target.gain(column)


def read_parts(
    part_a: Part, part_b: Part, columns: Columns, memory: Memory = (None, None)
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values of some columns in part A and in part B, each (columns, tokens).

    They lie in the memory that is given for either part's recording; the second is not needed
    where the parts share one.
    """
    if part_b.recording is not part_a.recording:
        return read_part(part_a, columns, memory[0]), read_part(part_b, columns, memory[1])
    values = part_a.recording.read(columns, memory[0])
    return values[:, part_a.selector], values[:, part_b.selector]


def read_part(
    part: Part, columns: Columns, memory: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return the values of some columns in a part, shape (columns, tokens)."""
    return part.recording.read(columns, memory)[:, part.selector]


def _products(features: NDArray[np.float32], directions: Directions) -> NDArray[np.float32]:
    """Return features, shape (columns, n), times all directions, shape (columns, S)."""
    total = np.zeros((len(features), len(directions)), np.float32)
    for start in range(0, features.shape[1], _TOKENS_AT_A_TIME):
        window = slice(start, start + _TOKENS_AT_A_TIME)
        total += features[:, window] @ np.stack([d[window] for d in directions], axis=1)
    return total
