"""A table as plain text, and as HTML for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rows = Sequence[Sequence[str]]

_STYLE = "text-align: {}; padding: 0.15em 0.6em; font-variant-numeric: tabular-nums"


def plain_table(rows: Rows) -> list[str]:
    """Return the lines of a table; the unit's name stands left, numbers stand right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if _is_name(i) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def html_table(rows: Rows) -> str:
    """Return a table of text under its first row; the colours are the notebook's own."""
    head, *body = rows
    header = "".join(_cell("th", i, text) for i, text in enumerate(head))
    lines = (
        f"<tr>{''.join(_cell('td', i, text) for i, text in enumerate(row))}</tr>" for row in body
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def html_facts(facts: Rows) -> str:
    """Return a table of names and values."""
    lines = (f"<tr>{_left('th', name)}{_left('td', value)}</tr>" for name, value in facts)
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def _is_name(column: int) -> bool:
    return column == 1


def _cell(tag: str, column: int, text: str) -> str:
    if _is_name(column):
        return _left(tag, text)
    return f'<{tag} style="{_STYLE.format("right")}">{escape(text)}</{tag}>'


def _left(tag: str, text: str) -> str:
    return f'<{tag} style="{_STYLE.format("left")}">{escape(text)}</{tag}>'
