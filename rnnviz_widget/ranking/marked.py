"""Which units tell stretches of text that someone marked from the rest of it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.labels.label import Label
from rnnviz_widget.ranking.rank import rank_units
from rnnviz_widget.ranking.splits import labelled, whole
from rnnviz_widget.ranking.sweep import Sweep, best_of_kinds, gain
from rnnviz_widget.stats.threads import in_threads, kept_threads
from rnnviz_widget.tables import html_table, plain_table
from rnnviz_widget.trace.blocks import memory_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rnnviz_widget.ranking.entry import Entry
    from rnnviz_widget.ranking.report import Ranking
    from rnnviz_widget.trace import Trace

Stretches = tuple[tuple[int, int], ...]

_SHOWN = 10
_NAMES = (1,)


def stretches_of(marked: Iterable[Sequence[int]], length: int) -> Stretches:
    """Return marked stretches ``[start, stop)`` in order, those that meet joined into one.

    Raises
    ------
    TypeError, ValueError
        If one is not a pair of whole numbers with ``0 <= start < stop <= length``.

    """
    found: list[tuple[int, int]] = []
    for pair in marked:
        try:
            start, stop = map(operator.index, pair)
        except (TypeError, ValueError):
            msg = f"marked must hold pairs [start, stop] of tokens, got {pair!r}"
            raise TypeError(msg) from None
        if not 0 <= start < stop <= length:
            msg = (
                f"marked must hold [start, stop] with 0 <= start < stop <= {length}, got "
                f"[{start}, {stop}]"
            )
            raise ValueError(msg)
        found.append((start, stop))
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def marked_label(marked: Iterable[Sequence[int]], length: int) -> Label:
    """Return what is marked as a boolean label of ``length`` tokens, named "marked"."""
    values = np.zeros(length, np.bool_)
    for start, stop in stretches_of(marked, length):
        values[start:stop] = True
    return Label(values, "marked")


@dataclass(frozen=True, repr=False)
class MarkedRanking(Sequence["Entry"]):
    """Units by how well they tell what was marked from the rest, the best first.

    Their scores are of the text they were chosen on: the best of many columns looks good on any
    marks. `score_marked` says what holds on text they were not chosen on.

    Attributes
    ----------
    entries : tuple of Entry
        One row per unit and layer, the best of its kinds; ``held_out`` is NaN.
    stretches : tuple of (int, int)
        What was marked.
    marked, tokens : int
        How many tokens are marked, and of how many.
    columns : int
        How many columns were tried.

    """

    entries: tuple[Entry, ...]
    stretches: Stretches
    marked: int
    tokens: int
    columns: int

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...
    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        """Return a row, or several as a tuple."""
        return self.entries[index]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.entries)

    @property
    def note(self) -> str:
        """Which text the scores come from, in a line."""
        some = f"{len(self.stretches):,} stretches" if len(self.stretches) > 1 else "1 stretch"
        return (
            f"{some}, {self.marked:,} of {self.tokens:,} tokens; the best of {self.columns:,} "
            "columns on what was marked itself: a hint, not a measurement"
        )

    def rows(self, count: int) -> list[list[str]]:
        """Return the head of the table and its first rows, as text."""
        head = ["", "unit", "sign", "AUC where chosen"]
        return [
            head,
            *(
                [str(i), entry.name, f"{entry.sign:+d}", f"{entry.score:.3f}"]
                for i, entry in enumerate(self[:count], 1)
            ),
        ]

    def __str__(self) -> str:
        """Return the table as plain text."""
        lines = [_TITLE, self.note, "", *plain_table(self.rows(_SHOWN), left=_NAMES)]
        return for_terminal("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f'<div class="rnnviz-ranking"><p><strong>{_TITLE}</strong><br>{for_html(self.note)}'
            f"</p>{html_table(self.rows(_SHOWN), left=_NAMES)}</div>"
        )


_TITLE = "Which unit tells what is marked?"


@kept_threads()
def rank_marked(
    trace: Trace,
    marked: Iterable[Sequence[int]],
    *,
    states: str | Sequence[str] | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> MarkedRanking:
    """Return all units by how well they tell marked stretches of a text from the rest of it.

    Exact: the area under the ROC curve (AUC) of all tokens, from float32 values.

    Parameters
    ----------
    trace : Trace
        What was recorded.
    marked : pairs of int
        Stretches ``[start, stop)`` of tokens.
    states : str or sequence of str, optional
        Shell patterns of the states to rank; default all.
    advance : callable
        Called with the number of columns done, as they are; what it raises ends the work.

    Raises
    ------
    TypeError, ValueError
        If nothing or everything is marked, or a stretch is none; if no state matches.

    """
    label = marked_label(marked, len(trace))
    part = whole(labelled(trace, label, "marked"))
    selected = part.recording.select(states)
    names: list[tuple[str, int]] = []
    gains: list[float] = []
    memory = memory_for(len(trace))
    for columns in part.recording.batches(selected):
        gains += in_threads(partial(gain, part), part.read(columns, memory))
        names += [(columns.state, unit) for unit in range(columns.start, columns.stop)]
        advance(columns.stop - columns.start)
    none = np.zeros(0)
    found = np.array(gains)
    swept = Sweep(names, found, np.full(len(found), np.nan), none.astype(np.intp), none)
    return MarkedRanking(
        tuple(
            best_of_kinds(swept, part.recording, base=part.target.base, metric=part.target.metric)
        ),
        stretches_of(marked, len(trace)),
        int(label.sum()),
        len(trace),
        len(names),
    )


def score_marked(
    trace: Trace,
    marked: Iterable[Sequence[int]],
    **options: Any,  # noqa: ANN401 - of rank_units
) -> Ranking:
    """Return what `rank_units` says of marked stretches: chosen on some, reported on the rest.

    The text is cut so that half of the stretches, the earlier ones, are in part A. What is not
    marked counts as unlike what is: so mark all of it, or none, on either side.

    Parameters
    ----------
    trace, marked
        As in `rank_marked`; at least two stretches.
    **options
        Of `rank_units`, such as ``control=``. There is no ``gap`` unless given, since stretches
        may be near each other.

    Raises
    ------
    ValueError
        If there are fewer than two stretches.

    """
    stretches = stretches_of(marked, len(trace))
    if len(stretches) < 2:  # noqa: PLR2004 - one to choose on, one to report on
        msg = (
            "marked must hold two stretches or more, some to choose a unit on and some to report "
            f"it on, got {len(stretches)}"
        )
        raise ValueError(msg)
    later = len(stretches) // 2 + len(stretches) % 2
    cut = (stretches[later - 1][1] + stretches[later][0] + 1) // 2
    given: Any = {"skip": 0, "gap": 0, "cut": cut, **options}
    return rank_units(trace, marked_label(stretches, len(trace)), **given)
