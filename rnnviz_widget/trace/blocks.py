"""One trace, or several end to end, read by columns in bounded memory."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnnviz_widget.stats.threads import in_threads
from rnnviz_widget.trace.trace import Trace, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

_KINDS = ("h", "pre", "r", "z", "n", "c", "tanh_c", "i", "f", "g", "o")
"""Of torch's cells; a recorded trace says in its source which kinds it has."""

BATCH_BYTES = 1 << 27  # of values held at a time
_WIDEST = 64  # columns; fewer read slower, more are no quicker
_STRETCH = 1 << 12


class Columns(NamedTuple):
    """A run of neighbouring units of one state."""

    state: str
    start: int
    stop: int


class Recording:
    """One or several traces of the same states, seen as one text read in separate blocks.

    Parameters
    ----------
    traces : sequence of Trace
        At least one. Each was recorded from its own initial state.

    """

    def __init__(self, traces: Sequence[Trace]) -> None:
        self.traces = tuple(traces)
        if not self.traces:
            msg = "at least one trace must be given, got none"
            raise ValueError(msg)
        for trace in self.traces:
            if not isinstance(trace, Trace):
                msg = f"a Trace or a list of them must be given, got {type(trace).__name__}"
                raise TypeError(msg)
        first = self.traces[0]
        self.num_units = {state: first.num_units(state) for state in first.states}
        for i, trace in enumerate(self.traces):
            here = {state: trace.num_units(state) for state in trace.states}
            if here != self.num_units:
                msg = f"traces must have the same states, got {self.num_units} first, {here} at {i}"
                raise ValueError(msg)
        lengths = [len(trace) for trace in self.traces]
        self.starts = np.cumsum([0, *lengths[:-1]])
        self.length = sum(lengths)

    @cached_property
    def tokens(self) -> list[str]:
        """The tokens of all blocks."""
        return list(chain.from_iterable(trace.tokens for trace in self.traces))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What the last part of a state's name may be, where it is that of a kind."""
        said = (trace.source.get("kinds") for trace in self.traces)
        own = (kind for kinds in said if isinstance(kinds, list) for kind in kinds)
        return frozenset(_KINDS).union(kind for kind in own if isinstance(kind, str))

    def layer_and_kind(self, state: str) -> tuple[str, str]:
        """Split ``"rnn.l0.tanh_c"`` into layer and kind; a foreign name is a layer of no kind."""
        layer, dot, kind = state.rpartition(".")
        return (layer, kind) if dot and kind in self.kinds else (state, "")

    @cached_property
    def into_block(self) -> NDArray[np.intp]:
        """How many tokens of its block come before each token, shape (T,)."""
        lengths = [len(trace) for trace in self.traces]
        return np.concatenate([np.arange(length) for length in lengths])

    def codes(self, vocabulary: Mapping[str, int]) -> NDArray[np.intp]:
        """Return each token's number in a vocabulary, shape (T,)."""
        return np.fromiter(map(vocabulary.__getitem__, self.tokens), np.intp, self.length)

    def select(self, patterns: str | Sequence[str] | None) -> tuple[str, ...]:
        """Return the names of the states that match shell patterns, in recorded order."""
        return select(tuple(self.num_units), patterns)

    def batches(self, states: Sequence[str], tokens: int | None = None) -> Iterator[Columns]:
        """Yield all units of the states, as many at a time as memory allows.

        So many that ``tokens`` of them fit, by default all.
        """
        width = _width(self.length if tokens is None else tokens)
        for state in states:
            for start in range(0, self.num_units[state], width):
                yield Columns(state, start, min(start + width, self.num_units[state]))

    def read(
        self,
        columns: Columns,
        span: slice = slice(None),
        memory: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return the values of some columns, shape (columns, tokens), each contiguous.

        Parameters
        ----------
        columns : Columns
            Which columns.
        span : slice, optional
            Which tokens of the whole, a slice without a step; default all.
        memory : ndarray of float32, optional
            Where to write them, see `memory_for`; they last until it is read into again.

        """
        state, start, stop = columns
        first, last, _ = span.indices(self.length)
        if memory is None:
            memory = np.empty((stop - start, last - first), np.float32)
        values = memory[: stop - start, : last - first]
        for trace, offset in zip(self.traces, self.starts.tolist(), strict=True):
            low, high = max(first - offset, 0), min(last - offset, len(trace))
            if low < high:
                block = np.asarray(trace[state][low:high, start:stop])  # (tokens, columns)
                _transpose(block, values[:, offset + low - first : offset + high - first])
        return values

    def rows(self, states: Sequence[str], start: int, stop: int) -> NDArray[np.float32]:
        """Return the values of all units of the states for tokens start to stop of the whole.

        Shape (tokens, columns), columns in the order of `batches`.
        """
        pieces = []
        for trace, offset in zip(self.traces, self.starts.tolist(), strict=True):
            low, high = max(start - offset, 0), min(stop - offset, len(trace))
            if low < high:
                values = [np.asarray(trace[state][low:high], np.float32) for state in states]
                pieces.append(np.concatenate(values, axis=1))
        return np.concatenate(pieces)


def memory_for(tokens: int) -> NDArray[np.float32]:
    """Return memory to `read` into: so many tokens of any of the `batches` that fit."""
    return np.empty((_width(tokens), tokens), np.float32)


def _width(tokens: int) -> int:
    """Return how many columns of so many tokens memory allows at a time."""
    return max(1, min(_WIDEST, BATCH_BYTES // (4 * tokens)))


def _transpose(block: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write a block's columns as rows, in stretches that stay in the cache."""

    def write(start: int) -> None:
        stretch = slice(start, start + _STRETCH)
        out[:, stretch] = np.ascontiguousarray(block[stretch]).T

    in_threads(write, range(0, len(block), _STRETCH))


def as_recording(given: Trace | Sequence[Trace] | Recording) -> Recording:
    """Return a trace or a sequence of traces as one recording."""
    if isinstance(given, Recording):
        return given
    return Recording([given] if isinstance(given, Trace) else list(given))
