"""Pygments' lexers, mended where a label needs more than colours do.

A lexer made for colours may take a comment for a string or lose count of braces, and nobody
minds. Each subclass here states what its language says and the lexer of that language does not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from pygments.lexer import Lexer, RegexLexer, bygroups, include, inherit, this, using
from pygments.lexers import get_lexer_by_name
from pygments.lexers.c_cpp import CFamilyLexer
from pygments.lexers.fortran import FortranLexer
from pygments.lexers.haskell import HaskellLexer
from pygments.lexers.javascript import JavascriptLexer
from pygments.lexers.markup import MarkdownLexer, TexLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.shell import BashLexer
from pygments.token import Comment, Literal, Operator, Punctuation, String, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from pygments.token import _TokenType

VERBATIM = Literal.Verbatim
"""Text in which nothing is a comment, a string or a bracket, and that is itself no string."""

_C_STRING = r'"(?:\\(?:.|\n)|[^"\\\n])*"'
_C_CHARACTER = r"'(?:\\[^'\n]+|\\'|[^'\\\n])'"

_C: dict[str, list[Any]] = {
    # In the body of a macro a string is a string, whatever it holds.
    "macro": [
        (r'[^\S\n]*include[^\S\n]*(?:"[^"\n]+"|<[^>\n]+>)', Comment.PreprocFile),
        (r'(?:[LuU]|u8)?R"([^()\s\\]{0,16})\((?:.|\n)*?\)\1"', String),
        (rf"(?:[LuU]|u8)?{_C_STRING}", String.Double),
        (rf"(?:[LuU]|u8)?{_C_CHARACTER}", String.Char),
        (r"/(?:\\\n)?[*](?:.|\n)*?[*](?:\\\n)?/", Comment.Multiline),
        (r"//(?:.|(?<=\\)\n)*\n", Comment.Single, "#pop"),
        (r"\\\n", Comment.Preproc),
        (r"\n", Comment.Preproc, "#pop"),
        (r"[^\S\n]+|\w+|.", Comment.Preproc),
    ],
    "statements": [
        (r"(?:L|u8?|U)?'\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})'", String.Char),
        inherit,
    ],
}

_JAVASCRIPT: dict[str, list[Any]] = {
    "root": [(r"=>", Punctuation, "slashstartsregex"), inherit],
    # The code in a template has braces of its own.
    "interp-inside": [
        (r"\}", String.Interpol, "#pop"),
        (r"\{", Punctuation, ("braces", "slashstartsregex")),
        include("root"),
    ],
    "braces": [
        (r"\}", Punctuation, "#pop"),
        (r"\{", Punctuation, ("#push", "slashstartsregex")),
        include("root"),
    ],
    "interp": [
        (r"`", String.Backtick, "#pop"),
        (r"\\(?:.|\n)", String.Backtick),
        (r"\$\{", String.Interpol, ("interp-inside", "slashstartsregex")),
        (r"\$", String.Backtick),
        (r"[^`\\$]+", String.Backtick),
    ],
}

_BASH: dict[str, list[Any]] = {
    "interp": [
        (r"\$\(\((?=(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\))", String.Interpol, "math"),
        (r"\$\(", String.Interpol, "paren"),
        inherit,
    ],
    "string": [
        (r'"', String.Double, "#pop"),
        (r"`", String.Interpol, "backticks"),
        (r'(?:\\(?:.|\n)|[^"\\$`])+', String.Double),
        (r"\$\{#?", String.Interpol, "curly-in-string"),
        (r"\$(?![\w{(#$?!*@-])", String.Double),
        include("interp"),
    ],
    "curly-in-string": [
        (r"'", Text),  # quotes nothing here
        include("curly"),
    ],
    "data": [
        (r'"[^"\\$`]*"', String.Double),
        (r'\$?"', String.Double, "string"),
        inherit,
    ],
    "paren": [
        (r"\)", String.Interpol, "#pop"),
        (r"\(", Operator, "bracket"),
        include("root"),
    ],
    "math": [
        (r"\)\)", String.Interpol, "#pop"),
        (r"\(", Operator, "bracket"),
        inherit,
    ],
    "bracket": [
        (r"\)", Operator, "#pop"),
        (r"\(", Operator, "#push"),
        include("root"),
    ],
    "backticks": [
        (r"`", String.Interpol, "#pop"),
        include("root"),
    ],
    "root": [
        (r"\\[\w\W]", VERBATIM),  # what is escaped outside of strings is just a character
        (
            # A here-document, and the rest of the line that asks for it.
            r"(<<-?[ \t]*)([\"'\\]?)(\w+)([\"']?)([^\n]*)(\n(?:[^\n]*\n)*?\t*)(\3)(?=\n|\Z)",
            bygroups(Text, Text, Text, Text, using(this), VERBATIM, Text),
        ),
        # A class of characters in a pattern, not a test and not an index.
        (r"\[(?:\[:\w+:\]|[^\]\s\"'$\[`])+\](?!\+?=)", VERBATIM),
        (r"`", String.Interpol, "backticks"),
        # A hash within a word begins no comment.
        (r"(?<=[^\s;&|()<>`])#[^\s;&|()<>`\"']*", Text),
        (r"#.*\n?", Comment.Single),
        inherit,
    ],
}

_PYTHON: dict[str, list[Any]] = {
    "expr-inside-fstring": [(r"#.*", Comment.Single), inherit],
    "expr-inside-fstring-inner": [(r"#.*", Comment.Single), inherit],
}

_FORTRAN: dict[str, list[Any]] = {
    # A quote is doubled, a backslash is a backslash.
    "strings": [
        (r'"(?:""|&[ \t]*\n|[^"\n])*"', String.Double),
        (r"'(?:''|&[ \t]*\n|[^'\n])*'", String.Single),
        inherit,
    ],
}

_TEX: dict[str, list[Any]] = {
    "root": [
        (r"\\(?:verb|lstinline)\*?(?P<bar>[^\sA-Za-z*]).*?(?P=bar)", VERBATIM),
        (
            r"\\begin\{(?P<name>[Vv]erbatim\*?|lstlisting|minted)\}[\s\S]*?\\end\{(?P=name)\}",
            VERBATIM,
        ),
        inherit,
    ],
}

_HASKELL: dict[str, list[Any]] = {
    "string": [(r"\\\s+\\", String.Escape), inherit],  # a gap, over a line end
}

_MENDED: tuple[tuple[type[RegexLexer], dict[str, list[Any]]], ...] = (
    (CFamilyLexer, _C),
    (JavascriptLexer, _JAVASCRIPT),
    (BashLexer, _BASH),
    (PythonLexer, _PYTHON),
    (FortranLexer, _FORTRAN),
    (HaskellLexer, _HASKELL),
)


class _Tex(TexLexer):  # type: ignore[misc]  # pygments has no types
    """TeX has no strings; pygments takes the delimiters of formulas for some."""

    tokens: ClassVar = _TEX

    def get_tokens_unprocessed(
        self, text: str, stack: Iterable[str] = ("root",)
    ) -> Iterator[tuple[int, _TokenType, str]]:
        """Give formulas as text."""
        for start, kind, piece in super().get_tokens_unprocessed(text, stack):
            yield start, Text if kind in String else kind, piece


_SIGHT = 5_000
"""Characters within which the item of a list is looked for."""


class _Markdown(Lexer):  # type: ignore[misc]
    """Comments of HTML in Markdown; fences, code spans and indented code hold none."""

    name = "Markdown"
    aliases: ClassVar = ["markdown", "md"]

    _piece = re.compile(
        r"^[ >]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})[\s\S]*?(?:^[ >]*(?P=fence)[`~]*[ \t]*$|\Z)"
        r"|(?P<indented>(?:(?<=\n\n)|\A)(?:(?:[ ]{4}|\t).*\n?)+)"
        r"|(?P<comment><!--[\s\S]*?(?:-->|\Z))"
        r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])*?(?<!`)(?P=ticks)(?!`)"
        r"|\\[`<]|`+",
        re.MULTILINE,
    )

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Give the comments, and what holds none."""
        position = 0
        while match := self._piece.search(text, position):
            position = match.end()
            if match["indented"] and _in_list(text[max(0, match.start() - _SIGHT) : match.start()]):
                position = match.start() + 1  # its next line is no code
                continue
            kind = Comment.Multiline if match["comment"] else VERBATIM
            yield match.start(), kind, match.group()


def _in_list(before: str) -> bool:
    """Whether the last line that is not indented is an item of a list."""
    lines = [line for line in before.splitlines() if line.strip() and not line.startswith("  ")]
    return bool(lines) and re.match(r" ?([-+*]|\d+[.)])\s", lines[-1]) is not None


@lru_cache
def lexer_of(language: str) -> Lexer:
    """Return the lexer of an alias known to pygments, mended where that is needed.

    Raises
    ------
    pygments.util.ClassNotFound
        If there is none.

    """
    lexer: Lexer = get_lexer_by_name(language)
    if isinstance(lexer, MarkdownLexer):
        return _Markdown()
    if isinstance(lexer, TexLexer):
        return _Tex()
    for family, tokens in _MENDED:
        if isinstance(lexer, family):
            kind = type(lexer)
            # Pygments writes what is inherited into the lists themselves: each class has its own.
            own = {state: list(rules) for state, rules in tokens.items()}
            return type(kind.__name__, (kind,), {"tokens": own})()
    return lexer
