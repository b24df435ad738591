"""Where inside a comment or a string begins and ends, given the stretches a lexer found.

A lexer says which characters belong to a comment or a string, delimiters included, sometimes in
one piece and sometimes in many, and puts two that touch next to each other. The clock of a label
needs the character at which each delimiter is complete.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Span = tuple[int, int]


class Syntax(NamedTuple):
    """How one kind of literal is delimited.

    ``opening`` matches an opening delimiter. ``closing`` maps its group ``delimiter`` to a pattern
    that, matched from there on, ends with the closing one; ``otherwise`` serves for delimiters not
    in the map, with ``DELIMITER`` for themselves. ``last`` are characters that end a literal whose
    opening is not recognised.
    """

    opening: re.Pattern[str]
    closing: dict[str, str]
    otherwise: str
    last: str


COMMENTS = Syntax(
    opening=re.compile(r"(?P<delimiter>//|/\*|<!--|\(\*|\{-|#\||--\[\[|--|#|;|%)"),
    closing={
        "/*": r".*?\*/",
        "<!--": r".*?-->",
        "(*": r".*?\*\)",
        "{-": r".*?-\}",
        "#|": r".*?\|#",
        "--[[": r".*?\]\]",
    },
    otherwise=r".*?(?<!\\)\n",
    last="",
)
STRINGS = Syntax(
    opening=re.compile(
        r"""[A-Za-z0-9]{0,2}R"(?P<raw>[^()\s\\]{0,16})\(|"""  # C++: R"x(...)x"
        r"""b?r(?P<hashes>\#+)"|"""  # Rust: r#"..."#
        r"""[A-Za-z0-9]{0,3}(?P<delimiter>\"{3}|'{3}|["'`])"""
    ),
    closing={},
    otherwise=r"(?:\\.|[^\\])*?DELIMITER",
    last="\"'`",
)
_PREPROCESSOR_LITERAL = re.compile(r""""(?:\\.|[^"\\\n])*"|'(?:\\[^'\n]+|[^'\\\n])'""")


def add_span(spans: list[Span], start: int, stop: int) -> None:
    """Append a stretch, as one with the stretch before where they touch."""
    if spans and spans[-1][1] == start:
        start = spans.pop()[0]
    spans.append((start, stop))


def mark_inside(inside: NDArray[np.bool_], text: str, spans: list[Span], syntax: Syntax) -> None:
    """Set ``inside``, shape (characters,), for the literals in stretches that a lexer found.

    A stretch may hold several literals in a row, or a part of one: a string that is broken by the
    code it interpolates goes on after it, on the same line or where its quote spans lines.
    """
    awaited: re.Pattern[str] | None = None
    end_of_last = 0
    for start, stop in spans:
        if awaited is not None and "\n" in text[end_of_last:start]:
            awaited = awaited if _spans_lines(awaited) else None
        position = search_from = start
        while position < stop:
            if awaited is None:
                opening = syntax.opening.match(text, position, stop)
                if opening is None:
                    inside[position : stop - (text[stop - 1] in syntax.last)] = True
                    break
                awaited = _closing(syntax, opening)
                search_from = opening.end()
                position = search_from - 1
            closing = awaited.match(text, search_from, stop)
            if closing is None:
                inside[position:stop] = True
                break
            inside[position : closing.end() - 1] = True
            position = search_from = closing.end()
            awaited = None
        end_of_last = stop


def preprocessor_literals(text: str, spans: list[Span]) -> list[Span]:
    """Return the literals in preprocessor lines, which lexers read as one undivided piece."""
    return [
        match.span()
        for start, stop in spans
        for match in _PREPROCESSOR_LITERAL.finditer(text, start, stop)
    ]


def _closing(syntax: Syntax, opening: re.Match[str]) -> re.Pattern[str]:
    found = opening.groupdict()
    if found.get("raw") is not None:
        return _compiled(r".*?\)" + re.escape(found["raw"]) + '"')
    if found.get("hashes") is not None:
        return _compiled('.*?"' + re.escape(found["hashes"]))
    delimiter = found["delimiter"]
    template = syntax.closing.get(delimiter, syntax.otherwise)
    return _compiled(template.replace("DELIMITER", re.escape(delimiter)))


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


def _spans_lines(closing: re.Pattern[str]) -> bool:
    return closing.pattern.endswith(('"""', "'''", "`"))
