"""The rival that a unit says which token was read last, or one to three tokens before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample


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
    mean = sample.target.mean()
    size = len(sample.reading.vocabulary) + 1
    return OneToken(delay, mean + shrunk_means(codes, sample.target - mean, size))


def shrunk_means(
    codes: NDArray[np.intp], values: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Return the mean of the values with each code, drawn towards 0 as far as they scatter.

    Empirical Bayes (Efron and Morris 1975): the mean of n values is multiplied by
    ``n / (n + within / between)``, the variances within and between codes estimated by moments.
    Where equal codes have equal values nothing is drawn; where codes say nothing all is 0.

    Returns
    -------
    ndarray, shape (size,)
        0 where a code does not occur.

    """
    count = np.bincount(codes, minlength=size)
    means = np.bincount(codes, values, size) / np.maximum(count, 1)
    several = len(values) - np.count_nonzero(count)
    if several <= 0:
        return np.zeros(size)
    explained = float((count * means**2).sum())
    within = max(float((values**2).sum()) - explained, 0.0) / several
    between = (explained - np.count_nonzero(count) * within) / len(values)
    if between <= 0:
        return np.zeros(size)
    return np.asarray(means * count / np.maximum(count + within / between, 1e-300), np.float64)
