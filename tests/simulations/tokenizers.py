"""Comments, strings and brackets as real tokenizers read them: tree-sitter's grammars.

They share nothing with the package's own reading but the clock: an opening delimiter is inside
from its last character on, a closing one outside from its last. Where a grammar leaves something
undivided (the body of a macro in C), a note says what is done about it.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from tree_sitter import Node

COMMENT = ("comment", "line_comment", "block_comment", "haddock", "pragma")
STRING = (
    "string",
    "string_literal",
    "raw_string_literal",
    "interpreted_string_literal",
    "char",
    "char_literal",
    "character_literal",
    "rune_literal",
    "template_string",
    "template_literal_type",
    "raw_string",
    "ansi_c_string",
    "quoted_attribute_value",
)
CODE_IN_STRING = (
    "interpolation",
    "format_expression",
    "template_substitution",
    "template_type",
    "expansion",
    "simple_expansion",
    "command_substitution",
    "arithmetic_expansion",
)
PART_OF_LITERAL = ("format_specifier", "type_conversion")
_QUOTE = re.compile(r"""[A-Za-z0-9]*R"[^(]*\(|[A-Za-z0-9$]*\#*("{3}|'{3}|["'`])""")
_COMMENT = re.compile(r"//|/\*|<!--|\{-|--|#|!")
_BRACKETS = re.compile(r"[\W_]*")
_HEAD = "void f() {"
_DIRECTIVE = re.compile(
    r"(?m)^[ \t]*#[ \t]*(?:define[ \t]+\w+(?:\([^)]*\))?|pragma|line|error)"
    r"(?P<body>(?:[^\\\n]|\\.|\\\n)*)"
)


@dataclass(frozen=True)
class Reading:
    """What holds after each character of a text, arrays of one value per character.

    ``step`` is the change of the nesting depth, ``errors`` how many nodes of the syntax tree are.
    """

    comment: NDArray[np.bool_]
    string: NDArray[np.bool_]
    step: NDArray[np.int64]
    errors: int = 0

    @property
    def depth(self) -> NDArray[np.int64]:
        """How many brackets are open; one that closes where none is open closes nothing."""
        balance = np.cumsum(self.step)
        return balance - np.minimum.accumulate(np.minimum(balance, 0))


def read(text: str, grammar: str, function: str = "language") -> Reading:
    """Read a text by a grammar's package, such as ``tree_sitter_c``.

    The grammar of C leaves the body of a macro undivided: it is read as the body of a function.
    """
    parser = Parser(Language(getattr(import_module(grammar), function)()))
    text = text.encode("ascii", "replace").decode()  # a byte for each character
    if grammar not in ("tree_sitter_c", "tree_sitter_cpp"):
        return _parse(parser, text)
    whole = _parse(parser, _DIRECTIVE.sub(lambda found: " " * len(found.group()), text))
    for directive in _DIRECTIVE.finditer(text):
        start, stop = directive.span("body")
        whole.step[directive.start() : start] = _steps(text[directive.start() : start])
        body = directive["body"].replace("\\\n", " \n").replace("#", " ")
        found = _parse(parser, f"{_HEAD}{body}\n;}}")
        for name in ("comment", "string", "step"):
            values = getattr(found, name)[len(_HEAD) : len(_HEAD) + len(body)]
            getattr(whole, name)[start:stop] = values
    return whole


def _parse(parser: Parser, text: str) -> Reading:
    raw = text.encode("ascii")
    comment, string = np.zeros((2, len(raw)), np.bool_)
    step = np.zeros(len(raw), np.int64)
    errors = 0
    for node in _walk(parser.parse(raw).root_node):
        errors += node.is_error or node.is_missing
        start, stop, kind = node.start_byte, node.end_byte, node.type
        piece, parent = text[start:stop], node.parent.type if node.parent else ""
        if kind in COMMENT and node.is_named:
            closed = piece.startswith(("/*", "<!--", "{-")) or piece.endswith("\n")
            comment[start + _length_of(_COMMENT, piece) - 1 : stop - closed] = True
        elif kind in STRING and node.is_named and parent != "preproc_include":
            string[start + _length_of(_QUOTE, piece) - 1 : stop - 1] = True
        elif kind in PART_OF_LITERAL:
            string[start:stop] = True
        elif kind in CODE_IN_STRING and parent in (*STRING, *PART_OF_LITERAL):
            string[slice(*_between(node))] = False
        elif _is_bracket(node, piece):
            step[start:stop] = _steps(piece)
    return Reading(comment, string, step, errors)


def _steps(piece: str) -> list[int]:
    return [(character in "([{") - (character in ")]}") for character in piece]


def _walk(root: Node) -> Iterator[Node]:
    """Give all nodes, each before what is in it; of a here-document nothing."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "heredoc_body":
            continue
        yield node
        waiting.extend(reversed(node.children))


def _length_of(opening: re.Pattern[str], piece: str) -> int:
    match = opening.match(piece)
    assert match, f"no opening delimiter in {piece!r}"
    return match.end()


def _between(node: Node) -> tuple[int, int]:
    """Return what of code in a string is code, its delimiters left out."""
    first, last = node.children[0], node.children[-1]
    if node.type == "simple_expansion":
        space = len(node.text) - len(node.text.lstrip())  # before it, which is the string's
        return node.start_byte + space, node.end_byte
    return first.end_byte, last.start_byte


def _is_bracket(node: Node, piece: str) -> bool:
    leaf = not node.children and not node.is_named
    return leaf and bool(_BRACKETS.fullmatch(piece)) and not _is_delimiter(node)


def _is_delimiter(node: Node) -> bool:
    """Whether a bracket is a delimiter: of code in a string, or of a raw string in C++."""
    code = node.parent
    if code is not None and code.type == "raw_string_literal":
        return True
    if code is None or code.type not in CODE_IN_STRING or code.parent is None:
        return False
    outermost = node == code.children[0] or node == code.children[-1]
    return outermost and code.parent.type in (*STRING, *PART_OF_LITERAL)


def read_markdown(text: str) -> Reading:
    """Read the comments of Markdown; it has no strings, and its brackets are not asked about."""
    text = text.encode("ascii", "replace").decode()
    grammar = import_module("tree_sitter_markdown")
    blocks = Parser(Language(grammar.language())).parse(text.encode()).root_node
    inline = Parser(Language(grammar.inline_language()))
    comment, string = np.zeros((2, len(text)), np.bool_)
    for block in _walk(blocks):
        if block.type == "html_block":
            _mark_html(comment, text, block.start_byte, block.end_byte)
        elif block.type == "inline":
            piece = text[block.start_byte : block.end_byte]
            for node in _walk(inline.parse(piece.encode()).root_node):
                if node.type == "html_tag":
                    start = block.start_byte + node.start_byte
                    _mark_html(comment, text, start, block.start_byte + node.end_byte)
    return Reading(comment, string, np.zeros(len(text), np.int64))


def _mark_html(comment: NDArray[np.bool_], text: str, start: int, stop: int) -> None:
    start += len(text[start:stop]) - len(text[start:stop].lstrip())
    if text.startswith("<!--", start):
        end = text.find("-->", start, stop)
        comment[start + 3 : stop if end < 0 else end + 2] = True


def read_latex(text: str) -> Reading:
    """Read the comments of LaTeX with pylatexenc; it has no strings."""
    walker = import_module("pylatexenc.latexwalker").LatexWalker(text)
    comment, string = np.zeros((2, len(text)), np.bool_)
    waiting = list(walker.get_latex_nodes()[0])
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if type(node).__name__ == "LatexCommentNode":
            comment[node.pos : text.find("\n", node.pos)] = True
        waiting += getattr(node, "nodelist", None) or []
        arguments = getattr(node, "nodeargd", None)
        waiting += (getattr(arguments, "argnlist", None) or []) if arguments else []
    return Reading(comment, string, np.zeros(len(text), np.int64))


def read_python(text: str) -> Reading:
    """Read Python with its own ``tokenize``: without f-strings, divided only from 3.12 on."""
    lengths = [len(line) for line in text.splitlines(keepends=True)]
    lines = np.concatenate([[0], np.cumsum(lengths)])
    comment, string = np.zeros((2, len(text)), np.bool_)
    step = np.zeros(len(text), np.int64)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start = lines[token.start[0] - 1] + token.start[1]
        stop = start + len(token.string)
        if token.type == tokenize.COMMENT:
            comment[start:stop] = True
        elif token.type == tokenize.STRING:
            opening = _length_of(_QUOTE, token.string)
            string[start + opening - 1 : stop - 1] = True
        elif token.type == tokenize.OP and _BRACKETS.fullmatch(token.string):
            step[start:stop] = _steps(token.string)
    return Reading(comment, string, step)
