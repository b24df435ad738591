"""Where units are chosen (part A) and where they are reported (part B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.labels.reading import label_values, read_label
from rnnviz_widget.ranking.scores import Strata, Target, make_target
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
_PIECE = 100  # tokens that stand for a line in a text without newlines


@dataclass(frozen=True)
class Labelled:
    """A recording with a label: value and whether it counts at each of its T tokens."""

    recording: Recording
    values: NDArray[Any]
    known: NDArray[np.bool_]
    name: str


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

    """

    recording: Recording
    rows: NDArray[np.intp]
    codes: NDArray[np.intp]
    target: Target
    segments: NDArray[np.intp]
    spans: int

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

    def lagged(self, lag: int) -> NDArray[np.intp]:
        """Return the number of the token ``lag`` before each token, shape (n,); -1 for none."""
        before = self.codes[np.maximum(self.rows - lag, 0)]
        return np.where(self.recording.into_block[self.rows] >= lag, before, -1)


def labelled(traces: Traces, label: Labelling, argument: str) -> Labelled:
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
    return Labelled(recording, values, known, pieces[0].name or "the label")


class ConstantLabelError(ValueError):
    """A part of the text in which a label does not vary: nothing can be ranked there."""


def split(
    chosen: Labelled, reported: Labelled | None, *, skip: int, gap: int, within: str | None
) -> tuple[Part, Part]:
    """Return part A and part B.

    Parameters
    ----------
    chosen : Labelled
        The text units are chosen on; its first half where there is no other.
    reported : Labelled or None
        The text they are reported on, if it is another.
    skip : int
        Tokens left out at the start of each trace: the state has just left zero.
    gap : int
        Tokens left out between two halves of one text.
    within : str or None
        ``"token"`` ranks within each current token.

    """
    if reported is None:
        reported = chosen
        first, second = halves(chosen.recording.into_block, skip=skip, gap=gap)
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
    into_block: NDArray[np.intp], *, skip: int, gap: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark the tokens of the two halves of a text, shape (T,), with a gap between them.

    Parameters
    ----------
    into_block : ndarray of int, shape (T,)
        How many tokens of its trace come before each token.
    skip, gap : int
        Tokens left out at the start of each trace, and between the halves.

    """
    index, middle = np.arange(len(into_block)), len(into_block) // 2
    counts = into_block >= skip
    return counts & (index < middle - gap // 2), counts & (index >= middle + (gap + 1) // 2)


def _part(
    source: Labelled,
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
    strata = Strata.pool(len(rows)) if within is None else Strata(codes[rows])
    if within is not None and not _varies_within(values, codes[rows]):
        msg = (
            f"the label {source.name!r} must vary within some token, but {which} has one value of "
            'it for each, so that within="token" leaves nothing to compare'
        )
        raise ConstantLabelError(msg)
    target = make_target(values, strata)
    starts = _segment_starts(source, rows, values)
    segments = np.cumsum(starts) - starts[0]
    new_span = starts & values if values.dtype == np.bool_ else starts
    return Part(source.recording, rows, codes, target, segments, int(new_span.sum()))


def _varies_within(values: NDArray[Any], codes: NDArray[np.intp]) -> bool:
    """Whether some token has two values of a label."""
    level = np.unique(values, return_inverse=True)[1]
    pairs = np.unique(codes * (int(level.max()) + 1) + level)
    return len(pairs) > len(np.unique(codes))


def _segment_starts(
    source: Labelled, rows: NDArray[np.intp], values: NDArray[Any]
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
