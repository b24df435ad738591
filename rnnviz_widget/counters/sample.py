"""What rival explanations of a unit are fitted to: tokens, and the values at some of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LONGEST_DELAY = 3
"""Tokens that a unit may be late: trained networks often act one token after what they read."""

EARLY = 2 / 3
"""Of the rows, what a choice between variants is fitted to; the rest decides it."""

_LONGEST_EARLY = 8_000  # tokens are enough to fit a variant to
_MOST_GROUPS = 40  # tokens with a number of their own: more make the fits slow, not better
_LEAST_SEEN = 2  # a token read once has a change, and no way to see whether it is always so
_SPOKEN = 4  # items that a sentence can hold

_WIDE, _NARROW, _TIE = 0.05, 0.005, 0.2


def margin(best: float) -> float:
    """Return the R2 by which an explanation may be behind and still explains as much.

    A fifth of what the best leaves unexplained: where noise sets the limit, R2 of 0.90 and 0.917
    are as good as each other, where nothing else is left 0.98 and 1.00 are not. At least 0.005,
    what few tokens read seldom can cost, and at most 0.05.
    """
    return min(_WIDE, max(_NARROW, _TIE * (1 - best)))


@dataclass(frozen=True)
class Reading:
    """T tokens in the order they were read.

    Attributes
    ----------
    codes : ndarray of int, shape (T,)
        The place of each token in the vocabulary.
    into_block : ndarray of int, shape (T,)
        How many tokens of its trace come before each; where it is 0 the network starts anew.
    vocabulary : tuple of str
        V tokens.

    """

    codes: NDArray[np.intp]
    into_block: NDArray[np.intp]
    vocabulary: tuple[str, ...]

    def __len__(self) -> int:
        """Return T."""
        return len(self.codes)

    @property
    def starts(self) -> NDArray[np.bool_]:
        """Where the network starts anew, shape (T,)."""
        return np.asarray(self.into_block == 0)

    def until(self, stop: int) -> Reading:
        """Return the first tokens."""
        return Reading(self.codes[:stop], self.into_block[:stop], self.vocabulary)

    def delayed(self, delay: int) -> NDArray[np.intp]:
        """Return the token that came ``delay`` before each token, shape (T,); V for none."""
        if delay == 0:
            return self.codes
        before = np.full(len(self), len(self.vocabulary))
        before[delay:] = self.codes[:-delay]
        before[self.into_block < delay] = len(self.vocabulary)
        return before


@dataclass(frozen=True)
class Sample:
    """What a rival may see of a unit.

    Attributes
    ----------
    reading : Reading
        T tokens.
    values : ndarray, shape (T,)
        The unit after each of them, on a scale of its own: mean 0 and variance 1 in `rows`.
    rows : ndarray of int
        Which tokens the fit is to hold for, ascending.

    """

    reading: Reading
    values: NDArray[np.float64]
    rows: NDArray[np.intp]

    @cached_property
    def target(self) -> NDArray[np.float64]:
        """The values at the rows."""
        return self.values[self.rows]

    @cached_property
    def seen(self) -> NDArray[np.intp]:
        """How often each token occurs in the rows, shape (V,)."""
        codes = self.reading.codes[self.rows]
        return np.bincount(codes, minlength=len(self.reading.vocabulary))

    @cached_property
    def _groups(self) -> dict[int, NDArray[np.intp]]:
        return {}

    def groups(self, delay: int = 0) -> NDArray[np.intp]:
        """Return which of at most 41 groups each token belongs to, shape (V + 1,).

        The tokens that matter most have a group each; the others, and "no token", share group 0.
        What matters is searched, since few tokens may do all of it: how much of the unit's
        changes, ``delay`` tokens late, a number for this token explains.
        """
        if delay not in self._groups:
            rows = self.rows[self.reading.into_block[self.rows] > delay]
            changes = self.values[rows] - self.values[rows - 1]
            size = len(self.reading.vocabulary) + 1
            codes = self.reading.delayed(delay)[rows]
            count = np.bincount(codes, minlength=size)
            sums = np.bincount(codes, changes - np.median(changes), size)
            effect = np.where(count >= _LEAST_SEEN, sums**2 / np.maximum(count, 1), -1.0)[:-1]
            own = np.argsort(-effect, kind="stable")[:_MOST_GROUPS]
            own = own[effect[own] >= 0]
            groups = np.zeros(size, np.intp)
            groups[own] = np.arange(1, len(own) + 1)
            self._groups[delay] = groups
        return self._groups[delay]

    def early(self) -> Sample:
        """Return the first two thirds, or less: what a choice between variants is fitted to."""
        rows = self.rows[: max(1, min(_LONGEST_EARLY, int(EARLY * len(self.rows))))]
        stop = int(rows[-1]) + 1
        return Sample(self.reading.until(stop), self.values[:stop], rows)

    def late(self, predicted: NDArray[np.float64]) -> float:
        """Return R2 in the last third, of predictions for all T tokens: what decides a choice."""
        rows = self.rows[int(EARLY * len(self.rows)) :]
        return r_squared(self.values[rows], predicted[rows])

    def fitted(self, predicted: NDArray[np.float64]) -> float:
        """Return R2 at the rows, of predictions for all T tokens."""
        return r_squared(self.target, predicted[self.rows])


class Rival(Protocol):
    """An explanation of a unit with all its numbers filled in."""

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Return what the unit should be after each token, shape (T,), from the tokens alone."""

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what it is; `scale` turns its numbers into those of the unit."""


def r_squared(values: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Return 1 - SS_residual / SS_total, at most 1; NaN where the values are all the same."""
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 1e-12 * max(float((values**2).sum()), 1e-30):
        return float("nan")
    return 1 - float(((values - predicted) ** 2).sum()) / total


def said_with_sign(value: float) -> str:
    """Return a number to two digits, with its sign: ``+0.014``."""
    if not np.isfinite(value) or value == 0:
        return f"{value:+g}"
    return np.format_float_positional(value, precision=2, fractional=False, trim="-", sign=True)


def listed(items: Sequence[str], none: str = "nothing") -> str:
    """Return the first few items as they are said in a sentence."""
    more = [f"{len(items) - _SPOKEN} more"] if len(items) > _SPOKEN else []
    return ", ".join([*items[:_SPOKEN], *more]) or none
