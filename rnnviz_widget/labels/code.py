"""Labels of source code: comments, strings, brackets, the condition of an `if`; by pygments."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pygments.lexer import Lexer
from pygments.token import Comment, Name, String
from pygments.util import ClassNotFound

from rnnviz_widget.escaping import briefly
from rnnviz_widget.labels.catalogue import register_label
from rnnviz_widget.labels.delimiters import (
    COMMENTS,
    STRINGS,
    Literals,
    mark_inside,
)
from rnnviz_widget.labels.label import Label, aligned, code_points, text_of
from rnnviz_widget.labels.lexers import VERBATIM, lexer_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace

BRACKETS = "()[]{}"
_CONDITION_OR_BRACKET = re.compile(
    r"#[ \t]*if\b|(?P<condition>(?<![\w$.])if\b(?:\s+constexpr)?\s*\()|[()]"
)
_QUOTED = re.compile(r"""(["']).*\1""", re.DOTALL)  # a name that is a string: a key in JSON


@register_label("a comment is open", argument="language")
def inside_comment(source: str | Trace, *, language: str | Lexer = "c") -> Label:
    """Return True where the text read so far has an open comment.

    A comment is inside from the last character of its opening delimiter and outside from the last
    one of its closing delimiter; the newline that ends a line comment is outside. Not comments:
    preprocessor lines, and what only looks like a comment inside a string or in verbatim text (of
    LaTeX, in code of Markdown). Documentation comments are comments (Rust's ``///`` and ``//!``).
    What pygments takes for a comment is one: code between ``#if 0`` and ``#endif``, a ``#!`` line.
    A comment that is never closed stays open to the end where the language says so (C does). How
    well that agrees with other tokenizers is in ``labels.md`` beside this module.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    language : str or pygments Lexer
        An alias known to pygments (``"c"``, ``"python"``, ``"rust"``) or a lexer of one's own. A
        million characters take a second or two; the last reading is kept.

    Returns
    -------
    Label, shape (T,), bool

    """
    text = text_of(source)
    return aligned(source, _read(text, language).comment, "inside comment")


@register_label("a string literal is open", argument="language")
def inside_string(source: str | Trace, *, language: str | Lexer = "c") -> Label:
    r"""Return True where the text read so far has an open string or character literal.

    The opening quote is inside (of ``\"\"\"`` the last), the closing one outside; a prefix such as
    ``f`` or ``L`` stands before it and is outside. Escaped quotes close nothing. A string that is
    never closed ends where the language ends it (in C with the line). Documentation strings
    are strings. Code that a string interpolates is outside, its delimiters inside (JavaScript's
    ``${`` and ``}``, a shell's ``$(`` and ``)``), however deep strings and code nest. The file name
    of ``#include "a.h"`` is no string, nor is a regular expression, a symbol of Ruby, or code in
    Markdown. Literals in preprocessor lines count.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    language : str or pygments Lexer
        As in `inside_comment`.

    Returns
    -------
    Label, shape (T,), bool

    """
    text = text_of(source)
    return aligned(source, _read(text, language).string, "inside string")


@register_label("how many brackets are open", argument="language")
def nesting_depth(
    source: str | Trace,
    brackets: str = BRACKETS,
    *,
    language: str | Lexer | None = "c",
) -> Label:
    """Return how many brackets are open, those in strings and comments aside.

    An opening bracket has the depth it leads to, and so has a closing one. Kinds are counted
    together and not matched against one another. A closing bracket where none is open leaves 0;
    brackets never closed count to the end. Both branches of an ``#if`` are read, so unequal ones
    leave a remainder. What leads into code in a string and out of it (``${`` and ``}``) belongs to
    the string; brackets in that code count, those in regular expressions do not.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    brackets : str
        Opening and closing characters in turn, such as ``"{}"``.
    language : str, pygments Lexer or None
        As in `inside_comment`; None reads plain text, where every bracket counts.

    Returns
    -------
    Label, shape (T,), int64, at least 0

    """
    opening, closing = brackets[::2], brackets[1::2]
    if not brackets or len(brackets) % 2 or len(set(brackets)) != len(brackets):
        given = briefly(brackets)
        msg = f"brackets must be different characters in pairs, such as '(){{}}', got {given}"
        raise ValueError(msg)
    text = text_of(source)
    characters = code_points(text)
    step = np.zeros(len(text), np.int64)
    step[np.isin(characters, [ord(bracket) for bracket in opening])] = 1
    step[np.isin(characters, [ord(bracket) for bracket in closing])] = -1
    if language is not None:
        step[_read(text, language).literal] = 0
    balance = np.cumsum(step)
    depth = balance - np.minimum.accumulate(np.minimum(balance, 0))
    kinds = "" if brackets == BRACKETS else f" of {brackets}"
    return aligned(source, depth, f"nesting depth{kinds}")


@register_label("how many ( are open", argument="language")
def expression_depth(source: str | Trace, *, language: str | Lexer | None = "c") -> Label:
    """Return how many round brackets are open: `nesting_depth` of ``()`` alone.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    language : str, pygments Lexer or None
        As in `nesting_depth`.

    Returns
    -------
    Label, shape (T,), int64, at least 0

    """
    return Label(nesting_depth(source, "()", language=language), "expression depth")


@register_label("how many braces are open", argument="language")
def block_depth(source: str | Trace, *, language: str | Lexer | None = "c") -> Label:
    """Return how many braces are open: `nesting_depth` of ``{}`` alone.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    language : str, pygments Lexer or None
        As in `nesting_depth`.

    Returns
    -------
    Label, shape (T,), int64, at least 0

    """
    return Label(nesting_depth(source, "{}", language=language), "block depth")


@register_label("the condition of an if is open", argument="language")
def inside_condition(source: str | Trace, *, language: str | Lexer = "c") -> Label:
    """Return True where the text read so far has an open condition of an ``if``.

    Inside from the bracket that opens the condition, outside from the one that closes it. What is
    in a comment or a string is neither keyword nor bracket, but inside where the condition is.
    The preprocessor's ``#if`` is none. Languages that write a condition without brackets (Python,
    Go, Rust) have nothing to be inside of, unless the brackets are there.

    Parameters
    ----------
    source : str or Trace
        A text, or a trace whose tokens concatenate to its text.
    language : str or pygments Lexer
        As in `inside_comment`.

    Returns
    -------
    Label, shape (T,), bool

    """
    text = text_of(source)
    code = "".join(
        " " if is_literal else character
        for character, is_literal in zip(text, _read(text, language).literal.tolist(), strict=True)
    )
    inside = np.zeros(len(text), np.bool_)
    begun: list[int | None] = []  # of each open bracket, where a condition begins with it
    for match in _CONDITION_OR_BRACKET.finditer(code):
        bracket = match.end() - 1
        if code[bracket] == "(":
            begun.append(bracket if match["condition"] else None)
        elif code[bracket] == ")" and begun and (start := begun.pop()) is not None:
            inside[start:bracket] = True
    for start in begun:
        if start is not None:
            inside[start:] = True
    return aligned(source, inside, "inside the condition of an if")


class _Reading(NamedTuple):
    """What a lexer finds in a text, three boolean arrays of one value per character."""

    comment: NDArray[np.bool_]
    string: NDArray[np.bool_]
    literal: NDArray[np.bool_]  # any part of a comment or a string, delimiters included


def _read(text: str, language: str | Lexer) -> _Reading:
    if isinstance(language, str):
        try:
            lexer = lexer_of(language)
        except ClassNotFound:
            msg = f"language must be a lexer alias known to pygments, got {briefly(language)}"
            raise ValueError(msg) from None
        return _read_by_alias(text, lexer.aliases[0])
    if isinstance(language, Lexer):
        return _lex(text, language)
    msg = f"language must be a str or a pygments Lexer, got {type(language).__name__}"
    raise TypeError(msg)


@lru_cache(maxsize=2)  # three labels of one text, and of one more, without reading it again
def _read_by_alias(text: str, alias: str) -> _Reading:
    return _lex(text, lexer_of(alias))


def _lex(text: str, lexer: Lexer) -> _Reading:
    r"""Read a text and map what was found to its own characters.

    Lexers are written for newlines without ``\r`` and for a text that ends in one. Pygments'
    ``get_tokens`` therefore edits the text (and strips and expands tabs if so told), which moves
    every offset; here the text is edited under control and the offsets are mapped back.
    """
    characters = code_points(text)
    dropped = np.zeros(len(text), np.bool_)
    dropped[:-1] = (characters[:-1] == ord("\r")) & (characters[1:] == ord("\n"))
    unix = text.replace("\r\n", "\n")
    edited = unix if unix.endswith("\n") else unix + "\n"

    comments, strings, opaque = Literals(), Literals(), Literals()
    documented = -1  # where a documentation comment may go on
    for start, kind, piece in lexer.get_tokens_unprocessed(edited):
        if kind in Comment.Preproc or kind in Comment.PreprocFile:
            continue
        if kind in String.Doc and (start == documented or piece.startswith(("//", "/*"))):
            comments.add(start, piece)
            documented = start + len(piece)
        elif kind in Comment.Single:
            comments.add(start, piece.removesuffix("\n"))  # no language has it inside
        elif kind in Comment:
            comments.add(start, piece)
        elif kind in String.Regex or kind in String.Symbol or kind in VERBATIM:
            opaque.add(start, piece)
        elif kind in String or (kind in Name and _QUOTED.fullmatch(piece)):
            strings.add(start, piece, interpolates=kind in String.Interpol)
    comment, string, literal = np.zeros((3, len(edited)), np.bool_)
    mark_inside(comment, literal, edited, comments, COMMENTS)
    mark_inside(string, literal, edited, strings, STRINGS)
    for start, stop in opaque.spans:
        literal[start:stop] = True

    kept = np.maximum(np.cumsum(~dropped) - 1, 0)  # a dropped "\r" goes with the character before
    found = _Reading(comment[kept], string[kept], literal[kept])
    for array in found:
        array.setflags(write=False)  # kept in the cache
    return found
