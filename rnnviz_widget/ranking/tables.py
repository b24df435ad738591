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


def html_table(title: str, note: str, rows: Rows, controls: Rows, more: str, verdict: str) -> str:
    """Return a table, its controls and what may be said; every text is escaped.

    The colours are the notebook's own, so it reads in the dark too.
    """
    head, *body = rows
    header = "".join(_cell("th", i, cell) for i, cell in enumerate(head))
    lines = "".join(
        f"<tr>{''.join(_cell('td', i, cell) for i, cell in enumerate(row))}</tr>" for row in body
    )
    facts = "".join(f"<tr>{_left('th', name)}{_left('td', value)}</tr>" for name, value in controls)
    return (
        f'<div class="rnnviz-ranking"><p><strong>{escape(title)}</strong><br>{escape(note)}</p>'
        f"<table><thead><tr>{header}</tr></thead><tbody>{lines}</tbody></table>"
        f"{f'<p>{escape(more)}</p>' if more else ''}"
        f"<table><tbody>{facts}</tbody></table><p>{escape(verdict)}</p></div>"
    )


def _is_name(column: int) -> bool:
    return column == 1


def _cell(tag: str, column: int, text: str) -> str:
    if _is_name(column):
        return _left(tag, text)
    return f'<{tag} style="{_STYLE.format("right")}">{escape(text)}</{tag}>'


def _left(tag: str, text: str) -> str:
    return f'<{tag} style="{_STYLE.format("left")}">{escape(text)}</{tag}>'
