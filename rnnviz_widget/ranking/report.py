"""A ranking: its rows, what they are measured against, and what may be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.former import former
from rnnviz_widget.ranking.probe import CONTEXT
from rnnviz_widget.ranking.rows import (
    interval_in_words,
    networks,
    range_in_words,
    record_of,
    table_row,
)
from rnnviz_widget.ranking.splits import ENOUGH_SPANS
from rnnviz_widget.ranking.strength import bounds, strength
from rnnviz_widget.ranking.summary import bars, words
from rnnviz_widget.tables import (
    data_frame,
    html_bars,
    html_facts,
    html_folded,
    html_table,
    plain_facts,
    plain_table,
)

if TYPE_CHECKING:
    from rnnviz_widget.ranking.chance import Chance
    from rnnviz_widget.ranking.entry import Entry
    from rnnviz_widget.ranking.probe import Probe
    from rnnviz_widget.ranking.splits import Extent

_SHOWN = 10
_FEW, _FEW_COLUMNS = 3, 6  # rows and columns that a notebook shows at first sight
_UNKNOWN = "The interval is not known: what goes wrong lasts too long for a text of this length."
_NAMES = (1,)  # the column that holds the unit's name


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
        ``"token"`` if scores are averages over the scores within each current token; the name of
        another label if they are over its values.
    chosen_on, reported_on : Extent
        Part A and part B.
    caption : str
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
    caption: str
    columns: int
    left_out: int
    chance: Chance | None
    baselines: dict[str, float]
    control: tuple[float, ...]
    probe: Probe | None

    texts = former("Ranking", "texts", "caption")

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
        control : sequence of float
            The held-out score of the best unit of each.
        probes : sequence of float
            The score of the linear probe on each, of no use where this ranking has no probe.

        """
        probe = self.probe
        if probe is not None:
            probe = replace(probe, control=(*probe.control, *probes))
        return replace(self, control=(*self.control, *control), probe=probe)

    @property
    def illustration(self) -> bool:
        """Whether either part has so little of the label that nothing is measured.

        Fewer than 20 spans or lines, or fewer than 5 independent stretches of a label that varies
        slowly.
        """
        parts = (self.chosen_on, self.reported_on)
        return any(part.spans < ENOUGH_SPANS or part.too_slow for part in parts)

    @property
    def rivals(self) -> dict[str, float]:
        """What a unit has to beat, by name: chance's 95 % level, and all controls that are given.

        These are the last tokens and the best unit of each control, and the readouts of both.
        """
        found = {} if self.chance is None else {"chance": self.chance.level}
        found |= self.baselines
        if self.control:
            found[f"{networks(self.control)}' best unit"] = max(self.control)
        if self.probe is not None:
            found[f"a probe of the last {CONTEXT} tokens"] = self.probe.tokens
            if self.probe.control:
                found[f"a probe of {networks(self.probe.control)}"] = max(self.probe.control)
        return found

    @property
    def bar(self) -> float:
        """The largest score that a unit has to beat, of all its `rivals`."""
        return max(self.rivals.values())

    @property
    def claimed(self) -> bool:
        """Whether the best unit may be said to follow the label.

        It may if the whole 95 % interval of its held-out score is known and lies above ``bar``,
        chance has been measured, and each part has enough of the label, see `illustration`. Both
        the score and chance are uncertain, and each is allowed its own margin. How often a label
        that nothing follows passes is measured by ``python -m tests.simulations.false_claims``.
        """
        return self.claims(self.entries[0])

    def claims(self, entry: Entry) -> bool:
        """Whether one of the units may be said to follow the label, by the rule of `claimed`.

        Parameters
        ----------
        entry : Entry
            A row of this ranking, with its details.

        """
        measured = self.chance is not None and not self.illustration
        detail = entry.detail
        return measured and detail is not None and bool(detail.interval[0] > self.bar)

    @property
    def note(self) -> str:
        """Which text the scores come from, in a line."""
        spans = "spans" if self.metric == "AUC" else "lines"
        a, b = self.chosen_on, self.reported_on
        note = (
            f"{self.caption}; chosen on {a.tokens:,} tokens with {a.spans:,} {spans}, reported on "
            f"{b.tokens:,} with {b.spans:,}"
        )
        return note + ": an illustration, not a measurement" if self.illustration else note

    @property
    def verdict(self) -> str:
        """What may be said of the best unit, in a few sentences."""
        best, asked = self.entries[0], self._asked("each token")
        facts = ", ".join([self._held_out(), *self._comparisons()])
        doubt = self._doubt()
        if self.claimed:
            said = f"{best.name} follows {asked}: {facts}."
        elif self.illustration:
            said = f"{best.name} is the best follower of {asked} in this short text: {facts}."
            end = "An illustration, not a measurement."
            return " ".join([said, *self._readable(), *doubt, end])
        elif self.chance is None:
            said = f"{best.name} is the best follower of {asked}: {facts}."
        elif best.detail is not None and best.detail.not_known:
            said = f"Whether a unit follows {asked} is not known here. Best {best.name}: {facts}."
            return " ".join([said, *doubt, *self._readable()])
        else:
            said = f"No single unit follows {asked} here. Best {best.name}: {facts}."
            return " ".join([said, *doubt, *self._readable(), "This is not proof of absence."])
        return " ".join([said, *self._readable()])

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return the rows as a ``pandas.DataFrame``, details included.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(record_of(entry) for entry in self.entries)

    def __str__(self) -> str:
        """Return the table, its controls and the verdict as plain text."""
        lines = [self.title, self.note, "", *plain_table(self.rows(_SHOWN), left=_NAMES)]
        if len(self) > _SHOWN:
            lines.append(f"... and {len(self) - _SHOWN:,} more units")
        text = "\n".join([*lines, "", *plain_facts(self.controls()), "", self.verdict])
        return for_terminal(text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        few = [row[:_FEW_COLUMNS] for row in self.rows(_FEW)]
        beside = bars(self[0], self.chance, self.baselines, self.control, self.probe)
        more = f"<p>... and {len(self) - _SHOWN:,} more units</p>" if len(self) > _SHOWN else ""
        everything = (
            f"{html_table(self.rows(_SHOWN), left=_NAMES)}{more}{html_facts(self.controls())}"
            f"{html_facts(words(self.metric))}"
        )
        return (
            f'<div class="rnnviz-ranking"><p><strong>{for_html(self.title)}</strong><br>'
            f"{for_html(self.note)}</p>{html_table(few, left=_NAMES)}{html_bars(beside)}"
            f"<p>{for_html(self.verdict)}</p>{html_folded(everything)}</div>"
        )

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"Which unit follows {self._asked('each current token')}?"

    def rows(self, count: int) -> list[list[str]]:
        """Return the head of the table and its first rows, as text.

        Parameters
        ----------
        count : int
            How many units.
        """
        number = self.metric != "AUC"
        extra = ["Pearson"] if number else ["AP", "threshold", "accuracy", "F1"]
        extra = [] if self.within and not number else extra
        head = ["", "unit", "sign", self.metric, "held out", "95 % of this text", *extra]
        return [head, *(table_row(i, entry, extra) for i, entry in enumerate(self[:count], 1))]

    def controls(self) -> list[tuple[str, str]]:
        """Return what the best unit is measured against, as (name, value)."""
        found: list[tuple[str, str]] = []
        base = self.reported_on.base_rate
        if base is not None:
            found.append(("base rate", self._base_rates(base)))
        found.append(("chance", self._chance()))
        found += self._intervals()
        found += [(name, f"{score:.3f}") for name, score in self.baselines.items()]
        found.append((f"{networks(self.control)}' best unit", range_in_words(self.control)))
        if self.probe is not None:
            its = f"{self.probe.held_out:.3f} ({interval_in_words(self.probe.interval)})"
            found += [
                (f"probe, all {self.probe.num_units:,} units", its),
                (f"probe, last {CONTEXT} tokens", f"{self.probe.tokens:.3f}"),
                (f"probe, {networks(self.probe.control)}", range_in_words(self.probe.control)),
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
        if self.within is None:
            return self.label
        if self.within == "token":
            return f"{self.label} within {each}"
        return f"{self.label} with {self.within} held fixed"

    def _held_out(self) -> str:
        best = self.entries[0]
        said = f"held-out {best.held_out:.3f} ({self.metric}"
        if best.detail is None or not best.detail.blocks[0]:
            return said + ")"
        low = best.detail.interval[0]
        size = f", {strength(self.metric, low)}" if self.claimed else ""
        return f"{said}{size}, 95 % interval {interval_in_words(best.detail.interval)})"

    def _doubt(self) -> list[str]:
        """Say why the best unit is not claimed, where it might look as if it could be."""
        detail = self.entries[0].detail
        if self.claimed or detail is None or self.chance is None:
            return []
        slow = min((self.chosen_on, self.reported_on), key=lambda part: part.stretches)
        if slow.too_slow:
            said = f"The label varies too slowly for {slow.tokens:,} tokens"
            return [f"{said}: over about {slow.stretches:.0f} independent stretches."]
        if detail.not_known:
            return [_UNKNOWN]
        rivals = ", ".join(
            f"{name} ({score:.3f})"
            for name, score in self.rivals.items()
            if score >= detail.interval[0]
        )
        return [f"The interval does not lie above {rivals}."] if rivals else []

    def _intervals(self) -> list[tuple[str, str]]:
        """Return what the interval of the best unit is about, and its effect size."""
        detail = self.entries[0].detail
        if detail is None or not detail.blocks[0]:
            return []
        blocks, length = detail.blocks
        drawn = f"{blocks:,} blocks of about {length:,} tokens"
        found = [("interval", f"about this text, from {drawn}")]
        if detail.not_known:
            found = [("interval", _UNKNOWN)]
        else:
            size = strength(self.metric, detail.interval[0])
            found.append(("effect size", f"{size} by its lower end ({bounds(self.metric)})"))
        if detail.interval_over_texts is not None:
            found.append(("interval over traces", interval_in_words(detail.interval_over_texts)))
        if detail.groups:
            each = ", ".join(f"{group.held_out:.3f} at {group.value}" for group in detail.groups)
            found.append((f"by {self.within}", each))
        return found

    def _comparisons(self) -> list[str]:
        chance = "not measured" if self.chance is None else f"{self.chance.level:.3f}"
        return [
            f"chance {chance}",
            *(f"{name} {score:.3f}" for name, score in self.baselines.items()),
            f"{networks(self.control)}' best unit {range_in_words(self.control)}",
        ]

    def _readable(self) -> list[str]:
        if self.probe is None:
            return []
        said = (
            f"Probe {self.probe.held_out:.3f}, controls {self.probe.tokens:.3f} (last {CONTEXT} "
            f"tokens) and {range_in_words(self.probe.control)} ({networks(self.probe.control)})"
        )
        return [f"{said}{self._what_is_readable(self.probe)}"]

    def _what_is_readable(self, probe: Probe) -> str:
        if self.claimed:
            return ": readable, not shown to be used."
        if self.illustration:
            return "."
        if np.isnan(probe.interval[0]):
            return "; its interval is not known."
        chance = 0.0 if self.chance is None else self.chance.level
        if probe.beats(chance):
            return ": spread over units."
        if probe.interval[0] > chance:
            return ": readable, but no better than from the controls."
        return ": not linearly readable."
