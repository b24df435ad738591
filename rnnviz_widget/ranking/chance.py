"""What the best of many units reaches by chance: the whole choice, repeated on labels of chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.labels.reading import label_values
from rnnviz_widget.ranking.scores import BoolTarget, make_target
from rnnviz_widget.ranking.sweep import ChanceLabel
from rnnviz_widget.stats.threads import in_threads
from rnnviz_widget.trace.blocks import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.ranking.splits import Part
    from rnnviz_widget.ranking.sweep import Sweep

_TRIES = 1000
_CONSTANT = 1e-9  # variance of a label that hardly varies


@dataclass(frozen=True)
class Chance:
    """Held-out scores of the units that would have been chosen for labels of chance.

    Attributes
    ----------
    scores : ndarray, shape (S,)
        Each the held-out score of the column and sign chosen on part A for one label of chance.
    source : str
        What the labels of chance are.

    """

    scores: NDArray[np.float64]
    source: str

    @property
    def level(self) -> float:
        """The score that 5 % of the labels of chance exceed."""
        return float(np.quantile(self.scores, 0.95))

    def p_value(self, held_out: float) -> float:
        """Return how often chance does as well, the measured label counted among its own."""
        return float((1 + np.count_nonzero(self.scores >= held_out)) / (1 + len(self.scores)))


def shifted_labels(part: Part, count: int, rng: np.random.Generator) -> list[ChanceLabel]:
    """Return windows of the label read forth and back in a circle, as directions of its target.

    A circle of the label alone would tear a trend in two: a label that rises slowly would become a
    sawtooth, which nothing slow can follow, and chance would look small. Read forth and back it has
    no seam, and drifts as slowly as the label does. Windows start at random (a text wrapped at even
    lengths falls into step with itself at regular places), none nearer to the label's own start
    than a twentieth of the part: there the label is still itself. A window holds some of the label
    twice and some not at all; its numbers keep the ranks that they have in the whole.
    """
    n, target = len(part.rows), part.target
    pooled = target.strata.pooled
    label = target.label if isinstance(target, BoolTarget) else target.rank_values
    values: NDArray[Any] = label if pooled else target.label
    circle = np.concatenate((values, values[::-1], values))
    variance = window_variance(np.concatenate((label, label[::-1], label)), n)
    least = max(1, n // 20)
    starts = least + np.flatnonzero(variance[least : 2 * n - least + 1] > _CONSTANT)
    chosen = rng.choice(starts, count)
    if not pooled:
        return [_direction(part, circle[start : start + n]) for start in chosen]
    circle = circle.astype(np.float32)  # one array, of which all labels of chance are views
    power = 1 if isinstance(target, BoolTarget) else 0.5
    return [
        ChanceLabel(circle[start : start + n], float(1 / (n * variance[start] ** power)))
        for start in chosen
    ]


def window_variance(values: NDArray[Any], length: int) -> NDArray[np.float64]:
    """Return the variance of each window of a series, (n - length + 1,)."""
    centred = values - values.mean()
    sums = np.zeros((2, len(values) + 1))
    sums[0, 1:], sums[1, 1:] = np.cumsum(centred), np.cumsum(centred**2)
    mean, square = (sums[:, length:] - sums[:, :-length]) / length
    return np.asarray(square - mean**2, np.float64)


def shuffled_spans(label: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a label with the same spans, and the same gaps between them, in random order.

    What no unit can follow, and looks like the label all the same: a check of what a ranking says
    where there is nothing to be found.
    """
    runs = np.split(label, np.flatnonzero(np.diff(label)) + 1)
    lengths = [np.array([len(run) for run in kind], np.intp) for kind in (runs[::2], runs[1::2])]
    order = np.empty(len(runs), np.intp)
    order[::2], order[1::2] = (rng.permutation(kind) for kind in lengths)
    return np.repeat(np.arange(len(runs)) % 2 == int(not label[0]), order)


def foreign_labels(
    part: Part, label: NDArray[Any], count: int, rng: np.random.Generator
) -> list[ChanceLabel]:
    """Return windows of another text's label, in a circle, as directions of a part's target."""
    directions = []
    reach = np.arange(len(part.rows))
    for _ in range(_TRIES + count):
        window = label[(rng.integers(len(label)) + reach) % len(label)]
        if (window != window[0]).any():
            directions.append(_direction(part, window))
        if len(directions) == count:
            return directions
    msg = f"null must vary in windows as long as a part, {len(part.rows)} tokens; it hardly does"
    raise ValueError(msg)


def foreign_values(null: ArrayLike, part: Part) -> NDArray[Any]:
    """Return another text's label without what is missing of it.

    Raises
    ------
    ValueError
        If it is not of the kind of the part's own label, or has no two values.

    """
    null_label = label_values(null, "null")
    values = null_label.values[null_label.known]
    boolean = part.target.label.dtype == np.bool_
    if (values.dtype == np.bool_) != boolean:
        msg = f"null must be a {'boolean' if boolean else 'numeric'} label, got {values.dtype}"
        raise ValueError(msg)
    if len(values) == 0 or (values == values[0]).all():
        msg = f"null must vary, got {len(values)} equal values"
        raise ValueError(msg)
    return values


def held_out_by_chance(
    swept: Sweep, part_b: Part, directions: Sequence[ChanceLabel]
) -> NDArray[np.float64]:
    """Score on part B what each label of chance would have chosen on part A, shape (S,)."""
    scores = np.empty(len(directions))

    def score(column: int) -> None:
        state, unit = swept.columns[column]
        features = part_b.target.features(part_b.read(Columns(state, unit, unit + 1))[0])
        for s in np.flatnonzero(swept.chance_column == column).tolist():
            sign = np.sign(swept.chance_gain[s])
            values, scale = directions[s]
            scores[s] = part_b.target.base + sign * scale * float(features @ values)

    in_threads(score, np.unique(swept.chance_column).tolist())
    return scores


def _direction(part: Part, label: NDArray[Any]) -> ChanceLabel:
    return ChanceLabel(make_target(label, part.target.strata).direction.astype(np.float32), 1.0)
