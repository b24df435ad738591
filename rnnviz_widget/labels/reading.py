"""The one reader of labels: an array, or what a function makes of a trace, and where it is known.

Ranking, figures, the widget and its pages, and `effect` all read labels here, so that all agree on
what a missing value is: an element that a ``numpy.ma`` array masks, what `Label.missing` marks,
and NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnviz_widget.labels.label import Label

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.trace import Trace

    LabelLike = ArrayLike | Callable[[Trace], ArrayLike]


class LabelValues(NamedTuple):
    """A label as plain arrays.

    Attributes
    ----------
    values : ndarray of bool, int or float, shape (T,)
        One value per token; where it is not known, anything.
    known : ndarray of bool, shape (T,)
        Where the value counts.
    name : str
        What the label calls itself, in words; empty if it has no name.

    """

    values: NDArray[Any]
    known: NDArray[np.bool_]
    name: str

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The values as they can be drawn, shape (T,): NaN where unknown or infinite."""
        numbers = self.values.astype(np.float64)
        return np.where(self.known & np.isfinite(numbers), numbers, np.nan)


def read_label(label: LabelLike, trace: Trace, argument: str) -> LabelValues:
    """Return the label of a trace.

    Parameters
    ----------
    label : array or callable
        One bool or real number per token, or a function of a trace that returns them.
    trace : Trace
        What is labelled.
    argument : str
        What to call the label in an error, such as ``"label"`` or ``"labels['quotes']"``.

    Raises
    ------
    ValueError
        If it is not one bool or real number per token.

    """
    given = label(trace) if callable(label) else label
    read = label_values(given, argument)
    if len(read.values) != len(trace):
        msg = (
            f"{argument} must have shape ({len(trace)},), one value per token, got "
            f"{read.values.shape}"
        )
        raise ValueError(msg)
    return read if read.name or not callable(label) else read._replace(name=function_name(label))


def label_values(label: ArrayLike, argument: str) -> LabelValues:
    """Return a label that is an array, of however many tokens.

    Raises
    ------
    ValueError
        If it is not one-dimensional, or neither of bools nor of real numbers.

    """
    values = np.asarray(label)
    if values.ndim != 1 or values.dtype.kind not in "biuf":
        msg = (
            f"{argument} must be a one-dimensional array of booleans or real numbers, got shape "
            f"{values.shape} of {values.dtype}"
        )
        raise ValueError(msg)
    missing = np.zeros(len(values), np.bool_)
    if isinstance(label, np.ma.MaskedArray):
        missing |= np.ma.getmaskarray(label)
    if isinstance(label, Label) and label.missing is not None:
        missing |= label.missing
    if values.dtype.kind == "f":
        missing |= np.isnan(values)
    return LabelValues(values, ~missing, str(getattr(label, "name", "") or ""))


def function_name(function: object) -> str:
    """Return in words what a function that makes labels is called; empty for a lambda."""
    name = str(getattr(function, "__name__", ""))
    return "" if name == "<lambda>" else name.replace("_", " ")
