"""What the last tokens alone say about a label: the least that a unit has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.ranking.scores import BoolTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.ranking.splits import Part

PRIOR = 2  # tokens' worth of belief in the shorter context


def last_tokens(part_a: Part, part_b: Part, count: int) -> float:
    """Return the held-out score of the last ``count`` tokens as the only evidence.

    Each token of part B is given the mean label (of numbers: the mean rank) of the tokens of part
    A that end in the same ``count`` tokens. Rare contexts lean on shorter ones: the mean of a
    context counts ``PRIOR`` further tokens with the mean of the context that is one shorter.
    """
    target = part_a.target
    if isinstance(target, BoolTarget):
        wanted = target.label.astype(np.float64)
    else:
        wanted = target.rank_values
    context_a = np.zeros(len(part_a.rows), np.intp)
    context_b = np.zeros(len(part_b.rows), np.intp)
    expected_a = np.full(len(part_a.rows), wanted.mean())
    expected_b = np.full(len(part_b.rows), wanted.mean())
    for lag in range(count):
        context_a, context_b = _extended(
            context_a, part_a.lagged(lag), context_b, part_b.lagged(lag)
        )
        size = max(context_a.max(), context_b.max()) + 1
        seen = np.bincount(context_a, minlength=size)
        total = np.bincount(context_a, weights=wanted, minlength=size)
        expected_b = (total[context_b] + PRIOR * expected_b) / (seen[context_b] + PRIOR)
        expected_a = (total[context_a] + PRIOR * expected_a) / (seen[context_a] + PRIOR)
    return part_b.target.base + part_b.target.gain(expected_b.astype(np.float32))


def _extended(
    context_a: NDArray[np.intp],
    token_a: NDArray[np.intp],
    context_b: NDArray[np.intp],
    token_b: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give numbers to the contexts that are one token longer, the same in both parts."""
    width = max(token_a.max(), token_b.max()) + 2
    joint = np.concatenate((context_a * width + token_a + 1, context_b * width + token_b + 1))
    numbers = joint
    if joint.max() >= len(joint):  # to sort them takes long; gaps do no harm while they are few
        _, numbers = np.unique(joint, return_inverse=True)
    return numbers[: len(context_a)], numbers[len(context_a) :]
