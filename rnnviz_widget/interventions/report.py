"""What holding units does to a model's loss: the table, and what may be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.former import former
from rnnviz_widget.ranking.splits import ENOUGH_SPANS
from rnnviz_widget.tables import (
    data_frame,
    html_bars,
    html_facts,
    html_folded,
    html_table,
    plain_table,
)

if TYPE_CHECKING:
    from rnnviz_widget.recurrent.stepwise import Where

LEVEL = 0.05
"""The share of random units that stand out."""

_NAMES = (0,)
_FEW = 3  # rows that are seen at once
_SEEN = (0, 1, 2, 3, 4)  # columns of them: what is held against random units stands below as bars
_WORDS = (
    ("loss", "minus the logarithm of the probability that the right character had, in nats"),
    ("change", "how much the loss grows; +0.69 means half the probability it had"),
    ("p", "how many of the random draws change as much, the units among them"),
    ("family p", "the same for the largest change of all rows, since we looked at all of them"),
)


@dataclass(frozen=True)
class Change:
    """How the loss of some predictions changes, in nats per character.

    Attributes
    ----------
    name : str
        ``"all"``, a class of next characters such as ``"newline"``, or a label.
    words : str
        The same, as the table has it.
    count : int
        How many predictions.
    before : float
        Mean loss of the model as it is.
    change : float
        By how much it grows where the units are held.
    interval : (float, float)
        95 % interval of that on this text, over resampled blocks of lines; NaN without resamples
        and where the text has no room for five blocks.
    random_changes : tuple of float
        By how much it grows where random units are held in their place.
    family_p : float
        p of this change in the family of all that are looked at: the share of draws whose *largest*
        change, over all classes and labels, is as large as this one, see
        `rnnviz_widget.stats.maxima.family_p_values`; 1 without draws.

    """

    name: str
    words: str
    count: int
    before: float
    change: float
    interval: tuple[float, float]
    random_changes: tuple[float, ...]
    family_p: float = 1.0

    random = former("Change", "random", "random_changes")

    @property
    def p_value(self) -> float:
        """The share of draws that change as much here as the units, these among them; two-sided.

        Of this class or label alone, as if no other had been looked at.
        """
        as_much = sum(abs(other) >= abs(self.change) for other in self.random_changes)
        return (1 + as_much) / (1 + len(self.random_changes))

    @property
    def stands_out(self) -> bool:
        """Whether the interval excludes 0 and p in the family is at most 0.05.

        False where there was nothing to compare with, or fewer than 19 draws.
        """
        low, high = self.interval
        return (low > 0 or high < 0) and self.family_p <= LEVEL


@dataclass(frozen=True, repr=False)
class Effect(Mapping[str, Change]):
    """What holding units costs a model; ``effect["newline"].change`` is one number of it.

    A mapping from the names of classes and labels to `Change`. Printed, and in a notebook, it is a
    table with a verdict.

    Attributes
    ----------
    changes : tuple of Change
        All characters together first.
    state, units : str, tuple of int
        Which units; none for a direction.
    levels : tuple of float
        What each was held at; none where they were resampled.
    to : str
        ``"mean"``, ``"zero"``, ``"resample"`` or ``"value"``.
    where : str
        ``"recurrence"`` or ``"readout"``.
    characters, lines : int
        How much was predicted.
    random : int
        How many draws of random units stand beside it.

    """

    changes: tuple[Change, ...]
    state: str
    units: tuple[int, ...]
    levels: tuple[float, ...]
    to: str
    where: Where
    characters: int
    lines: int
    random: int

    def __getitem__(self, name: str) -> Change:
        """Return what happens to the predictions of one class or label.

        Raises
        ------
        KeyError
            If there is none of this name.

        """
        for change in self.changes:
            if change.name == name:
                return change
        msg = f"no prediction is of {name!r}; there are {', '.join(map(repr, self))}"
        raise KeyError(msg)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return (change.name for change in self.changes)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.changes)

    @property
    def _others(self) -> str:
        return "units" if self.units else "directions"

    @property
    def p_value(self) -> float:
        """How often random units have a largest change as large as that of the units."""
        return min(change.family_p for change in self.changes)

    @property
    def illustration(self) -> bool:
        """Whether the text has so few lines that nothing is measured, only illustrated."""
        return self.lines < ENOUGH_SPANS

    @property
    def title(self) -> str:
        """What was done."""
        place = "in the recurrence" if self.where == "recurrence" else "in the readout only"
        if not self.units:
            held = "resampled" if self.to == "resample" else f"held at {self.levels[0]:.3f}"
            return f"{self.state} along a direction {held}, {place}"
        shown = ", ".join(map(str, self.units[:8])) + (", ..." if len(self.units) > 8 else "")  # noqa: PLR2004
        at = {"mean": "its mean, " if len(self.units) == 1 else "their means", "zero": "zero"}
        held = at.get(self.to, "")
        if len(self.units) == 1 and self.to != "zero":
            held += f"{self.levels[0]:.3f}"
        elif self.to == "value":
            held = f"{self.levels[0]:.3f}"
        if self.to == "resample":
            return f"{self.state}[{shown}] resampled, {place}"
        return f"{self.state}[{shown}] held at {held}, {place}"

    @property
    def note(self) -> str:
        """How to read the table, in a line."""
        beside = f"; beside it {self.random} draws of random {self._others}" if self.random else ""
        few = ": an illustration, not a measurement" if self.illustration else ""
        return (
            f"Change of loss in nats per character, over {self.characters:,} characters in "
            f"{self.lines:,} lines{beside}{few}."
        )

    @property
    def verdict(self) -> str:
        """What may be said, in a few sentences."""
        found, others = [change for change in self.changes if change.stands_out], self._others
        if not self.random:
            return f"Without random {others} beside it, nobody can tell whether this is special."
        compared = f"p = {self.p_value:.3f}, the largest change in any row against theirs"
        if not found and 1 / (1 + self.random) > LEVEL:
            return (
                f"With {self.random} random {others} beside it nothing can be told ({compared}): "
                "at least 19 are needed."
            )
        if not found:
            return (
                "Nowhere does holding this change the loss clearly and more than holding random "
                f"{others} ({compared}). This is not proof that it is not used: others may tell "
                "the same."
            )
        said = "; ".join(
            f"{change.words} {change.change:+.2f} nats ({change.interval[0]:+.2f} to "
            f"{change.interval[1]:+.2f}; random {self._others} "
            f"{min(change.random_changes):+.2f} to {max(change.random_changes):+.2f})"
            for change in sorted(found, key=lambda change: -abs(change.change))
        )
        return f"Stands out from random {self._others} ({compared}) where: {said}."

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return a row per class and label as a ``pandas.DataFrame``.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(
            {
                "name": change.name,
                "count": change.count,
                "before": change.before,
                "change": change.change,
                "interval_low": change.interval[0],
                "interval_high": change.interval[1],
                "random_low": min(change.random_changes, default=None),
                "random_high": max(change.random_changes, default=None),
                "p_value": change.p_value if change.random_changes else None,
                "family_p": change.family_p if change.random_changes else None,
                "stands_out": change.stands_out,
            }
            for change in self.changes
        )

    def rows(self) -> list[list[str]]:
        """Return the table, as text, under its head."""
        head = [
            "",
            "characters",
            "loss",
            "change",
            "95 % interval",
            f"random {self._others}",
            "p",
            "family p",
        ]
        return [head, *map(_row, self.changes)]

    def __str__(self) -> str:
        """Return the table and the verdict as plain text."""
        table = plain_table(self.rows(), left=_NAMES)
        return for_terminal("\n".join([self.title, self.note, "", *table, "", self.verdict]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        few = [[row[i] for i in _SEEN] for row in self._few_rows()]
        return (
            f'<div class="rnnviz-effect"><p><strong>{for_html(self.title)}</strong><br>'
            f"{for_html(self.note)}</p>{html_table(few, left=_NAMES)}{html_bars(self._bars())}"
            f"<p>{for_html(self.verdict)}</p>"
            + html_folded(html_table(self.rows(), left=_NAMES) + html_facts(_WORDS))
            + "</div>"
        )

    @property
    def _largest(self) -> Change:
        """Where the loss changes most, all characters together aside if there is anything else."""
        return max(self.changes[1:] or self.changes, key=lambda change: abs(change.change))

    def _few_rows(self) -> list[list[str]]:
        """Return the head, all characters together, and the two rows that change most."""
        most = sorted(self.changes[1:], key=lambda change: -abs(change.change))[: _FEW - 1]
        chosen = {change.name for change in (self.changes[0], *most)}
        head, *rows = self.rows()
        pairs = zip(self.changes, rows, strict=True)
        return [head, *(row for change, row in pairs if change.name in chosen)]

    def _bars(self) -> list[tuple[str, tuple[float, float], str]]:
        """Return the largest change beside those of the random units there."""
        most = self._largest
        ends = [0.0, most.change, *most.random_changes]
        low, width = min(ends), max(max(ends) - min(ends), 1e-9)
        unit = (0.0, most.change)
        rows = [(f"{most.words}: held", unit, f"{most.change:+.2f}")]
        if most.random_changes:
            least, largest = min(most.random_changes), max(most.random_changes)
            said = f"{least:+.2f} to {largest:+.2f}"
            rows.append((f"random {self._others}", (least, largest), said))
        return [
            (name, ((min(pair) - low) / width, (max(pair) - low) / width), text)
            for name, pair, text in rows
        ]


def _row(change: Change) -> list[str]:
    low, high = change.interval
    row = [change.words, f"{change.count:,}", f"{change.before:.3f}", f"{change.change:+.3f}"]
    row.append("" if low != low else f"{low:+.3f} to {high:+.3f}")  # noqa: PLR0124  (NaN)
    if not change.random_changes:
        return [*row, "", "", ""]
    return [
        *row,
        f"{min(change.random_changes):+.3f} to {max(change.random_changes):+.3f}",
        f"{change.p_value:.3f}",
        f"{change.family_p:.3f}",
    ]
