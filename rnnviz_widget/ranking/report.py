"""A ranking: its rows, what they are measured against, and what may be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.ranking.probe import CONTEXT
from rnnviz_widget.ranking.splits import ENOUGH_SPANS
from rnnviz_widget.tables import data_frame, html_facts, html_table, plain_facts, plain_table

if TYPE_CHECKING:
    from rnnviz_widget.ranking.chance import Chance
    from rnnviz_widget.ranking.entry import Entry
    from rnnviz_widget.ranking.probe import Probe

_SHOWN = 10
_NAMES = (1,)  # the column that holds the unit's name


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

    """

    tokens: int
    spans: int
    base_rate: float | None


@dataclass(frozen=True, repr=False)
class Ranking(Sequence["Entry"]):
    """Units from the best follower of a label to the worst, and what to think of the best.

    A sequence of `Entry`, ordered by ``score``. Printed, and in a notebook, it is a table with its
    controls and a verdict.

    Attributes
    ----------
    entries : tuple of Entry
        One row per unit and layer.
    label : str
        What was followed.
    metric : str
        ``"AUC"`` or ``"Spearman"``.
    within : str or None
        ``"token"`` if scores are averages over the scores within each current token.
    chosen_on, reported_on : Extent
        Part A and part B.
    texts : str
        Where the parts come from, in words.
    columns : int
        How many columns were tried (units times kinds).
    left_out : int
        How many of them hold NaN and were left out.
    chance : Chance or None
        What the choice reaches on labels of chance; None if not asked for.
    baselines : dict of str to float
        Held-out scores of the last tokens alone.
    control : tuple of float
        Held-out score of the best unit of each control, such as an untrained network; empty if
        none was given.
    probe : Probe or None
        What a linear readout of all units reaches; None if not asked for.

    """

    entries: tuple[Entry, ...]
    label: str
    metric: str
    within: str | None
    chosen_on: Extent
    reported_on: Extent
    texts: str
    columns: int
    left_out: int
    chance: Chance | None
    baselines: dict[str, float]
    control: tuple[float, ...]
    probe: Probe | None

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

    def beside(self, control: Sequence[float], probes: Sequence[float]) -> Ranking:
        """Return the same ranking with further controls.

        Parameters
        ----------
        control
            The held-out score of the best unit of each.
        probes
            The score of the linear probe on each, of no use where this ranking has no probe.

        """
        probe = self.probe
        if probe is not None:
            probe = replace(probe, control=(*probe.control, *probes))
        return replace(self, control=(*self.control, *control), probe=probe)

    @property
    def illustration(self) -> bool:
        """Whether either part has so few spans that nothing is measured, only illustrated."""
        return min(self.chosen_on.spans, self.reported_on.spans) < ENOUGH_SPANS

    @property
    def bar(self) -> float:
        """What a unit has to beat: chance's 95 % level, and every baseline and control given."""
        chance = [] if self.chance is None else [self.chance.level]
        return max([*chance, *self.baselines.values(), *self.control])

    @property
    def claimed(self) -> bool:
        """Whether the best unit may be said to follow the label.

        It may if the whole 95 % interval of its held-out score lies above ``bar``, chance has been
        measured, and each part has at least 20 spans. Both the score and chance are uncertain, and
        each is allowed its own margin: a label that nothing follows passes about once in
        thousands of times, not once in twenty.
        """
        best = self.entries[0].detail
        measured = self.chance is not None and not self.illustration
        return measured and best is not None and bool(best.interval[0] > self.bar)

    @property
    def note(self) -> str:
        """Which text the scores come from, in a line."""
        spans = "spans" if self.metric == "AUC" else "lines"
        a, b = self.chosen_on, self.reported_on
        note = (
            f"{self.texts}; chosen on {a.tokens:,} tokens with {a.spans:,} {spans}, reported on "
            f"{b.tokens:,} with {b.spans:,}"
        )
        return note + ": an illustration, not a measurement" if self.illustration else note

    @property
    def verdict(self) -> str:
        """What may be said of the best unit, in a few sentences."""
        best, asked = self.entries[0], self._asked("each token")
        facts = ", ".join([self._held_out(), *self._comparisons()])
        if self.claimed:
            said = f"{best.name} follows {asked}: {facts}."
        elif self.illustration:
            said = f"{best.name} is the best follower of {asked} in this short text: {facts}."
            return " ".join([said, *self._readable(), "An illustration, not a measurement."])
        elif self.chance is None:
            said = f"{best.name} is the best follower of {asked}: {facts}."
        else:
            said = f"No single unit follows {asked} here. Best {best.name}: {facts}."
            return " ".join([said, *self._readable(), "This is not proof of absence."])
        return " ".join([said, *self._readable()])

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return the rows as a ``pandas.DataFrame``, details included.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(_record(entry) for entry in self.entries)

    def __str__(self) -> str:
        """Return the table, its controls and the verdict as plain text."""
        lines = [self.title, self.note, "", *plain_table(self.rows(_SHOWN), left=_NAMES)]
        if len(self) > _SHOWN:
            lines.append(f"... and {len(self) - _SHOWN:,} more units")
        text = "\n".join([*lines, "", *plain_facts(self.controls()), "", self.verdict])
        return for_terminal(text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        more = f"<p>... and {len(self) - _SHOWN:,} more units</p>" if len(self) > _SHOWN else ""
        return (
            f'<div class="rnnviz-ranking"><p><strong>{for_html(self.title)}</strong><br>'
            f"{for_html(self.note)}</p>{html_table(self.rows(_SHOWN), left=_NAMES)}{more}"
            f"{html_facts(self.controls())}<p>{for_html(self.verdict)}</p></div>"
        )

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"Which unit follows {self._asked('each current token')}?"

    def rows(self, count: int) -> list[list[str]]:
        """Return the head of the table and its first rows, as text."""
        number = self.metric != "AUC"
        extra = ["Pearson"] if number else ["AP", "threshold", "accuracy", "F1"]
        extra = [] if self.within and not number else extra
        head = ["", "unit", "sign", self.metric, "held out", "95 % interval", *extra]
        return [head, *(_row(i, entry, extra) for i, entry in enumerate(self[:count], 1))]

    def controls(self) -> list[tuple[str, str]]:
        """Return what the best unit is measured against, as (name, value)."""
        found: list[tuple[str, str]] = []
        base = self.reported_on.base_rate
        if base is not None:
            found.append(("base rate", self._base_rates(base)))
        found.append(("chance", self._chance()))
        found += [(name, f"{score:.3f}") for name, score in self.baselines.items()]
        found.append((f"{_networks(self.control)}' best unit", _range(self.control)))
        if self.probe is not None:
            low, high = self.probe.interval
            found += [
                (
                    f"probe, all {self.probe.units:,} units",
                    f"{self.probe.held_out:.3f} ({low:.3f} to {high:.3f})",
                ),
                (f"probe, last {CONTEXT} tokens", f"{self.probe.tokens:.3f}"),
                (f"probe, {_networks(self.probe.control)}", _range(self.probe.control)),
            ]
        if self.left_out:
            found.append(("left out", f"{self.left_out:,} columns that hold NaN"))
        return found

    def _chance(self) -> str:
        if self.chance is None:
            return "not measured"
        p = self.chance.p_value(self.entries[0].held_out)
        return (
            f"{self.chance.level:.3f} (95 % of {len(self.chance.scores)} choices among "
            f"{self.columns:,} columns on {self.chance.source}; p = {p:.3f})"
        )

    def _base_rates(self, rate: float) -> str:
        always = max(rate, 1 - rate)
        return (
            f"{rate:.3f} true (saying always the same: accuracy {always:.3f}; always true: F1 "
            f"{2 * rate / (1 + rate):.3f})"
        )

    def _asked(self, each: str) -> str:
        return f"{self.label} within {each}" if self.within else self.label

    def _held_out(self) -> str:
        best = self.entries[0]
        said = f"held-out {best.held_out:.3f} ({self.metric}"
        if best.detail is not None and not np.isnan(best.detail.interval[0]):
            said += ", 95 % interval {:.3f} to {:.3f}".format(*best.detail.interval)
        return said + ")"

    def _comparisons(self) -> list[str]:
        chance = "not measured" if self.chance is None else f"{self.chance.level:.3f}"
        return [
            f"chance {chance}",
            *(f"{name} {score:.3f}" for name, score in self.baselines.items()),
            f"{_networks(self.control)}' best unit {_range(self.control)}",
        ]

    def _readable(self) -> list[str]:
        if self.probe is None:
            return []
        said = (
            f"Probe {self.probe.held_out:.3f}, controls {self.probe.tokens:.3f} (last {CONTEXT} "
            f"tokens) and {_range(self.probe.control)} ({_networks(self.probe.control)})"
        )
        if self.claimed:
            return [f"{said}: readable, not shown to be used."]
        if self.illustration:
            return [f"{said}."]
        chance = 0.0 if self.chance is None else self.chance.level
        if self.probe.beats(chance):
            return [f"{said}: spread over units."]
        if self.probe.interval[0] > chance:
            return [f"{said}: readable, but no better than from the controls."]
        return [f"{said}: not linearly readable."]


def _range(scores: Sequence[float]) -> str:
    if not scores:
        return "not given"
    low, high = min(scores), max(scores)
    return f"{low:.3f}" if len(scores) == 1 else f"{low:.3f} to {high:.3f}"


def _networks(scores: Sequence[float]) -> str:
    return f"{len(scores)} control networks" if len(scores) > 1 else "control networks"


def _row(number: int, entry: Entry, extra: Sequence[str]) -> list[str]:
    detail = entry.detail
    row = [str(number), entry.name, f"{entry.sign:+d}", f"{entry.score:.3f}"]
    row.append(f"{entry.held_out:.3f}")
    if detail is None:
        return [*row, *([""] * (len(extra) + 1))]
    low, high = detail.interval
    row.append("" if np.isnan(low) else f"{low:.3f} to {high:.3f}")
    values = {
        "AP": detail.average_precision,
        "threshold": detail.threshold,
        "accuracy": detail.accuracy,
        "F1": detail.f1,
        "Pearson": detail.pearson,
    }
    shown = (values[name] for name in extra)
    return [*row, *("" if value is None else f"{value:.3f}" for value in shown)]


def _record(entry: Entry) -> dict[str, Any]:
    detail = entry.detail
    low, high = (None, None) if detail is None else detail.interval
    record = {
        name: getattr(entry, name)
        for name in ("state", "unit", "layer", "kind", "score", "held_out", "sign", "metric")
    }
    record |= {"interval_low": low, "interval_high": high}
    for name in ("average_precision", "threshold", "accuracy", "f1", "pearson"):
        record[name] = None if detail is None else getattr(detail, name)
    return record
