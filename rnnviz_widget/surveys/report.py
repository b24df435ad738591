"""What a survey found: a table of all units, and what is said of each label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.tables import data_frame, html_facts, html_table, plain_facts, plain_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rnnviz_widget.extremes import Context
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.surveys.rows import UnitRow
    from rnnviz_widget.surveys.snippets import Snippets

_SHOWN = 20
_LEFT = (1, 2, 6)
_HEAD = ["", "unit", "finding", "mean", "spread", "saturated", "kind"]


@dataclass(frozen=True)
class LabelReport:
    """What a survey says of a label, in words.

    Attributes
    ----------
    name : str
        Of the label.
    metric : str
        ``"AUC"`` or ``"Spearman"``; empty where the label does not vary.
    claimed : bool
        Whether its best unit may be said to follow it.
    note, verdict : str
        Where the scores come from, and what may be said.
    facts : tuple of (str, str)
        What the best unit was measured against.

    """

    name: str
    metric: str
    claimed: bool
    note: str
    verdict: str
    facts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, name: str, ranking: Ranking) -> LabelReport:
        """Return what a ranking says."""
        facts = tuple((str(fact), str(value)) for fact, value in ranking.controls())
        return cls(name, ranking.metric, ranking.claimed, ranking.note, ranking.verdict, facts)

    @classmethod
    def none(cls, name: str, why: str) -> LabelReport:
        """Return what is said of a label that nothing can be measured of."""
        return cls(name, "", claimed=False, note="", verdict=why, facts=())


@dataclass(frozen=True, eq=False, repr=False)
class Findings:
    """Every unit of a network over a corpus.

    Attributes
    ----------
    units : tuple of UnitRow
        One for each unit of each layer: first those that may be said to follow a label, then by
        effect size on part A.
    labels : tuple of LabelReport
        What is said of each label.
    tokens : int
        How many characters were counted.
    blocks : int
        In how many blocks.
    measured : int
        How many of the characters the exact rankings saw: all, or those of a sample.
    exact : bool
        Whether that was the whole corpus.
    texts : tuple of str
        What each text is called.
    unread : tuple of (str, str)
        The texts that could not be read, and why.
    columns : tuple of (str, int)
        The columns of ``counts`` and ``snippets``.
    edges, counts : ndarray, shape (C, BINS - 1), (C, BINS)
        The histogram of each column: what cuts it into bins, and how many tokens each has.
    snippets : Snippets
        Where each column is highest, lowest, and changes most.
    limits : ndarray of float, shape (C,)
        The end of each column's colour scale.
    sample : str
        Some text of the corpus, and
    strips : ndarray of float16, shape (C, n)
        the values at its n characters.
    title : str
        What was surveyed.
    rankings : dict of str to Ranking
        The exact rankings, while the survey is in memory; empty for one that was loaded.

    """

    units: tuple[UnitRow, ...]
    labels: tuple[LabelReport, ...]
    tokens: int
    blocks: int
    measured: int
    exact: bool
    texts: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, int], ...]
    edges: NDArray[np.float32]
    counts: NDArray[np.int64]
    snippets: Snippets
    limits: NDArray[np.float32]
    sample: str
    strips: NDArray[np.float16]
    title: str = ""
    rankings: Mapping[str, Ranking] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.units)

    def contexts(self, state: str, unit: int, sort: str = "highest") -> tuple[Context, ...]:
        """Return the stretches where a unit is ``"highest"``, ``"lowest"``, or ``"changes"`` most.

        `Context.trace` is the number of the text in ``texts``; its ``times`` is not counted.

        Parameters
        ----------
        state : str
            One of the states.
        unit : int
            A column of it.
        sort : str
            Which of the three.

        Raises
        ------
        ValueError
            If there is no such unit or sort.

        """
        if (state, unit) not in self.columns:
            msg = f"state and unit must be those of a column, got {state!r}, {unit}"
            raise ValueError(msg)
        return self.snippets.contexts(sort, self.columns.index((state, unit)))

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return a ``pandas.DataFrame`` with a row for each unit.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(row.record() for row in self.units)

    @property
    def note(self) -> str:
        """What was surveyed, in a line."""
        texts = _counted(len(self.texts), "text")
        said = f"{self.tokens:,} characters of {texts} in {_counted(self.blocks, 'block')}"
        if self.exact:
            return f"{said}; scores are exact"
        return (
            f"{said}; scores are of all of them, to the error stated, and claims are measured "
            f"exactly on {self.measured:,} spread evenly over them"
        )

    def rows(self, count: int) -> list[list[str]]:
        """Return the head of the table and its first rows, as text.

        Parameters
        ----------
        count : int
            Of rows, at most.

        """
        return [_HEAD, *(_cells(i, row) for i, row in enumerate(self.units[:count], 1))]

    def facts(self) -> list[tuple[str, str]]:
        """Return what is said of each label, and which texts could not be read."""
        said = [(report.name, report.verdict) for report in self.labels]
        return said + [(f"not read: {name}", why) for name, why in self.unread]

    def __str__(self) -> str:
        """Return the table as plain text."""
        head = [self.title or "Survey", self.note, ""]
        table = plain_table(self.rows(_SHOWN), left=_LEFT)
        lines = [*head, *table, *self._more(), "", *plain_facts(self.facts())]
        return for_terminal("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        more = "".join(f"<p>{each}</p>" for each in self._more())
        return (
            f'<div class="rnnviz-survey"><p><strong>{for_html(self.title or "Survey")}</strong>'
            f"<br>{for_html(self.note)}</p>{html_table(self.rows(_SHOWN), left=_LEFT)}{more}"
            f"{html_facts(self.facts())}</div>"
        )

    def _more(self) -> Sequence[str]:
        rest = len(self.units) - _SHOWN
        return [f"... and {rest:,} more units"] if rest > 0 else []


def _cells(number: int, row: UnitRow) -> list[str]:
    saturated = f"{100 * (row.low + row.high):.0f} %"
    return [
        str(number),
        row.name,
        row.finding,
        f"{row.mean:.3f}",
        f"{row.spread:.3f}",
        saturated,
        row.kind,
    ]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count != 1 else "")
