"""What a trace is made of, checked where it enters: tokens, values, bounds, loss, source."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rnnviz_widget.escaping import briefly, listed
from rnnviz_widget.trace.arrays import frozen, real, series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.trace.arrays import StateArray

Bounds = tuple[float, float]


def checked_tokens(tokens: Sequence[str] | str) -> tuple[str, ...]:
    """Return the tokens as a tuple; refuse what are not one or more non-empty strings."""
    if isinstance(tokens, (bytes, bytearray)):
        msg = f"tokens must be text or a sequence of strings, got {type(tokens).__name__}"
        raise TypeError(msg)
    result = tuple(tokens)
    if not result:
        msg = "tokens must hold at least one token, got an empty text"
        raise ValueError(msg)
    for i, token in enumerate(result):
        if not isinstance(token, str):
            given = f"{briefly(token)} ({type(token).__name__})"
            msg = f"tokens must be strings, got {given} at position {i}"
            raise TypeError(msg)
        if not token:
            msg = f"tokens must be non-empty strings, got '' at position {i}"
            raise ValueError(msg)
    return result


def checked_values(name: str, values: ArrayLike, length: int) -> NDArray[np.float32]:
    """Return a state's values `(T, U)` as float32, read-only; refuse what has another shape."""
    array = real(f"states[{name!r}]", values)
    if array.ndim != 2 or len(array) != length or array.shape[1] < 1:  # noqa: PLR2004
        msg = (
            f"states[{name!r}] must have shape (T, U) with T = {length}, the number of tokens, and "
            f"U at least 1; got {array.shape}"
        )
        raise ValueError(msg)
    return frozen(array)


def checked_bounds(name: str, pair: Bounds, arrays: Mapping[str, StateArray]) -> Bounds:
    """Return the bounds of a state's values; refuse those that the values do not keep."""
    if name not in arrays:
        msg = f"bounds names {name!r}, which is no state; there are {listed(arrays)}"
        raise ValueError(msg)
    low, high = (float(end) for end in pair)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        msg = f"bounds[{name!r}] must be two finite numbers, low < high, got {briefly(pair)}"
        raise ValueError(msg)
    values = np.asarray(arrays[name])
    finite = values[np.isfinite(values)]
    slack = 1e-3 * (high - low)  # what arithmetic in float16 may exceed a bound by
    if finite.size and not low - slack <= finite.min() <= finite.max() <= high + slack:
        msg = (
            f"bounds[{name!r}] is {pair!r}, but its values go from {finite.min():.6g} to "
            f"{finite.max():.6g}"
        )
        raise ValueError(msg)
    return low, high


def checked_loss(values: ArrayLike, length: int) -> NDArray[np.float32]:
    """Return the loss `(T,)` as float32; refuse one whose last value is a number."""
    loss = series("loss", values, length)
    if not np.isnan(loss[-1]):
        msg = (
            "loss[t] is what token t + 1 cost, so the last must be NaN (no token follows), got "
            f"{loss[-1]}"
        )
        raise ValueError(msg)
    return loss


def checked_source(source: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a copy of a JSON object; refuse anything else."""
    try:
        return cast("dict[str, Any]", json.loads(json.dumps(dict(source or {}))))
    except (TypeError, ValueError) as error:
        msg = f"source must be a JSON object, got {briefly(source)}"
        raise TypeError(msg) from error
