"""The rival that a unit says which token was read last, and remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample

_PRIOR = 2  # tokens' worth of belief in the mean of all


@dataclass(frozen=True)
class OneToken:
    """A value for each token.

    Attributes
    ----------
    delay : int
        0 for the current token, 1 for the one before it.
    means : ndarray, shape (V + 1,)
        The last for "no token".

    """

    delay: int
    means: NDArray[np.float64]

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Look the values up."""
        return self.means[reading.delayed(self.delay)]

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say which token it is, and how far apart its values are."""
        low, high = int(self.means[:-1].argmin()), int(self.means[:-1].argmax())
        apart = scale * (self.means[high] - self.means[low])
        which = "the current token" if self.delay == 0 else f"the token {self.delay} before"
        return f"{which}, {apart:.2f} higher at {vocabulary[high]!r} than at {vocabulary[low]!r}"


def fit_token(sample: Sample, delay: int = 0) -> OneToken:
    """Average the values by token; rare tokens lean on the mean of all."""
    codes = sample.reading.delayed(delay)[sample.rows]
    size = len(sample.reading.vocabulary) + 1
    mean = sample.target.mean()
    sums = np.bincount(codes, sample.target, size) + _PRIOR * mean
    return OneToken(delay, sums / (np.bincount(codes, minlength=size) + _PRIOR))
