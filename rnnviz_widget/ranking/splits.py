"""Where units are chosen (part A) and where they are reported (part B)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.labels.reading import label_values, read_label
from rnnviz_widget.ranking.scores import BoolTarget, Strata, Target, make_target
from rnnviz_widget.stats.intervals import autocorrelation_time
from rnnviz_widget.stats.threads import in_threads
from rnnviz_widget.trace.blocks import Recording, as_recording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.trace import Trace
    from rnnviz_widget.trace.blocks import Columns

    Traces = Trace | Sequence[Trace]
    Labelling = Callable[[Trace], ArrayLike] | ArrayLike | Sequence[ArrayLike]

ENOUGH_SPANS = 20
ENOUGH_STRETCHES = 5
"""Of a label that varies slowly: fewer than so many independent ones show nothing but drift."""
_PER_GROUP = 20  # tokens
_PIECE = 100  # tokens that stand for a line in a text without newlines


@dataclass(frozen=True)
class LabelledRecording:
    """A recording with a label: value and whether it counts at each of its T tokens.

    ``groups`` (T,) are the values of another label, within each of which it is ranked.
    """

    recording: Recording
    values: NDArray[Any]
    known: NDArray[np.bool_]
    name: str
    groups: NDArray[Any] | None = None


@dataclass(frozen=True)
class Extent:
    """How much text a part has.

    Attributes
    ----------
    tokens : int
        Tokens that count.
    spans : int
        Spans of a boolean label, lines for a numeric one.
    base_rate : float or None
        The share of true tokens, for a boolean label.
    stretches : float
        How many independent stretches the label varies over: tokens by its autocorrelation time.

    """

    tokens: int
    spans: int
    base_rate: float | None
    stretches: float = float("inf")

    @property
    def too_slow(self) -> bool:
        """Whether the label hardly varies but for a drift, which any other drift would follow."""
        return self.stretches < ENOUGH_STRETCHES


@dataclass(frozen=True)
class Part:
    """The tokens of one part, n in all, with their label.

    Attributes
    ----------
    recording : Recording
        Where the states are.
    rows : ndarray of int, shape (n,)
        Which tokens of the recording, ascending.
    codes : ndarray of int, shape (T,)
        All tokens of the recording as numbers; both parts use the same numbers.
    target : BoolTarget or NumberTarget
        What a column must follow.
    segments : ndarray of int, shape (n,)
        Which stretch each token belongs to: what a bootstrap draws.
    spans : int
        How many spans (bool) or lines (numbers) there are.
    groups : ndarray or None, shape (n,)
        The values of the label that it is ranked within, if it is ranked within a label.

    """

    recording: Recording
    rows: NDArray[np.intp]
    codes: NDArray[np.intp]
    target: Target
    segments: NDArray[np.intp]
    spans: int
    groups: NDArray[Any] | None = None

    @cached_property
    def stretches(self) -> float:
        """How many independent stretches the label varies over: n over its autocorrelation time.

        A label that drifts from low to high has a few of them, however many tokens there are.
        """
        target = self.target
        values = target.label if isinstance(target, BoolTarget) else target.rank_values
        return len(self.rows) / autocorrelation_time(values.astype(np.float64))

    @property
    def traces(self) -> NDArray[np.intp]:
        """Which trace each token belongs to, shape (n,), numbered from 0."""
        trace = np.searchsorted(self.recording.starts, self.rows, side="right")
        return np.cumsum(np.diff(trace, prepend=trace[0]) > 0)

    @property
    def span(self) -> slice:
        """The tokens of the recording from the first row to the last."""
        return slice(int(self.rows[0]), int(self.rows[-1]) + 1)

    def read(
        self, columns: Columns, memory: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return the values of some columns at the rows, shape (columns, n).

        They may lie in ``memory``, as those of `Recording.read` do.
        """
        values = self.recording.read(columns, self.span, memory)
        n = len(self.rows)
        if n < values.shape[1]:  # there are holes, to be closed
            places = self.rows - self.rows[0]

            def close(column: NDArray[np.float32]) -> None:
                column[:n] = column[places]

            in_threads(close, values)
        return values[:, :n]

    @property
    def extent(self) -> Extent:
        """How much text there is."""
        label = self.target.label
        rate = float(label.mean()) if label.dtype == np.bool_ else None
        return Extent(len(self.rows), self.spans, rate, self.stretches)

    def lagged(self, lag: int) -> NDArray[np.intp]:
        """Return the number of the token ``lag`` before each token, shape (n,); -1 for none."""
        before = self.codes[np.maximum(self.rows - lag, 0)]
        return np.where(self.recording.into_block[self.rows] >= lag, before, -1)


def labelled(traces: Traces | Recording, label: Labelling, argument: str) -> LabelledRecording:
    """Bring traces and their label together.

    Parameters
    ----------
    traces : Trace or sequence of Trace
        One recording.
    label : callable, array or sequence of arrays
        A function of a trace, called for each; or an array for all tokens; or one per trace.
    argument : str
        What to call the label in an error.

    Raises
    ------
    ValueError, TypeError
        If the label does not fit the traces, or is neither boolean nor real.

    """
    recording = as_recording(traces)
    if callable(label):
        pieces = [read_label(label, trace, argument) for trace in recording.traces]
    elif len(recording.traces) > 1 and len(label) == len(recording.traces):  # type: ignore[arg-type]
        pieces = [label_values(piece, argument) for piece in label]  # type: ignore[union-attr]
    else:
        pieces = [label_values(label, argument)]  # type: ignore[arg-type]
    values = np.concatenate([piece.values for piece in pieces])
    known = np.concatenate([piece.known for piece in pieces])
    if len(values) != recording.length:
        msg = (
            f"{argument} must have one value for each of the {recording.length} tokens, got "
            f"{len(values)}"
        )
        raise ValueError(msg)
    return LabelledRecording(recording, values, known, pieces[0].name or "the label")


class ConstantLabelError(ValueError):
    """A part of the text in which a label does not vary: nothing can be ranked there."""


def grouped(chosen: LabelledRecording, within: LabelledRecording) -> LabelledRecording:
    """Return a label that is ranked within each value of another one of the same tokens.

    Raises
    ------
    ValueError
        If that one has nearly as many values as tokens.

    """
    values = within.values[within.known & chosen.known]
    different, most = len(np.unique(values)), max(2, len(values) // _PER_GROUP)
    if different > most:
        msg = (
            f"within must have few values, at most one for each {_PER_GROUP} tokens, got "
            f"{different} different ones at {len(values)} tokens; cut it into classes"
        )
        raise ValueError(msg)
    return replace(chosen, known=chosen.known & within.known, groups=within.values)


def split(
    chosen: LabelledRecording,
    reported: LabelledRecording | None,
    *,
    skip: int,
    gap: int,
    within: str | None,
    cut: int | None = None,
) -> tuple[Part, Part]:
    """Return part A and part B.

    Parameters
    ----------
    chosen : LabelledRecording
        The text units are chosen on; its first half where there is no other.
    reported : LabelledRecording or None
        The text they are reported on, if it is another.
    skip : int
        Tokens left out at the start of each trace: the state has just left zero.
    gap : int
        Tokens left out between two halves of one text.
    within : str or None
        ``"token"`` ranks within each current token. A label with groups is ranked within those.
    cut : int or None
        Where one text is cut in two, by default in the middle.

    """
    if reported is None:
        reported = chosen
        first, second = halves(chosen.recording.into_block, skip=skip, gap=gap, cut=cut)
    else:
        first, second = (part.recording.into_block >= skip for part in (chosen, reported))
    rows_a, rows_b = np.flatnonzero(chosen.known & first), np.flatnonzero(reported.known & second)
    tokens = dict.fromkeys((*chosen.recording.tokens, *reported.recording.tokens))
    vocabulary = {token: code for code, token in enumerate(tokens)}
    codes_a = chosen.recording.codes(vocabulary)
    codes_b = codes_a if reported is chosen else reported.recording.codes(vocabulary)
    part_a = _part(chosen, rows_a, codes_a, within, f"part A (skip={skip}, gap={gap})")
    part_b = _part(reported, rows_b, codes_b, within, f"part B (skip={skip}, gap={gap})")
    return part_a, part_b


def halves(
    into_block: NDArray[np.intp], *, skip: int, gap: int, cut: int | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark the tokens of the two halves of a text, shape (T,), with a gap between them.

    Parameters
    ----------
    into_block : ndarray of int, shape (T,)
        How many tokens of its trace come before each token.
    skip, gap : int
        Tokens left out at the start of each trace, and between the halves.
    cut : int or None
        The first token of the second half, but for the gap; by default the middle one.

    """
    index = np.arange(len(into_block))
    middle = len(into_block) // 2 if cut is None else cut
    counts = into_block >= skip
    return counts & (index < middle - gap // 2), counts & (index >= middle + (gap + 1) // 2)


def whole(source: LabelledRecording, *, skip: int = 0) -> Part:
    """Return all tokens as one part, less those left out at the start of each trace."""
    rows = np.flatnonzero(source.known & (source.recording.into_block >= skip))
    tokens = dict.fromkeys(source.recording.tokens)
    codes = source.recording.codes({token: code for code, token in enumerate(tokens)})
    return _part(source, rows, codes, None, f"the text (skip={skip})")


def _part(
    source: LabelledRecording,
    rows: NDArray[np.intp],
    codes: NDArray[np.intp],
    within: str | None,
    which: str,
) -> Part:
    values = source.values[rows]
    if len(rows) < 2 or (values == values[0]).all():  # noqa: PLR2004 - no two values to tell apart
        held = f"is {values[0]} at all of its {len(rows)} tokens" if len(rows) else "has no token"
        msg = f"the label {source.name!r} must vary in both parts, but {which} {held}"
        raise ConstantLabelError(msg)
    groups = None if source.groups is None else source.groups[rows]
    ranked_within = codes[rows] if within is not None else None
    if groups is not None:
        ranked_within = np.unique(groups, return_inverse=True)[1]
    if ranked_within is not None and not _varies_within(values, ranked_within):
        each = "token" if groups is None else "value of the label that it is ranked within"
        asked = 'within="token"' if groups is None else "within="
        msg = (
            f"the label {source.name!r} must vary within some {each}, but {which} has one value of "
            f"it for each, so that {asked} leaves nothing to compare"
        )
        raise ConstantLabelError(msg)
    strata = Strata.pool(len(rows)) if ranked_within is None else Strata(ranked_within)
    target = make_target(values, strata)
    starts = _segment_starts(source, rows, values)
    segments = np.cumsum(starts) - starts[0]
    new_span = starts & values if values.dtype == np.bool_ else starts
    return Part(source.recording, rows, codes, target, segments, int(new_span.sum()), groups)


def _varies_within(values: NDArray[Any], codes: NDArray[np.intp]) -> bool:
    """Whether some token has two values of a label."""
    level = np.unique(values, return_inverse=True)[1]
    pairs = np.unique(codes * (int(level.max()) + 1) + level)
    return len(pairs) > len(np.unique(codes))


def _segment_starts(
    source: LabelledRecording, rows: NDArray[np.intp], values: NDArray[Any]
) -> NDArray[np.bool_]:
    """Mark where a stretch for the bootstrap starts: at each span of a bool label, or each line."""
    recording = source.recording
    first_of_block = np.zeros(len(rows), np.bool_)
    first_of_block[np.searchsorted(rows, recording.starts[recording.starts <= rows[-1]])] = True
    first_of_block[0] = True
    if values.dtype == np.bool_:
        onset = np.zeros(len(rows), np.bool_)
        onset[1:] = values[1:] & ~values[:-1]
        return onset | first_of_block
    line = line_numbers(recording.tokens)
    starts = np.ones(len(rows), np.bool_)
    starts[1:] = np.diff(line[rows]) > 0
    return starts | first_of_block


def line_numbers(tokens: Sequence[str]) -> NDArray[np.intp]:
    """Return which line each token belongs to, from 0; a newline ends its line.

    Without any newline, every 100 tokens stand for a line.
    """
    newline = np.fromiter(("\n" in token for token in tokens), np.bool_, len(tokens))
    return np.cumsum(newline) - newline if newline.any() else np.arange(len(tokens)) // _PIECE
