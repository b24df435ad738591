"""A monotone curve from a counter's state to the unit's value: what saturates bends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KNOTS = 32  # steps too fine to see in a curve
_WORTH = 0.005  # of the variance that a bend has to explain beyond a line
_FAR = 10.0  # times the reach of x that a curve goes on


@dataclass(frozen=True)
class Curve:
    """A monotone curve, piecewise linear through its knots and flat beyond them.

    Attributes
    ----------
    x, y : ndarray, shape (knots,)
        ``x`` ascends.

    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the curve's height at each x."""
        return np.interp(x, self.x, self.y)


def bend(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    """Return the straight line from x to y, or where it is clearly better the monotone curve."""
    line, curve = _line(x, y), monotone(x, y)
    gain = np.mean((y - line(x)) ** 2) - np.mean((y - curve(x)) ** 2)
    return curve if gain > _WORTH * y.var() else line


def monotone(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    """Return the monotone curve, rising or falling, that follows y best in squares.

    Isotonic regression (pooling adjacent violators) of means over levels of x: 32 of equal width,
    cut further by 32 of equal frequency.
    """
    frequency = np.quantile(x, np.linspace(0, 1, _KNOTS + 1)[1:-1])
    width = np.linspace(x.min(), x.max(), _KNOTS + 1)[1:-1]
    edges = np.unique(np.concatenate((frequency, width)))
    level = np.unique(np.searchsorted(edges, x), return_inverse=True)[1]
    count = np.bincount(level)
    knots, means = np.bincount(level, x) / count, np.bincount(level, y) / count
    rising, falling = _isotonic(means, count), -_isotonic(-means, count)
    cost = [float((count * (means - fit) ** 2).sum()) for fit in (rising, falling)]
    return _going_on(knots, rising if cost[0] <= cost[1] else falling)


def _going_on(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    """Return a curve that goes on beyond its ends as steeply as in its outer quarters."""
    reach = x[-1] - x[0]
    if reach == 0:
        return Curve(x, y)
    inner = np.interp([x[0] + reach / 4, x[-1] - reach / 4], x, y)
    rise = np.array([y[0] - inner[0], y[-1] - inner[1]])
    ends = np.array([x[0] - _FAR * reach, x[-1] + _FAR * reach])
    heights = np.array([y[0], y[-1]]) + 4 * _FAR * rise
    return Curve(np.array([ends[0], *x, ends[1]]), np.array([heights[0], *y, heights[1]]))


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    """Return the least-squares line, as a curve whose knots lie far out."""
    spread = x.std()
    slope = float(np.mean((x - x.mean()) * (y - y.mean()))) / spread**2 if spread else 0.0
    ends = 1e3 * (spread or 1.0) * np.array([-1, 1])
    return Curve(x.mean() + ends, y.mean() + slope * ends)


def _isotonic(means: NDArray[np.float64], weights: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the rising sequence nearest to weighted means in squares."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, members
    for mean, weight in zip(means.tolist(), weights.tolist(), strict=True):
        block = (mean, float(weight), 1)
        while blocks and blocks[-1][0] >= block[0]:
            last_mean, last_weight, last_members = blocks.pop()
            total = last_weight + block[1]
            pooled = (last_mean * last_weight + block[0] * block[1]) / total
            block = (pooled, total, last_members + block[2])
        blocks.append(block)
    return np.repeat([mean for mean, _, _ in blocks], [members for _, _, members in blocks])
