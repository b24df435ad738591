"""Where inside a comment or a string begins and ends, given the stretches a lexer found.

A lexer says which characters belong to a comment or a string, delimiters included, sometimes in
one piece and sometimes in many, and puts two that touch next to each other. The clock of a label
needs the character at which each delimiter is complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Span = tuple[int, int]


@dataclass(frozen=True)
class Literals:
    """The stretches of one kind that a lexer found, and the pieces it found them in.

    Attributes
    ----------
    spans : list of (start, stop)
        Stretches, as one where they touch; what leads into code or out of it stands alone.
    ends : dict of int to int
        Where the piece that starts at a character ends.
    turns : dict of int to str
        The pieces that lead into or out of code inside a string, such as ``${`` and ``}``, by
        where they start.

    """

    spans: list[Span] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    turns: dict[int, str] = field(default_factory=dict)

    def add(self, start: int, piece: str, *, interpolates: bool = False) -> None:
        """Append a piece."""
        stop = start + len(piece)
        self.ends[start] = stop
        if interpolates and (_leads_in(piece) or _leads_out(piece)):
            self.turns[start] = piece
        elif self.spans and self.spans[-1][1] == start and self.spans[-1][0] not in self.turns:
            start = self.spans.pop()[0]
        self.spans.append((start, stop))


def _leads_in(piece: str) -> bool:
    return piece.rstrip("#").endswith(("{", "(", "`"))


def _leads_out(piece: str) -> bool:
    r"""Whether a piece ends code: ``}``, ``)``, in Python also ``!r}`` and ``:``."""
    return piece.startswith(("}", ")", "`", "!", ":", "="))


class Syntax(NamedTuple):
    """How one kind of literal is delimited.

    ``opening`` matches an opening delimiter. ``closing`` maps its group ``delimiter`` to a pattern
    that, matched from there on, ends with the closing one; ``otherwise`` serves for delimiters not
    in the map, with ``DELIMITER`` for themselves. ``nesting`` has the pairs that some languages
    nest. ``last`` are characters that end a literal whose opening is not recognised.
    """

    opening: re.Pattern[str]
    closing: dict[str, str]
    otherwise: str
    nesting: dict[str, str]
    last: str


COMMENTS = Syntax(
    opening=re.compile(r"(?P<delimiter>//|/\*|<!--|\(\*|\{-|#\||--\[\[|--|#|;|%|!)"),
    closing={
        "/*": r".*?\*/",
        "<!--": r".*?-->",
        "(*": r".*?\*\)",
        "{-": r".*?-\}",
        "#|": r".*?\|#",
        "--[[": r".*?\]\]",
    },
    otherwise=r".*?(?<!\\)\n",
    nesting={"/*": "*/", "(*": "*)", "{-": "-}", "#|": "|#"},
    last="",
)
STRINGS = Syntax(
    opening=re.compile(
        r"""[A-Za-z0-9]{0,2}R"(?P<raw>[^()\s\\]{0,16})\(|"""  # C++: R"x(...)x"
        r"""b?r(?P<hashes>\#+)"|"""  # Rust: r#"..."#
        r"""[A-Za-z0-9$]{0,3}(?P<delimiter>\"{3}|'{3}|["'`])"""
    ),
    closing={},
    otherwise=r"(?:\\.|[^\\])*?DELIMITER",
    nesting={},
    last="\"'`",
)


def mark_inside(
    inside: NDArray[np.bool_],
    literal: NDArray[np.bool_],
    text: str,
    literals: Literals,
    syntax: Syntax,
) -> None:
    """Set ``inside`` and ``literal``, shape (characters,), for the stretches that a lexer found.

    A stretch may hold several literals in a row, or a part of one: a string that is broken by the
    code it interpolates goes on after it, on the same line or where its quote spans lines. Code
    in a string may hold strings with code of their own. ``literal`` is set for delimiters too.
    What interpolates where no string is open (a shell's ``${x}``) is code.
    """
    awaited: _OpenLiteral | None = None
    around: list[tuple[_OpenLiteral | None, str]] = []  # what is open around the code read now
    end_of_last = 0
    for start, stop in literals.spans:
        if awaited is not None and "\n" in text[end_of_last:start]:
            awaited = awaited if awaited.spans_lines else None
        turn = literals.turns.get(start)
        if turn is None:
            awaited = _mark_stretch(
                inside, text, (start, stop), awaited, literals=literals, syntax=syntax
            )
            literal[start:stop] = True
        else:
            in_string = awaited is not None
            if in_string and _leads_in(turn):
                around.append((awaited, turn))
                awaited = None
            elif (
                not in_string
                and _leads_out(turn)
                and around
                and (turn != "`" or around[-1][1] == "`")
            ):
                awaited, _ = around.pop()
                in_string = awaited is not None
            elif not in_string and _leads_in(turn):
                around.append((None, turn))
            inside[start:stop] |= in_string
            literal[start:stop] |= in_string
        end_of_last = stop


def _mark_stretch(
    inside: NDArray[np.bool_],
    text: str,
    span: Span,
    awaited: _OpenLiteral | None,
    *,
    literals: Literals,
    syntax: Syntax,
) -> _OpenLiteral | None:
    """Mark one stretch, given what is open where it begins; return what is where it ends."""
    position, stop = span
    search_from = position
    while position < stop:
        if awaited is None:
            opening = _opening(syntax, text, position, stop, literals)
            if opening is None:
                inside[position : stop - (text[stop - 1] in syntax.last)] = True
                return None
            awaited = _closing(syntax, opening)
            search_from = opening.end()
            whole = literals.ends.get(position, 0)
            position = search_from - 1
            if awaited.is_all_of(text, search_from, min(whole, stop)):
                inside[position : whole - 1] = True
                position, awaited = whole, None
                continue
        closed = awaited.end(text, search_from, stop)
        if closed is None:
            inside[position:stop] = True
            return awaited
        inside[position : closed - 1] = True
        position = search_from = closed
        awaited = None
    return awaited


class _OpenLiteral(NamedTuple):
    """What an open literal waits for.

    ``closing`` is matched from the end of the opening delimiter on. ``quote`` is the delimiter of
    a string at both its ends; ``opening`` that of a comment that may nest, and ``either`` finds it
    and the closing one.
    """

    closing: re.Pattern[str]
    quote: str = ""
    opening: str = ""
    either: re.Pattern[str] | None = None

    @property
    def spans_lines(self) -> bool:
        return self.quote in ('"""', "'''", "`")

    def is_all_of(self, text: str, start: int, stop: int) -> bool:
        """Whether a piece that ends at ``stop`` is a whole string: its lexer knows the escapes."""
        return bool(self.quote) and text.endswith(self.quote, start, stop)

    def end(self, text: str, start: int, stop: int) -> int | None:
        """Return where the closing delimiter ends, the outermost one where all of them pair up.

        In a language that does not nest them, an opening one within is one too many: they do not.
        """
        closing = self.closing.match(text, start, stop)
        if closing is None:
            return None
        if self.either is not None:
            depth = 1
            for match in self.either.finditer(text, start, stop):
                depth += 1 if match.group() == self.opening else -1
                if depth == 0:
                    return match.end()
        return closing.end()


def _opening(
    syntax: Syntax, text: str, position: int, stop: int, literals: Literals
) -> re.Match[str] | None:
    """Match an opening delimiter; three quotes are one only if the lexer did not part them."""
    opening = syntax.opening.match(text, position, stop)
    if opening is not None and len(opening["delimiter"] or "") == len('"""'):
        end = opening.end()
        if end - 1 in literals.ends or end - 2 in literals.ends:
            return syntax.opening.match(text, position, end - 2)
    return opening


def _closing(syntax: Syntax, opening: re.Match[str]) -> _OpenLiteral:
    found = opening.groupdict()
    if found.get("raw") is not None:
        return _OpenLiteral(_compiled(r".*?\)" + re.escape(found["raw"]) + '"'))
    if found.get("hashes") is not None:
        return _OpenLiteral(_compiled('.*?"' + re.escape(found["hashes"])))
    delimiter = found["delimiter"]
    template = syntax.closing.get(delimiter, syntax.otherwise)
    closing = _compiled(template.replace("DELIMITER", re.escape(delimiter)))
    if pair := syntax.nesting.get(delimiter):
        either = _compiled(f"{re.escape(delimiter)}|{re.escape(pair)}")
        return _OpenLiteral(closing, opening=delimiter, either=either)
    return _OpenLiteral(closing, quote=delimiter if delimiter[-1] in syntax.last else "")


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
