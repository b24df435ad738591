"""The rival that a unit is a leaky sum: it adds something at each token, and forgets steadily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.readout import Curve, bend, monotone
from rnnviz_widget.counters.sample import EARLY, listed
from rnnviz_widget.counters.scans import decayed_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample

_MEMORIES = tuple(2.0**k for k in range(1, 9))
"""Time constants in tokens, 2 to 256: below, it is a matter of the last few tokens."""

_REFINEMENTS = 3  # of the memory: to within 2 ** 0.125, where R2 no longer changes
_DELAYS = (1, 2)
_ROUNDS = 2  # the second with values that the first has straightened
_RIDGE = 1e-4  # keeps tokens that always come together solvable
_SHORT = 8_000  # tokens are enough to find the memory
_OWN = (2, 4, 8, 16)  # tokens with a weight of their own that are tried to suffice
_NOTHING = 0.003  # of the variance that may be lost by leaving weights out, ...
_SHARE = 0.2  # ... and of what is left with all of them


@dataclass(frozen=True)
class LeakySum:
    """``x[t] = decay * x[t-1] + weights[token t]``, and the unit is a monotone curve of x.

    Attributes
    ----------
    decay : float
        In (0, 1).
    delay : int
        How many tokens late it adds.
    weights : ndarray, shape (V + 1,)
        What each token adds; the last for "no token".
    curve : Curve
        From x to the unit's value.

    """

    decay: float
    delay: int
    weights: NDArray[np.float64]
    curve: Curve

    @property
    def memory(self) -> float:
        """After how many tokens 1 / e is left of what was added."""
        return float(-1 / np.log(self.decay))

    def sum(self, reading: Reading) -> NDArray[np.float64]:
        """Return x, shape (T,)."""
        added = self.weights[reading.delayed(self.delay)][:, None]
        return decayed_sum(added, self.decay, reading.into_block)[:, 0]

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Sum, and bend."""
        return self.curve(self.sum(reading))

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what is added and how long it lasts."""
        weights = scale * (self.weights[:-1] - np.median(self.weights[:-1]))
        most = np.argsort(-np.abs(weights), kind="stable")
        added = [f"{weights[code]:+.2f} at {vocabulary[code]!r}" for code in most.tolist()]
        late = f", {self.delay} later" if self.delay else ""
        return (
            f"after {self.memory:.1f} tokens 1/e is left of what a token adds, beyond the usual "
            f"token {listed(added)}{late}"
        )


def fit_leaky(sample: Sample) -> LeakySum:
    """Return the best leaky sum: its memory by search, its weights by least squares.

    Where the unit bends (as tanh does), the values are straightened by what the first fit says of
    them, and fitted again.
    """
    best, reached, target = None, -np.inf, sample.values
    for _ in range(_ROUNDS):
        decay, delay = _memory(sample, target)
        weights = _weights(sample, target, decay, delay)
        straight = LeakySum(decay, delay, weights, Curve(np.zeros(1), np.zeros(1)))
        x = straight.sum(sample.reading)
        curve = bend(x[sample.rows], sample.target)
        leaky = LeakySum(decay, delay, weights, curve)
        if (fitted := sample.fitted(leaky.predict(sample.reading))) > reached:
            best, reached = leaky, fitted
        target = monotone(sample.target, x[sample.rows])(sample.values)
    assert best is not None  # noqa: S101 - there is at least one round
    return best


def _memory(sample: Sample, target: NDArray[np.float64]) -> tuple[float, int]:
    """Return the decay and the delay that fit best, found on the first tokens of the sample."""
    rows = sample.rows[:_SHORT]

    def cost(memory: float, delay: int) -> float:
        sums = _sums(sample, float(np.exp(-1 / memory)), delay, rows)
        solved = _solved(sums, target[rows])
        return float(np.mean((target[rows] - sums @ solved) ** 2))

    costs = {memory: cost(memory, 0) for memory in _MEMORIES}
    delay, step = 0, 2.0
    for later in _DELAYS:
        memory = min(costs, key=lambda m: costs[m])
        if (found := cost(memory, later)) < costs[memory]:
            delay, costs = later, {memory: found}
    for _ in range(_REFINEMENTS):
        step = step**0.5
        memory = min(costs, key=lambda m: costs[m])
        costs |= {near: cost(near, delay) for near in (memory / step, memory * step)}
    memory = min(costs, key=lambda m: costs[m])
    return float(np.exp(-1 / memory)), delay


def _weights(
    sample: Sample, target: NDArray[np.float64], decay: float, delay: int
) -> NDArray[np.float64]:
    """Return what each token adds, shape (V + 1,), few of them if few predict as well."""
    sums = _sums(sample, decay, delay, sample.rows)
    early = int(EARLY * len(sums))
    fit, goal = sums[:early], target[sample.rows]
    alone = _solved(fit, goal[:early])[:-1]
    order = np.argsort(-fit[:, :-1].var(axis=0) * (alone - np.median(alone)) ** 2, kind="stable")
    counts = [count for count in _OWN if count < len(order)] + [len(order)]
    left = []
    for count in counts:
        few = _shared(sums, order[:count])
        solved = _solved(few[:early], goal[:early])
        left.append(float(np.mean((goal[early:] - few[early:] @ solved) ** 2)))
    most = min(_NOTHING * float(goal.var()), _SHARE * min(left))
    count = next(n for n, rest in zip(counts, left, strict=True) if rest <= min(left) + most)
    solved = _solved(_shared(sums, order[:count]), goal)
    weights = np.full(len(order), solved[count])
    weights[order[:count]] = solved[:count]
    return np.asarray((1 - decay) * weights[sample.groups(delay)], np.float64)


def _sums(sample: Sample, decay: float, delay: int, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the leaky sum of each group of tokens at the rows, and a constant."""
    reading = sample.reading.until(int(rows[-1]) + 1)
    groups = sample.groups(delay)
    read = np.zeros((len(reading), int(groups.max()) + 2), np.float32)
    read[np.arange(len(reading)), groups[reading.delayed(delay)]] = 1
    sums = decayed_sum(read, decay, reading.into_block)[rows]
    sums *= np.float32(1 - decay)
    sums[:, -1] = 1
    return sums


def _shared(sums: NDArray[np.float32], own: NDArray[np.intp]) -> NDArray[np.float32]:
    """Let all groups but some share a column: those of their own, the others, the constant."""
    others = sums[:, :-1].sum(axis=1) - sums[:, own].sum(axis=1)
    return np.column_stack((sums[:, own], others, sums[:, -1]))


def _solved(sums: NDArray[np.float32], goal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least-squares weights of the columns."""
    gram = (sums.T @ sums).astype(np.float64)
    gram[np.diag_indices(len(gram) - 1)] += _RIDGE * len(sums)
    return np.asarray(np.linalg.solve(gram, (sums.T @ goal).astype(np.float64)), np.float64)
