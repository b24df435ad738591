"""The stretches of text of a unit: as text, as a table for a notebook, as a data frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnviz_widget.coloured import coloured_text, escape, in_one_line
from rnnviz_widget.escaping import for_terminal
from rnnviz_widget.tables import data_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_CELL = "text-align: {}; padding: 0.15em 0.6em; font-variant-numeric: tabular-nums"
_LINE = "white-space: pre; font-family: monospace; unicode-bidi: plaintext"
_PLACE = "outline: 2px solid; outline-offset: -1px"


@dataclass(frozen=True, eq=False)
class Context:
    """A stretch of text around one token.

    Attributes
    ----------
    trace : int
        Which of the traces, counted from 0.
    token : int
        The place: a token of that trace, counted from 0.
    line, column : int
        Of the place in the text of its trace, counted from 1; columns in characters.
    value : float
        The unit's value there.
    change : float
        That value less the one before; NaN at the first token of a trace.
    tokens : tuple of str
        The N tokens of the stretch.
    values : ndarray of float32, shape (N,)
        The unit's values at them.
    before : int
        How many of them stand before the place.
    times : int
        How often the text up to the place, the place included, stands in the traces.

    """

    trace: int
    token: int
    line: int
    column: int
    value: float
    change: float
    tokens: tuple[str, ...]
    values: NDArray[np.float32]
    before: int
    times: int

    @property
    def text(self) -> str:
        """The stretch."""
        return "".join(self.tokens)

    def parts(self) -> tuple[str, str, str]:
        """Return the text before the place, at it and after it, in one line."""
        cuts = (slice(0, self.before), slice(self.before, self.before + 1))
        pieces = (*cuts, slice(self.before + 1, None))
        before, place, after = (in_one_line("".join(self.tokens[cut])) for cut in pieces)
        return before, place, after

    def html(self, limit: float, palette: str) -> str:
        """Return the stretch in colours, ``limit`` the end of their scale, the place framed."""
        tokens = [in_one_line(token) for token in self.tokens]
        at, here = self.values / limit, self.before
        place = coloured_text([tokens[here]], at[here : here + 1], palette)
        before = coloured_text(tokens[:here], at[:here], palette)
        after = coloured_text(tokens[here + 1 :], at[here + 1 :], palette)
        return f'{before}<span style="{_PLACE}">{place}</span>{after}'


@dataclass(frozen=True, eq=False, repr=False)
class Contexts:
    """Where a unit is highest, where lowest, and where it changes most; see `contexts`.

    Attributes
    ----------
    state, unit : str, int
        Which unit.
    highest, lowest, changes : tuple of Context
        The most extreme first.
    limit : float
        The end of the colour scale.
    length : int
        How many tokens were looked at.
    traces : int
        Of how many traces.
    palette : str
        Of the colours.

    """

    state: str
    unit: int
    highest: tuple[Context, ...]
    lowest: tuple[Context, ...]
    changes: tuple[Context, ...]
    limit: float
    length: int
    traces: int
    palette: str = "red-blue"

    @property
    def sorts(self) -> dict[str, tuple[Context, ...]]:
        """The stretches by what they are extreme in."""
        return {"highest": self.highest, "lowest": self.lowest, "changes most": self.changes}

    @property
    def title(self) -> str:
        """What was looked for, in a line."""
        of = f" of {self.traces} traces" if self.traces > 1 else ""
        return f"Contexts of {self.state}[{self.unit}] in {self.length:,} tokens{of}"

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return a ``pandas.DataFrame`` with a row for each stretch.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        names = ("trace", "token", "line", "column", "value", "change", "times", "text")
        return data_frame(
            {"sort": sort, **{name: getattr(context, name) for name in names}}
            for sort, found in self.sorts.items()
            for context in found
        )

    def __str__(self) -> str:
        """Return the stretches as plain text, the place in ⟦ ⟧."""
        lines = [self.title]
        for sort, found in self.sorts.items():
            lines += ["", sort]
            for context, (place, number) in zip(found, self._facts(sort), strict=True):
                before, here, after = context.parts()
                width = max(each.before for each in found)
                lines.append(f"{place:>16}  {number:>9}  {before:>{width}}⟦{here}⟧{after}")
        return for_terminal("\n".join(lines))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = []
        for sort, found in self.sorts.items():
            rows.append(f'<tr><th colspan="3" style="{_CELL.format("left")}">{sort}</th></tr>')
            for context, facts in zip(found, self._facts(sort), strict=True):
                cells = "".join(
                    f'<td style="{_CELL.format("right")}">{escape(fact)}</td>' for fact in facts
                )
                line = context.html(self.limit, self.palette)
                cells += f'<td style="{_CELL.format("left")}; {_LINE}">{line}</td>'
                rows.append(f"<tr>{cells}</tr>")
        return (
            f'<div class="rnnviz-contexts" style="overflow-x: auto"><p><strong>'
            f"{escape(self.title)}</strong></p><table><tbody>{''.join(rows)}</tbody></table></div>"
        )

    def _facts(self, sort: str) -> Iterator[tuple[str, str]]:
        """Yield where each stretch of a sort is, and the number it was chosen for, in words."""
        for each in self.sorts[sort]:
            place = f"{each.line:,}:{each.column:,}"
            if self.traces > 1:
                place = f"trace {each.trace + 1}, {place}"
            if each.times > 1:
                place += f" (x{each.times:,})"
            number = f"{each.change:+.3f}" if sort == "changes most" else f"{each.value:.3f}"
            yield place, number
