"""The rival that a unit depends on the last two to four tokens, and on nothing before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.sample import LONGEST_DELAY, margin
from rnnviz_widget.counters.token import shrunk_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample

_LONGEST = LONGEST_DELAY + 1
_MOST_TOKENS = 60  # with weights of their own at each place: 240 unknowns solve in milliseconds
_RIDGE = 1e-6
_CODES = 2**62  # numbers of windows must fit into 64 bits


@dataclass(frozen=True)
class Table:
    """A value for each window of tokens that was met; 0 for the others.

    Attributes
    ----------
    keys : ndarray of int, shape (windows,)
        Their numbers, ascending.
    values : ndarray, shape (windows,)

    """

    keys: NDArray[np.intp]
    values: NDArray[np.float64]

    def __call__(self, keys: NDArray[np.intp]) -> NDArray[np.float64]:
        """Look values up."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, self.values[place], 0.0)


@dataclass(frozen=True)
class NGram:
    """A sum over the last n tokens, and what pairs, triples, ... of them add to it.

    Attributes
    ----------
    weights : ndarray, shape (n, V + 1)
        What each token adds, 0 to n - 1 tokens later.
    tables : tuple of Table
        What the last two tokens add together, the last three, ... the last n.

    """

    weights: NDArray[np.float64]
    tables: tuple[Table, ...]

    @property
    def window(self) -> int:
        """How many tokens: n."""
        return len(self.weights)

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Add up."""
        out = np.zeros(len(reading))
        for delay, weights in enumerate(self.weights):
            out += weights[reading.delayed(delay)]
        for length, table in enumerate(self.tables, 2):
            out += table(_windows(reading, length))
        return out

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say how many tokens, and after which it is highest and lowest."""
        size = len(vocabulary) + 1
        keys, values = self.tables[0].keys, self.tables[0].values
        last, before = keys % size, keys // size
        known = (last < size - 1) & (before < size - 1)
        values = (values + self.weights[0, last] + self.weights[1, before])[known]
        said = f"the last {self.window} tokens and nothing before them"
        if not len(values):
            return said
        high, low = (
            repr(vocabulary[before[known][place]] + vocabulary[last[known][place]])
            for place in (int(values.argmax()), int(values.argmin()))
        )
        apart = scale * float(np.ptp(values))
        return f"{said}, {apart:.2f} higher after {high} than after {low}"


def fit_ngram(sample: Sample) -> NGram:
    """Return the shortest window that explains as much as longer ones on tokens kept for it."""
    size = len(sample.reading.vocabulary) + 1
    windows = [n for n in range(2, _LONGEST + 1) if n == 2 or size**n < _CODES]  # noqa: PLR2004
    early = sample.early()
    reached = [sample.late(_fit(early, n).predict(sample.reading)) for n in windows]
    best = max(reached)
    window = next(n for n, r2 in zip(windows, reached, strict=True) if not r2 < best - margin(best))
    return _fit(sample, window)


def _windows(reading: Reading, length: int) -> NDArray[np.intp]:
    """Return a number for the last tokens at each place, shape (T,)."""
    size = len(reading.vocabulary) + 1
    keys = np.zeros(len(reading), np.intp)
    for delay in range(length):
        keys += reading.delayed(delay) * size**delay
    return keys


def _fit(sample: Sample, window: int) -> NGram:
    """Fit the sum by least squares, then pairs to what it leaves, triples to what they leave."""
    weights = _sums(sample, window)
    rows, left = sample.rows, sample.target.copy()
    for delay, its in enumerate(weights):
        left -= its[sample.reading.delayed(delay)[rows]]
    tables = []
    for length in range(2, window + 1):
        keys, codes = np.unique(_windows(sample.reading, length)[rows], return_inverse=True)
        table = Table(keys, shrunk_means(codes, left, len(keys)))
        left -= table.values[codes]
        tables.append(table)
    return NGram(weights, tuple(tables))


def _sums(sample: Sample, window: int) -> NDArray[np.float64]:
    """Return what each token adds at each delay, shape (window, V + 1)."""
    rows, target = sample.rows, sample.target
    columns = [_columns(sample, delay) for delay in range(window)]
    codes = [own[sample.reading.delayed(d)[rows]] for d, own in enumerate(columns)]
    sizes = [int(own.max()) + 1 for own in columns]
    starts = np.cumsum([0, *sizes])
    gram = np.zeros((starts[-1], starts[-1]))
    right = np.zeros(starts[-1])
    for i in range(window):
        at = slice(starts[i], starts[i + 1])
        right[at] = np.bincount(codes[i], target, sizes[i])
        for j in range(window):
            both = np.bincount(codes[i] * sizes[j] + codes[j], minlength=sizes[i] * sizes[j])
            gram[at, starts[j] : starts[j + 1]] = both.reshape(sizes[i], sizes[j])
    gram[np.diag_indices(len(gram))] += _RIDGE * len(rows)
    solved = np.linalg.solve(gram, right)
    return np.stack([solved[starts[d] : starts[d + 1]][own] for d, own in enumerate(columns)])


def _columns(sample: Sample, delay: int) -> NDArray[np.intp]:
    """Return the groups of tokens, those whose values differ most with one each, shape (V + 1,)."""
    size = len(sample.reading.vocabulary) + 1
    codes = sample.reading.delayed(delay)[sample.rows]
    count = np.bincount(codes, minlength=size)
    sums = np.bincount(codes, sample.target, size)
    own = np.argsort(-(sums**2) / np.maximum(count, 1), kind="stable")[:_MOST_TOKENS]
    own = own[count[own] > 1]
    columns = np.zeros(size, np.intp)
    columns[own] = np.arange(1, len(own) + 1)
    return columns
