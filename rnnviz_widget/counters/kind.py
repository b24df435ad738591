"""The answer of `unit_kind`: a name, and how well each rival explanation does."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from rnnviz_widget.tables import data_frame, html_table, plain_table

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["current token", "switch", "bounded counter", "leaky sum", "unclear"]

_MEANINGS: Mapping[Kind, str] = {
    "current token": "it says which token was read last, and remembers nothing before it",
    "switch": "some tokens turn it on, others off, and in between it stays; it does not count",
    "bounded counter": (
        "tokens add to it or take away from it, between bounds or until a reset: bounded counting, "
        "not counting without end"
    ),
    "leaky sum": "tokens add to it, and what they added fades",
    "unclear": "none of the explanations tried here predicts it well enough",
}
_NAMES = (0, 3)


@dataclass(frozen=True, eq=False, repr=False)
class UnitKind:
    """What kind of memory a unit is.

    Attributes
    ----------
    state, unit : str, int
        Which unit.
    kind : str
        ``"current token"``, ``"switch"``, ``"bounded counter"``, ``"leaky sum"`` or ``"unclear"``.
    scores : dict of str to float
        R2 of each rival on the part it was not fitted to: 1 is perfect, 0 no better than the mean,
        negative worse. Beside the four kinds ``"an earlier token"``: an echo, one to three tokens
        late. Rivals that could not be fitted at all are absent.
    fitted : dict of str to float
        R2 on the part it was fitted to.
    descriptions : dict of str to str
        What each rival says the unit does, with its numbers.

    """

    state: str
    unit: int
    kind: Kind
    scores: Mapping[str, float]
    fitted: Mapping[str, float]
    descriptions: Mapping[str, str]

    @property
    def words(self) -> str:
        """The answer in a sentence or two."""
        said = f"{self.state}[{self.unit}] is {_with_article(self.kind)}: {_MEANINGS[self.kind]}."
        if self.kind == "unclear":
            if not self.scores:
                return f"{said} Its value is the same everywhere."
            best = max(self.scores, key=lambda name: self.scores[name])
            return f"{said} Best is {best}, R2 {self.scores[best]:.3f}: {self.descriptions[best]}."
        here = f"R2 {self.scores[self.kind]:.3f} on text it was not fitted to"
        return f"{said} Here, {self.descriptions[self.kind]} ({here})."

    def rows(self) -> list[list[str]]:
        """Return the table of rivals, best first, as text."""
        names = sorted(self.scores, key=lambda name: -self.scores[name])
        head = ["explanation", "R2 held out", "R2 fitted", "what it says"]
        return [
            head,
            *(
                [
                    name,
                    f"{self.scores[name]:.3f}",
                    f"{self.fitted[name]:.3f}",
                    self.descriptions[name],
                ]
                for name in names
            ),
        ]

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return a ``pandas.DataFrame``, a row for each rival.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(
            {
                "explanation": name,
                "held_out": self.scores[name],
                "fitted": self.fitted[name],
                "description": self.descriptions[name],
            }
            for name in self.scores
        )

    def __str__(self) -> str:
        """Return the words and the table as plain text."""
        return "\n".join([self.words, "", *plain_table(self.rows(), left=_NAMES)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.words)}</p>{html_table(self.rows(), left=_NAMES)}"


def _with_article(kind: Kind) -> str:
    if kind == "unclear":
        return kind
    return f"an echo of the {kind}" if kind == "current token" else f"a {kind}"
