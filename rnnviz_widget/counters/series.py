"""One unit of one recording beside the tokens that drove it."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.trace.blocks import Recording, as_recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace


@dataclass(frozen=True)
class Series:
    """The T values of a unit, and the tokens as numbers.

    Attributes
    ----------
    recording : Recording
        Where they come from: one trace, or several that each start anew.
    vocabulary : tuple of str
        The tokens that occur, in the order of their first occurrence.
    codes : ndarray of int, shape (T,)
        The place of each token in the vocabulary.
    values : ndarray of float64, shape (T,)
        After reading each token.

    """

    recording: Recording
    vocabulary: tuple[str, ...]
    codes: NDArray[np.intp]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, trace: Trace | Sequence[Trace], state: str, unit: int) -> Series:
        """Read a unit of one trace or of several.

        Raises
        ------
        KeyError
            If no state has this name.
        ValueError
            If the state has no such unit.

        """
        recording = as_recording(trace)
        values = np.concatenate([one.unit(state, unit) for one in recording.traces])
        numbers = {token: code for code, token in enumerate(dict.fromkeys(recording.tokens))}
        codes = recording.codes(numbers)
        return cls(recording, tuple(numbers), codes, values.astype(np.float64))

    def __len__(self) -> int:
        """Return T."""
        return len(self.values)


def at_least(argument: str, value: int, least: int) -> int:
    """Return a whole number, or refuse it by name."""
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{argument} must be a whole number, got {value!r}"
        raise TypeError(msg) from None
    if number < least:
        msg = f"{argument} must be at least {least}, got {value}"
        raise ValueError(msg)
    return number
