"""What rival explanations of a unit are fitted to: tokens, and the values at some of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LONGEST_DELAY = 3  # tokens
_COLUMNS = 40
_RARE = 5
_SPOKEN = 4


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
    def columns(self) -> NDArray[np.intp]:
        """Which of at most 41 groups each token belongs to, shape (V + 1,).

        The frequent tokens have a group each; the others, and "no token", share group 0.
        """
        frequent = np.argsort(-self.seen, kind="stable")[:_COLUMNS]
        frequent = frequent[self.seen[frequent] >= _RARE]
        columns = np.zeros(len(self.seen) + 1, np.intp)
        columns[frequent] = np.arange(1, len(frequent) + 1)
        return columns

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


def listed(items: Sequence[str], none: str = "nothing") -> str:
    """Return the first few items as they are said in a sentence."""
    more = [f"{len(items) - _SPOKEN} more"] if len(items) > _SPOKEN else []
    return ", ".join([*items[:_SPOKEN], *more]) or none
