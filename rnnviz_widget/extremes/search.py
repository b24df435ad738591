"""`contexts`: where a unit is highest, where lowest, and where it changes most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.extremes.report import Context, Contexts
from rnnviz_widget.palettes import anchors
from rnnviz_widget.quantise import colour_limit
from rnnviz_widget.trace.blocks import as_recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace
    from rnnviz_widget.trace.blocks import Recording

_AT_A_TIME = 1 << 12  # tokens, in order of their values


def contexts(
    trace: Trace | Sequence[Trace],
    state: str,
    unit: int,
    *,
    count: int = 8,
    before: int = 40,
    after: int = 20,
    skip: int = 0,
    palette: str = "red-blue",
) -> Contexts:
    """Return the stretches of text where a unit is highest, lowest, and changes most.

    In a notebook, and printed, it is a table of short lines, each with its place and value; in the
    notebook they have the unit's colours. These are the extremes of a unit, chosen for being so:
    they suggest what it may follow, and `rank_units` measures whether it does.

    Parameters
    ----------
    trace : Trace or sequence of Trace
        What was recorded. Of several traces the extremes of all count.
    state, unit : str, int
        A name in ``trace.states`` and a column of it.
    count : int
        How many stretches of each sort, at most.
    before, after : int
        Tokens of a stretch on either side of its place. Stretches of one sort do not overlap.
    skip : int
        Tokens left out at the start of each trace, where the state still comes from zero. The
        first of a trace has no change.
    palette : str
        As in `HiddenStateWidget`.

    Returns
    -------
    Contexts
        With ``highest``, ``lowest`` and ``changes``, the most extreme `Context` first; of equal
        ones the earliest. Stretches whose text is the same up to the place are shown once, and
        `Context.times` says how often that text stands in the traces. NaN and infinity count as
        missing.

    Raises
    ------
    KeyError, TypeError, ValueError
        Naming the argument, what came and what is allowed.

    Examples
    --------
    >>> trace = Trace.from_arrays("ab(c)d", {"h": [[0], [0], [1], [1], [0], [0]]})
    >>> found = contexts(trace, "h", 0, before=2, after=1)
    >>> [(c.token, c.value, "".join(c.tokens)) for c in found.highest]
    [(2, 1.0, 'ab(c')]
    >>> found.changes[0].change
    1.0

    """
    for name, number, least in (
        ("count", count, 1),
        ("before", before, 0),
        ("after", after, 0),
        ("skip", skip, 0),
    ):
        if number < least:
            msg = f"{name} must be at least {least}, got {number}"
            raise ValueError(msg)
    anchors(palette)  # refuses a name that is none
    recording = as_recording(trace)
    found = _Search(recording, state, unit, before, after)
    usable = np.isfinite(found.values) & (recording.into_block >= skip)
    change = found.change
    moved = usable & np.isfinite(change)
    return Contexts(
        state,
        unit,
        found.best(found.values, usable, count),
        found.best(-found.values, usable, count),
        found.best(np.abs(change), moved, count),
        colour_limit(found.columns, recording.traces[0].bounds(state)),
        recording.length,
        len(recording.traces),
        palette,
    )


@dataclass(frozen=True)
class _Search:
    """One unit's values in a recording, and how wide a stretch is."""

    recording: Recording
    state: str
    unit: int
    before: int
    after: int

    @cached_property
    def columns(self) -> list[NDArray[np.float32]]:
        return [trace.unit(self.state, self.unit) for trace in self.recording.traces]

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """Of all traces, shape (T,)."""
        return np.concatenate(self.columns)

    @cached_property
    def change(self) -> NDArray[np.float32]:
        """What was added at each token, shape (T,); NaN at the first of a trace."""
        with np.errstate(invalid="ignore"):  # infinity less infinity
            pieces = [np.diff(column, prepend=np.float32(np.nan)) for column in self.columns]
        return np.concatenate(pieces)

    @cached_property
    def offsets(self) -> NDArray[np.intp]:
        """How many characters of its trace come before each token, shape (T,)."""
        lengths = np.fromiter(map(len, self.recording.tokens), np.intp, self.recording.length)
        before = np.cumsum(lengths) - lengths
        first: NDArray[np.intp] = before[self.recording.starts]
        block = np.searchsorted(self.recording.starts, np.arange(len(before)), side="right") - 1
        return before - first[block]

    def best(
        self, scores: NDArray[np.float32], usable: NDArray[np.bool_], count: int
    ) -> tuple[Context, ...]:
        """Return the stretches around the highest scores, those of one text once."""
        found: dict[str, int] = {}
        for place in self._apart(scores, usable):
            block, start, _ = self._bounds(place)
            text = "".join(self.recording.traces[block].tokens[start : self._local(place) + 1])
            found.setdefault(text, place)
            if len(found) == count:
                break
        return tuple(self._context(place, text) for text, place in found.items())

    def _apart(self, scores: NDArray[np.float32], usable: NDArray[np.bool_]) -> Iterator[int]:
        """Yield tokens from the highest score on, their stretches apart from one another."""
        free = usable.copy()
        order = np.argsort(np.where(usable, -scores, np.inf), kind="stable")
        order = order[: np.count_nonzero(usable)]
        width = self.before + self.after + 1
        for start in range(0, len(order), _AT_A_TIME):
            some = order[start : start + _AT_A_TIME]
            while len(some := some[free[some]]):
                place = int(some[0])
                block, _, _ = self._bounds(place)
                first = int(self.recording.starts[block])
                last = first + len(self.columns[block])
                free[max(first, place - width + 1) : min(last, place + width)] = False
                yield place

    def _context(self, place: int, text: str) -> Context:
        block, start, stop = self._bounds(place)
        trace, column = self.recording.traces[block], self.columns[block]
        token = self._local(place)
        offset = int(self.offsets[place])
        newline = trace.text.rfind("\n", 0, offset)
        return Context(
            trace=block,
            token=token,
            line=trace.text.count("\n", 0, offset) + 1,
            column=offset - newline,
            value=float(column[token]),
            change=float(self.change[place]),
            tokens=tuple(trace.tokens[start:stop]),
            values=column[start:stop],
            before=token - start,
            times=sum(each.text.count(text) for each in self.recording.traces),
        )

    def _bounds(self, place: int) -> tuple[int, int, int]:
        """Return the trace of a token, and where its stretch starts and stops in that trace."""
        block = int(np.searchsorted(self.recording.starts, place, side="right")) - 1
        token = place - int(self.recording.starts[block])
        return block, max(0, token - self.before), min(
            len(self.columns[block]), token + self.after + 1
        )  # fmt: skip

    def _local(self, place: int) -> int:
        return place - int(self.recording.starts[self._bounds(place)[0]])
