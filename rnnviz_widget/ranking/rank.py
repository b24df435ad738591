"""`rank_units`: every unit against a label, and the best one against its controls."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.progress import Bar
from rnnviz_widget.ranking.baselines import last_tokens
from rnnviz_widget.ranking.chance import (
    Chance,
    foreign_labels,
    foreign_values,
    held_out_by_chance,
    shifted_labels,
)
from rnnviz_widget.ranking.controls import best_held_out, control_parts
from rnnviz_widget.ranking.entry import Detail, Entry, Group, detector
from rnnviz_widget.ranking.probe import probe as read_out
from rnnviz_widget.ranking.report import Ranking
from rnnviz_widget.ranking.resampling import Resampling
from rnnviz_widget.ranking.scores import BoolTarget, NumberTarget, Strata, make_target
from rnnviz_widget.ranking.splits import LabelledRecording, Part, grouped, labelled, split
from rnnviz_widget.ranking.sweep import best_of_kinds, sweep
from rnnviz_widget.stats.threads import in_threads, kept_threads
from rnnviz_widget.trace import Trace
from rnnviz_widget.trace.blocks import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.ranking.splits import Labelling, Traces
    from rnnviz_widget.ranking.sweep import ChanceLabel
    from rnnviz_widget.trace.blocks import Recording

_FEW_GROUPS = 8  # values of another label that are reported each on its own
_LONG = 1 << 28  # values from which on a progress bar is worth its line


@kept_threads()
def rank_units(
    trace: Traces,
    label: Labelling,
    *,
    held_out: Traces | tuple[Traces, Labelling] | None = None,
    states: str | Sequence[str] | None = None,
    within: Labelling | tuple[Labelling, Labelling] | str | None = None,
    name: str | None = None,
    caption: str | None = None,
    control: Any = None,  # noqa: ANN401 - one or many, each of the form of the traces themselves
    null: ArrayLike | None = None,
    probe: bool = True,
    skip: int = 100,
    gap: int = 100,
    cut: int | None = None,
    shifts: int = 199,
    resamples: int = 1000,
    details: int = 10,
    seed: int = 0,
    progress: bool | None = None,
    advance: Callable[[int], object] = lambda _: None,
    texts: str | None = None,
) -> Ranking:
    r"""Return the units ordered by how well they follow a label, the best one with its controls.

    A unit and its sign are chosen on part A of the text and reported on part B. A boolean label is
    followed in the sense of the area under the ROC curve (AUC), a numeric one in the sense of
    Spearman's correlation, since units bend. Scores are exact, computed from the float32 values.

    Parameters
    ----------
    trace : Trace or sequence of Trace
        What the network did. Several traces (blocks of a text, each recorded from its own start)
        are ranked together.
    label : array, callable, or sequence of arrays
        What to follow: an array with a value per token (one array for all traces, or one for
        each), or a function of a trace such as ``labels.inside_quotes``. ``bool`` arrays are
        boolean labels, integers and floats numeric ones. Where a label is missing the token is
        left out: NaN, a masked element of a ``numpy.ma`` array, and what ``Label.missing`` marks
        (``next_is`` at the end of a text).
    held_out : Trace or sequence of Trace, or (those, their label), optional
        Part B. Then ``trace`` is all of part A. The label is needed unless ``label`` is callable.
        By default part A is the first half of ``trace`` and part B the second.
    states : str or sequence of str, optional
        Shell patterns of the states to rank, such as ``"*.c"``; default all.
    within : "token", or array, callable, or sequence of arrays, optional
        Rank within each current token and average: what a unit knows beyond the token just read.
        Or within each value of another label, given as ``label`` is (a pair of such, for part A
        and part B, where another text is held out and they are arrays): whether a unit follows the
        line position inside quotes, and outside. AUC is weighted by n1 n0 / n of each token or
        value, correlation by n - 1. Those with a single value of ``label`` carry no weight.
    name : str, optional
        What to call the label; by default what it calls itself.
    caption : str, optional
        What to call the texts of the two parts, for instance "validation and test blocks".
    control : Trace, sequence of Trace, pair, or a list of these, optional
        Networks to compare with, untrained ones above all, recorded on the same tokens: each in
        the form that ``trace`` has or, with ``held_out``, a tuple (for part A, for part B). One,
        or a list of several.
    null : array, optional
        The same label of another text. Windows of it then serve as labels of chance, which is
        better than this text's own label shifted.
    probe : bool
        Whether to fit a linear probe as well.
    skip : int
        Tokens left out at the start of each trace, where the state still comes from zero.
    gap : int
        Tokens left out between the halves of a text.
    cut : int, optional
        The token before which a text is cut into part A and part B; by default its middle.
    shifts : int
        How many labels of chance the whole choice is repeated for; 0 for none, and no claim.
    resamples : int
        How many resampled texts an interval comes from; 0 for none, and no claim.
    details : int
        For how many of the first rows to measure an `Entry.detail`.
    seed : int
        Of the random shifts and resamples.
    progress : bool, optional
        Whether to show a progress bar; by default where it takes long.
    advance : callable
        Called with the number of columns done, as they are; what it raises ends the work.
    texts : str, optional
        The former name of ``caption``.

    Returns
    -------
    Ranking
        A sequence of `Entry`, best ``score`` first, one for each unit of each layer: the best of
        its kinds (h, c and tanh_c of a unit are one finding).

    Raises
    ------
    ValueError
        If the label does not fit the tokens or does not vary in both parts; if an argument is out
        of range; if no state matches; if ``held_out`` has other units.

    Notes
    -----
    *Chance* repeats everything: for each of ``shifts`` labels the best column and its sign are
    chosen on A among all columns, and scored on B. *Intervals* resample blocks of whole spans
    (stretches from one start of a true span to the next) for a boolean label, of lines for a
    numeric one, so long that they hold what dependence there is in what each token adds to the
    score (`rnnviz_widget.stats.intervals.block_length`). They are about this text. Where the text
    has no room for five such blocks, an interval is not known, and nothing is claimed. Part B in
    five traces or more has an interval over traces beside it.

    Examples
    --------
    >>> rank_units(trace, labels.inside_quotes)  # doctest: +SKIP
    >>> rank_units(validation, labels.line_position, held_out=test, states="*.h")  # doctest: +SKIP

    """
    if texts is not None:
        warnings.warn("texts is now called caption", DeprecationWarning, stacklevel=3)
        caption = texts if caption is None else caption
    _check(skip=skip, gap=gap, shifts=shifts, resamples=resamples, details=details)
    chosen = labelled(trace, label, "label")
    reported = _held_out(held_out, label)
    if cut is not None and (reported is not None or not 0 < cut < chosen.recording.length):
        msg = (
            f"cut must be in (0, {chosen.recording.length}), and only where no other text is held "
            f"out, got {cut}"
        )
        raise ValueError(msg)
    by_token = isinstance(within, str) and within == "token"
    groups = ""
    if within is not None and not by_token:
        chosen, reported, groups = _grouped(chosen, reported, within)
    part_a, part_b = split(
        chosen, reported, skip=skip, gap=gap, within="token" if by_token else None, cut=cut
    )
    selected = chosen.recording.select(states)
    _check_same_units(chosen.recording, part_b.recording, selected)
    controls = control_parts(control, part_a, part_b, selected)
    columns = sum(chosen.recording.num_units[state] for state in selected)
    long = columns * (len(part_a.rows) + len(part_b.rows)) * (1 + len(controls)) > _LONG

    chance_a, chance_b, source = _chance_labels((part_a, part_b), null, shifts, seed)
    with Bar(
        total=columns * (1 + len(controls)),
        unit="column",
        desc="ranking",
        disable=not (long if progress is None else progress),
    ) as bar:

        def done(count: int) -> None:
            bar.update(count)
            advance(count)

        swept = sweep(part_a, part_b, selected, chance_a, advance=done)
        control_scores = tuple(best_held_out(a, b, selected, done) for a, b in controls)
    chance = None
    if shifts:
        chance = Chance(held_out_by_chance(swept, part_b, chance_b), source)

    entries = best_of_kinds(
        swept, part_a.recording, base=part_a.target.base, metric=part_a.target.metric
    )
    resampling = Resampling(part_b, resamples)
    first = in_threads(lambda e: _detailed(e, part_a, resampling), entries[:details])
    return Ranking(
        entries=(*first, *entries[details:]),
        label=name or chosen.name,
        metric=part_a.target.metric,
        within="token" if by_token else groups or None,
        chosen_on=part_a.extent,
        reported_on=part_b.extent,
        caption=caption or ("halves of one text" if reported is None else "two texts"),
        columns=columns,
        left_out=int(np.isnan(swept.gain_a).sum()),
        chance=chance,
        baselines={
            "current token": last_tokens(part_a, part_b, 1),
            "last three tokens": last_tokens(part_a, part_b, 3),
        },
        control=control_scores,
        probe=read_out(part_a, part_b, selected, controls, resampling) if probe else None,
    )


def _check(**counts: int) -> None:
    for argument, count in counts.items():
        if count < 0:
            msg = f"{argument} must be at least 0, got {count}"
            raise ValueError(msg)


def _check_same_units(own: Recording, other: Recording, states: Sequence[str]) -> None:
    for state in states:
        size = own.num_units[state]
        if other.num_units.get(state) != size:
            got = f"{other.num_units[state]} units" if state in other.num_units else "no such state"
            msg = (
                f"held_out must be of the network that is ranked, with {size} units of {state}, "
                f"got {got}"
            )
            raise ValueError(msg)


def _held_out(
    held_out: Traces | tuple[Traces, Labelling] | None, label: Labelling
) -> LabelledRecording | None:
    if held_out is None:
        return None
    if isinstance(held_out, tuple) and len(held_out) == 2 and not isinstance(held_out[1], Trace):  # noqa: PLR2004 - a pair
        traces, its_label = held_out
        return labelled(traces, its_label, "the label of held_out")
    if not callable(label):
        msg = (
            "held_out must be (trace, label) where label is an array; a trace alone will do if "
            "label is a function of a trace, such as labels.inside_quotes"
        )
        raise TypeError(msg)
    return labelled(held_out, label, "label")


def _grouped(
    chosen: LabelledRecording,
    reported: LabelledRecording | None,
    within: Labelling | tuple[Labelling, ...] | str,
) -> tuple[LabelledRecording, LabelledRecording | None, str]:
    """Return the labels as they are ranked within another, and what that is called."""
    if isinstance(within, str):
        msg = f"within must be 'token' or a label, got {within!r}"
        raise ValueError(msg)  # noqa: TRY004 - a string is allowed, but another one
    if reported is None:
        its = labelled(chosen.recording, within, "within")  # type: ignore[arg-type]
        return grouped(chosen, its), None, its.name
    pair = within if isinstance(within, tuple) else (within, within)
    if len(pair) != 2 or (pair[0] is pair[1] and not callable(pair[0])):  # noqa: PLR2004
        msg = (
            "within must be a function of a trace, or a pair (for part A, for part B), where "
            "another text is held out"
        )
        raise TypeError(msg)
    a, b = (
        labelled(of.recording, label, "within")
        for of, label in zip((chosen, reported), pair, strict=True)
    )
    return grouped(chosen, a), grouped(reported, b), a.name


def _chance_labels(
    parts: tuple[Part, Part], null: ArrayLike | None, count: int, seed: int
) -> tuple[list[ChanceLabel], list[ChanceLabel], str]:
    """Return labels of chance for part A and part B, and what they are."""
    rng = np.random.default_rng(seed)
    if null is None:
        a, b = (shifted_labels(part, count, rng) for part in parts)
        return a, b, "the label mirrored and shifted"
    values = foreign_values(null, parts[0])
    a, b = (foreign_labels(part, values, count, rng) for part in parts)
    return a, b, "another text's label"


def _detailed(entry: Entry, part_a: Part, resampling: Resampling) -> Entry:
    part_b = resampling.part
    its = Columns(entry.state, entry.unit, entry.unit + 1)
    column_a, column_b = part_a.read(its)[0], part_b.read(its)[0]
    found: dict[str, float] = {}
    target = part_b.target
    if isinstance(target, NumberTarget):
        found["pearson"] = entry.sign * target.linear_gain(column_b)
    elif target.strata.pooled and isinstance(part_a.target, BoolTarget):
        names = ("threshold", "average_precision", "accuracy", "f1")
        values = detector(column_a, part_a.target.label, column_b, target.label, entry.sign)
        found = dict(zip(names, values, strict=True))
    intervals = resampling.intervals(column_b, entry.sign)
    detail = Detail(
        intervals.text,
        interval_over_texts=None if np.isnan(intervals.texts[0]) else intervals.texts,
        blocks=(intervals.blocks, intervals.length) if resampling.count else (0, 0),
        groups=_in_groups(part_b, column_b, entry.sign),
        **found,
    )
    return replace(entry, detail=detail)


def _in_groups(part: Part, column: NDArray[np.float32], sign: int) -> tuple[Group, ...]:
    """Return the score within each value of the label that a part is ranked within."""
    if part.groups is None or len(values := np.unique(part.groups)) > _FEW_GROUPS:
        return ()
    found = []
    for value in values:
        inside = part.groups == value
        label = part.target.label[inside]
        score = float("nan")
        if (label != label[0]).any():
            target = make_target(label, Strata.pool(len(label)))
            score = target.base + sign * target.gain(np.ascontiguousarray(column[inside]))
        found.append(Group(str(value), len(label), score))
    return tuple(found)
