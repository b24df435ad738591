"""Every column against the label, on both parts, and against the labels of chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnnviz_widget.escaping import listed
from rnnviz_widget.ranking.entry import Entry
from rnnviz_widget.stats.threads import in_threads
from rnnviz_widget.trace.blocks import memory_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.ranking.splits import Part
    from rnnviz_widget.trace.blocks import Recording

_TOKENS_AT_A_TIME = 1 << 14  # of all chance labels together, in a product with the ranks


class ChanceLabel(NamedTuple):
    """A label of chance, as what the features of a column are multiplied with.

    Attributes
    ----------
    values : ndarray, shape (n,)
        A number for each token, such as the label itself.
    scale : float
        What makes a gain of the product.

    """

    values: NDArray[np.float32]
    scale: float


@dataclass(frozen=True)
class Sweep:
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
    directions: Sequence[ChanceLabel] = (),
    advance: Callable[[int], object] = lambda _: None,
) -> Sweep:
    """Measure all columns of some states on both parts.

    Parameters
    ----------
    part_a, part_b : Part
        The parts; they may share a recording.
    states : sequence of str
        Which states.
    directions : sequence of ChanceLabel
        Labels of chance on part A, with n_a values each.
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

    tokens = max(part.span.stop - part.span.start for part in (part_a, part_b))
    memory = memory_for(tokens)  # of one part after the other
    for columns in part_a.recording.batches(states, tokens):
        found_b = in_threads(partial(gain, part_b), part_b.read(columns, memory))
        batch = part_a.read(columns, memory)
        if directions:
            unusable = np.isnan(found_b) | np.isnan(in_threads(np.min, batch))
            batch[unusable] = 0  # constant columns gain nothing, from the label or from chance
            in_threads(partial(_to_features, part_a), batch)
            found_a = [float(row @ part_a.target.direction) for row in batch]
            products = _products(batch, directions)  # (columns, S)
            strongest = np.abs(products).argmax(axis=0)
            strength = products[strongest, np.arange(len(directions))]
            better = np.abs(strength) > np.abs(chance_gain)
            chance_gain[better] = strength[better]
            chance_column[better] = len(names) + strongest[better]
        else:
            found_a = in_threads(partial(gain, part_a), batch)
            unusable = np.isnan(found_a) | np.isnan(found_b)
        gains.append(np.where(unusable, np.nan, [found_a, found_b]))
        names += [(columns.state, unit) for unit in range(columns.start, columns.stop)]
        advance(columns.stop - columns.start)

    gain_a, gain_b = np.concatenate(gains, axis=1)
    if np.isnan(gain_a).all():
        msg = f"every unit of {listed(states)} holds NaN in the text that is ranked"
        raise ValueError(msg)
    return Sweep(names, gain_a, gain_b, chance_column, chance_gain)


def best_of_kinds(swept: Sweep, recording: Recording, *, base: float, metric: str) -> list[Entry]:
    """Return one row per unit and layer, the best of its kinds, best first.

    A score is ``base`` plus a gain.

    States of one layer that differ in size (the h of an LSTM with a projection) are not the same
    units seen in other ways, and keep rows of their own.
    """
    best: dict[tuple[str, int, int], Entry] = {}
    for (state, unit), gain_a, gain_b in zip(
        swept.columns, swept.gain_a.tolist(), swept.gain_b.tolist(), strict=True
    ):
        if np.isnan(gain_a):
            continue
        layer, kind = recording.layer_and_kind(state)
        sign = -1 if gain_a < 0 else 1
        entry = Entry(
            state, unit, layer, kind, base + abs(gain_a), base + sign * gain_b, sign, metric
        )
        key = (layer, recording.num_units[state], unit)
        if key not in best or entry.score > best[key].score:
            best[key] = entry
    return sorted(best.values(), key=lambda entry: -entry.score)


def gain(part: Part, column: NDArray[np.float32]) -> float:
    """Return a column's gain on a part, NaN for one that holds NaN."""
    return float("nan") if np.isnan(column.min()) else part.target.gain(column)


def _to_features(part: Part, column: NDArray[np.float32]) -> None:
    """Put a column's features in its place."""
    column[:] = part.target.features(column)


def _products(
    features: NDArray[np.float32], directions: Sequence[ChanceLabel]
) -> NDArray[np.float32]:
    """Return features, shape (columns, n), times all directions, shape (columns, S)."""
    total = np.zeros((len(features), len(directions)), np.float32)
    for start in range(0, features.shape[1], _TOKENS_AT_A_TIME):
        window = slice(start, start + _TOKENS_AT_A_TIME)
        total += features[:, window] @ np.stack([d.values[window] for d in directions]).T
    return total * np.array([d.scale for d in directions], np.float32)
