"""`rank_units`: every unit against a label, and the best one against its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from rnnviz_widget.ranking.baselines import last_tokens
from rnnviz_widget.ranking.chance import Chance, foreign_labels, held_out_by_chance, shifted_labels
from rnnviz_widget.ranking.entry import Detail, Entry, detector, interval, resampling
from rnnviz_widget.ranking.recordings import Columns, Recording, as_recording, layer_and_kind
from rnnviz_widget.ranking.report import Extent, Ranking
from rnnviz_widget.ranking.scores import BoolTarget, NumberTarget
from rnnviz_widget.ranking.splits import Part, labelled, split
from rnnviz_widget.ranking.sweep import Swept, in_threads, read_parts, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.ranking.splits import Labelling
    from rnnviz_widget.trace import Trace

    Traces = Trace | Sequence[Trace]

_LONG = 1 << 28  # values from which on a progress bar is worth its line


def rank_units(
    trace: Traces,
    label: Labelling,
    *,
    held_out: tuple[Traces, Labelling] | Traces | None = None,
    states: str | Sequence[str] | None = None,
    within: str | None = None,
    name: str | None = None,
    control: Any = None,
    null: ArrayLike | None = None,
    skip: int = 100,
    gap: int = 100,
    shifts: int = 199,
    resamples: int = 200,
    details: int = 10,
    seed: int = 0,
    progress: bool | None = None,
) -> Ranking:
    chosen = labelled(trace, label, "label")
    reported = None
    part_a, part_b = split(chosen, reported, skip=skip, gap=gap, within=within)
    selected = chosen.recording.select(states)
    rng = np.random.default_rng(seed)
    directions_a = shifted_labels(part_a, shifts, rng)
    directions_b = shifted_labels(part_b, shifts, rng)
    columns = sum(chosen.recording.units[state] for state in selected)
    swept = sweep(part_a, part_b, selected, directions_a)
    chance = None
    if shifts:
        chance = Chance(
            held_out_by_chance(swept, part_b, directions_b), "labels shifted in a circle"
        )
    entries = _entries(swept, part_a, part_b)
    weights = resampling(part_b, resamples)
    first = in_threads(lambda e: _detailed(e, part_a, part_b, weights), entries[:details])
    return Ranking(
        entries=(*first, *entries[details:]),
        label=name or chosen.name,
        metric=part_a.target.metric,
        within=within,
        chosen_on=_extent(part_a),
        reported_on=_extent(part_b),
        texts="first and second half of one text",
        columns=columns,
        left_out=int(np.isnan(swept.gain_a).sum()),
        chance=chance,
        baselines={
            "current token": last_tokens(part_a, part_b, 1),
            "last three tokens": last_tokens(part_a, part_b, 3),
        },
        control=(),
        probe=None,
    )


def _entries(swept: Swept, part_a: Part, part_b: Part) -> list[Entry]:
    """Return one row per unit and layer, the best of its kinds, best first."""
    units = part_a.recording.units
    base, metric = part_a.target.base, part_a.target.metric
    best: dict[tuple[str, int], Entry] = {}
    for (state, unit), gain_a, gain_b in zip(
        swept.columns, swept.gain_a.tolist(), swept.gain_b.tolist(), strict=True
    ):
        if np.isnan(gain_a):
            continue
        layer, kind = layer_and_kind(state, units)
        sign = -1 if gain_a < 0 else 1
        entry = Entry(
            state, unit, layer, kind, base + abs(gain_a), base + sign * gain_b, sign, metric
        )
        if (layer, unit) not in best or entry.score > best[layer, unit].score:
            best[layer, unit] = entry
    return sorted(best.values(), key=lambda entry: -entry.score)


def _detailed(
    entry: Entry, part_a: Part, part_b: Part, weights: list[NDArray[np.float64]]
) -> Entry:
    batch_a, batch_b = read_parts(part_a, part_b, Columns(entry.state, entry.unit, entry.unit + 1))
    column_a, column_b = batch_a[0], batch_b[0]
    found: dict[str, float] = {}
    target = part_b.target
    if isinstance(target, NumberTarget):
        found["pearson"] = entry.sign * target.linear_gain(column_b)
    elif target.strata.pooled and isinstance(part_a.target, BoolTarget):
        names = ("threshold", "average_precision", "accuracy", "f1")
        values = detector(column_a, part_a.target.label, column_b, target.label, entry.sign)
        found = dict(zip(names, values, strict=True))
    detail = Detail(interval(column_b, entry.sign, part_b, weights), **found)
    return Entry(**{**entry.__dict__, "detail": detail})


def _extent(part: Part) -> Extent:
    label = part.target.label
    rate = float(label.mean()) if label.dtype == np.bool_ else None
    return Extent(len(part.rows), part.spans, rate)
