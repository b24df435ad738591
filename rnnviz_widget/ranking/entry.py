"""One row of a ranking: a unit, how it was chosen, and what the other part says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Group(NamedTuple):
    """The score on the tokens of part B where another label has one value; NaN without two labels.

    Attributes
    ----------
    value : str
        Of the other label.
    tokens : int
        How many.
    held_out : float
        The score, with the sign that was fixed on part A.

    """

    value: str
    tokens: int
    held_out: float


@dataclass(frozen=True)
class Detail:
    """What is measured of the first rows of a ranking only.

    Attributes
    ----------
    interval : (float, float)
        95 % interval of the held-out score, from resampled blocks of this text; NaN where it is not
        known.
    average_precision : float or None
        On part B; the base rate is what a useless unit gets. None for numbers, and within tokens.
    threshold : float or None
        The value from which on (downwards where the sign is -1) the unit says "true": the one with
        the best F1 on part A. None as above.
    accuracy, f1 : float or None
        On part B, with that threshold. None as above.
    pearson : float or None
        For numbers: the signed correlation of the values themselves on part B.
    interval_over_texts : (float, float) or None
        From resampled traces of part B; None where there are fewer than five.
    blocks : (int, int)
        How many blocks ``interval`` comes from, and how many tokens they have on average.
    groups : tuple of Group
        Where the ranking is within another label of at most eight values: each value on its own.

    """

    interval: tuple[float, float]
    average_precision: float | None = None
    threshold: float | None = None
    accuracy: float | None = None
    f1: float | None = None
    pearson: float | None = None
    interval_over_texts: tuple[float, float] | None = None
    blocks: tuple[int, int] = (0, 0)
    groups: tuple[Group, ...] = ()

    @property
    def not_known(self) -> bool:
        """Whether an interval was asked for, and the text has no room for one."""
        return self.blocks[0] > 0 and self.interval[0] != self.interval[0]


@dataclass(frozen=True)
class Entry:
    """A unit of one layer, by the best of its kinds.

    Attributes
    ----------
    state, unit : str, int
        The column: ``trace.unit(state, unit)``.
    layer, kind : str
        The two halves of ``state``; a foreign name is a layer without kinds.
    score : float
        On part A: AUC in [0.5, 1], or the size of Spearman's correlation in [0, 1]. Orders rows.
    held_out : float
        On part B, with the sign fixed on A: AUC in [0, 1], or a correlation in [-1, 1]. NaN where
        there is no part B, see `rank_marked`.
    sign : int
        1 if the unit is high where the label is, -1 if it is low there.
    metric : str
        ``"AUC"`` or ``"Spearman"``.
    detail : Detail or None
        More about the first rows.

    """

    state: str
    unit: int
    layer: str
    kind: str
    score: float
    held_out: float
    sign: int
    metric: str
    detail: Detail | None = None

    @property
    def name(self) -> str:
        """The unit in words, such as ``rnn.l0.c[152]``."""
        return f"{self.state}[{self.unit}]"

    @property
    def text(self) -> str:
        """The held-out score in words, for a list of units: ``"AUC 0.993"``."""
        if self.held_out != self.held_out:
            return f"{self.metric} {self.score:.3f} where chosen"
        return f"{self.metric} {self.held_out:.3f}"


def detector(
    chosen: NDArray[np.float32],
    label_a: NDArray[np.bool_],
    reported: NDArray[np.float32],
    label_b: NDArray[np.bool_],
    sign: int,
) -> tuple[float, float, float, float]:
    """Use a column as a detector of a boolean label.

    Parameters
    ----------
    chosen, reported : ndarray, shape (n_a,), (n_b,)
        The column on part A and B.
    label_a, label_b : ndarray of bool
        The label there.
    sign : int
        1 if the column is high where the label is true.

    Returns
    -------
    tuple
        The threshold with the best F1 on part A; average precision, accuracy and F1 on part B.

    """
    values, true, said = _cuts(sign * chosen, label_a)
    f1 = 2 * true / (said + true[-1])
    best = int(f1.argmax())
    below = values[min(best + 1, len(values) - 1)]
    threshold = (np.float64(values[best]) + below) / 2

    hits = sign * reported >= threshold
    n_true = np.count_nonzero(hits & label_b)
    f1_b = 2 * n_true / (np.count_nonzero(hits) + np.count_nonzero(label_b))
    accuracy = np.count_nonzero(hits == label_b) / len(hits)

    _, true, said = _cuts(sign * reported, label_b)
    recalled = np.diff(true, prepend=0) / true[-1]
    precision = true / said
    return sign * float(threshold), float(recalled @ precision), accuracy, f1_b


def _cuts(
    values: NDArray[np.float32], label: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]:
    """Return the different values from high to low; how many true, and how many, are up there."""
    order = np.argsort(-values)
    ordered = values[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    true = np.cumsum(label[order], dtype=np.intp)
    return ordered[ends], true[ends], ends + 1
