"""A unit's values in eight bits, and where its colour scale ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

LEVELS = 127
MISSING = -128

ROBUST_QUANTILE = 0.995
"""Share of a unit's absolute values that lie within its colour scale, where no bound is proven."""

_GATE = (0.0, 1.0)
_MAX_RATIO = 4.0  # of the quantisation's range to the colour scale's: beyond, colours would coarsen


@dataclass(frozen=True)
class QuantisedUnit:
    """One unit's values in eight bits.

    Attributes
    ----------
    values
        `(T,)` int8; ``value = values * scale / 127``; -128 stands for NaN and infinity.
    scale
        The largest value that eight bits hold.
    limit
        The end of the colour scale.
    peak
        The largest finite absolute value; above `limit` it is drawn in the end colour.
    """

    values: NDArray[np.int8]
    scale: float
    limit: float
    peak: float


def quantise(
    values: NDArray[np.floating[Any]],
    bounds: tuple[float, float] | None,
    limit: float | None = None,
) -> QuantisedUnit:
    """Return the values `(T,)` of one unit in eight bits; zero stays exactly zero.

    Parameters
    ----------
    values
        Any floats; what is not finite becomes missing.
    bounds
        The proven range, see `colour_limit`.
    limit
        The end of the colour scale; by default `colour_limit` of these values alone.
    """
    finite = np.isfinite(values)
    peak = float(np.abs(values[finite], dtype=np.float64).max(initial=0.0))
    limit = colour_limit([values], bounds) if limit is None else limit
    scale = min(peak, _MAX_RATIO * limit) or 1.0
    # A float32 scale travels: rounding with that very number keeps the error below half a step.
    scale = float(np.float32(scale)) or float(np.finfo(np.float32).tiny)
    steps = np.rint(np.where(finite, values, 0).astype(np.float64) * (LEVELS / scale))
    quantised = np.where(finite, np.clip(steps, -LEVELS, LEVELS), MISSING).astype(np.int8)
    return QuantisedUnit(quantised, scale, limit, peak)


def colour_limit(
    columns: Iterable[NDArray[np.floating[Any]]], bounds: tuple[float, float] | None
) -> float:
    """Return the end of a unit's colour scale, the same at every checkpoint.

    Parameters
    ----------
    columns
        The unit's values `(T,)` at each checkpoint.
    bounds
        The proven range, ``(-1, 1)`` or ``(0, 1)``, which then is the scale; None takes a robust
        maximum of the values instead.
    """
    if bounds is not None:
        return max(abs(end) for end in bounds)
    limit = 0.0
    for values in columns:
        magnitude = np.abs(values[np.isfinite(values)], dtype=np.float64)
        if magnitude.size:
            # A unit that is almost always zero has no robust maximum but a peak.
            robust = float(np.quantile(magnitude, ROBUST_QUANTILE)) or float(magnitude.max())
            limit = max(limit, robust)
    return limit or 1.0


def kind(bounds: tuple[float, float] | None) -> str:
    """Return ``"gate"`` for values in [0, 1], whose scale starts at 0, else ``"signed"``."""
    return "gate" if bounds == _GATE else "signed"
