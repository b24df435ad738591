"""A table as plain text, as HTML for a notebook, and as a data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnnviz_widget.escaping import for_html, for_terminal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    Rows = Sequence[Sequence[str]]
    Bars = Sequence[tuple[str, tuple[float, float], str]]

_STYLE = "text-align: {}; padding: 0.15em 0.6em; font-variant-numeric: tabular-nums"
# Of what is asked about, and of what it is compared with: seen on white and on black.
_COLOURS = ("#c9504a", "#8c8c8c")


def plain_table(rows: Rows, *, left: Collection[int]) -> list[str]:
    """Return the lines of a table; the columns of names stand left, numbers stand right."""
    rows = [[for_terminal(cell, keep="") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def plain_facts(facts: Rows) -> list[str]:
    """Return the lines of a table of names and values."""
    return plain_table(facts, left=(0, 1))


def html_table(rows: Rows, *, left: Collection[int]) -> str:
    """Return a table of text under its first row; the colours are the notebook's own."""
    head, *body = rows
    header = "".join(_cell("th", text, i in left) for i, text in enumerate(head))
    lines = (
        f"<tr>{''.join(_cell('td', text, i in left) for i, text in enumerate(row))}</tr>"
        for row in body
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def html_facts(facts: Rows) -> str:
    """Return a table of names and values."""
    lines = (
        f"<tr>{_cell('th', name, left=True)}{_cell('td', value, left=True)}</tr>"
        for name, value in facts
    )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def html_bars(bars: Bars) -> str:
    """Return a small bar chart as a table, the first bar in a colour of its own.

    Parameters
    ----------
    bars
        Of each its name, from where to where it reaches on a scale from 0 to 1, and what is
        written behind it.
    """
    lines = (
        f"<tr>{_cell('th', name, left=True)}<td>{_bar(_COLOURS[i > 0], *ends)}</td>"
        f"{_cell('td', text, left=True)}</tr>"
        for i, (name, ends, text) in enumerate(bars)
    )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def html_folded(body: str, summary: str = "all numbers") -> str:
    """Return what is shown when somebody asks for it."""
    return f"<details><summary>{for_html(summary)}</summary>{body}</details>"


def data_frame(records: Iterable[Mapping[str, Any]]) -> Any:  # noqa: ANN401 - an optional package
    """Return records as a ``pandas.DataFrame``.

    Raises
    ------
    ImportError
        If pandas is not installed.

    """
    try:
        import pandas as pd  # noqa: PLC0415 - an optional package
    except ImportError as error:
        msg = "to_pandas() needs pandas, which is not installed: pip install pandas"
        raise ImportError(msg) from error
    return pd.DataFrame(list(records))


def _cell(tag: str, text: str, left: bool) -> str:  # noqa: FBT001 - a property of the column
    return f'<{tag} style="{_STYLE.format("left" if left else "right")}">{for_html(text)}</{tag}>'


def _bar(colour: str, low: float, high: float) -> str:
    low, high = (100 * min(max(end, 0.0), 1.0) for end in (low, high))
    return (
        '<div style="width: 14em"><div style="height: 0.7em; '
        f"margin-left: {low:.1f}%; width: {max(high - low, 0.7):.1f}%; "
        f'background-color: {colour}"></div></div>'
    )
