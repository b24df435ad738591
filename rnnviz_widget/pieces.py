"""Tokens as people read them: pieces of words and bytes, as tokenizers write them, are text again.

Three spellings are known, each by what only it has (see each project's own documents):

- bytes as printable characters, ``Ġthe`` and ``Ċ`` (GPT-2's encoder, in OpenAI's `gpt-2`
  repository, and the byte-level tokenizers that follow it);
- ``▁the`` and ``<0xE2>`` (SentencePiece);
- ``play ##ing`` (WordPiece, as in BERT).

Where a character is of several tokens it stands in the last, which completes it; the others show
`PART`. So row t of a state stands under what had been read by then.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PART = "\N{DOTTED CIRCLE}"
"""Stands for the bytes of a character that goes on in the next token."""

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_SPECIAL = re.compile(r"(<\|[^|<>]+\|>|<[a-z/_]+>|\[[A-Z]+\])")
_BLANK = "\N{LOWER ONE EIGHTH BLOCK}"
_CONTINUES = "##"
_WORD = re.compile(r"\w")


def readable(tokens: Sequence[str]) -> list[str]:
    """Return the tokens as they are read; as they are where they are of no known spelling.

    Returns
    -------
    list of str
        One for each token, none of them empty.
    """
    spelling = _spelling(tokens)
    return list(tokens) if spelling is None else spelling(tokens)


def readable_vocabulary(vocabulary: Sequence[str], tokens: Sequence[str]) -> list[str]:
    """Return the entries of a vocabulary as `tokens`, which are of them, are read."""
    spelling = _spelling(tokens)
    return list(vocabulary) if spelling is None else [spelling([entry])[0] for entry in vocabulary]


def _spelling(tokens: Sequence[str]) -> Callable[[Iterable[str]], list[str]] | None:
    """Return what reads the tokens, or None."""
    if all(len(token) == 1 for token in tokens):
        return None
    distinct = {token for token in tokens if not _SPECIAL.fullmatch(token)}
    characters = set(chain.from_iterable(distinct))
    if any(character.isspace() for character in characters):
        return None
    if characters & {"Ġ", "Ċ"} and characters <= _byte_alphabet().keys():
        return _read_bytes
    if _BLANK in characters:
        return _read_sentencepiece
    if any(len(t) > len(_CONTINUES) and t.startswith(_CONTINUES) for t in distinct):
        return _read_wordpiece
    return None


@cache
def _byte_alphabet() -> dict[str, int]:
    """Return the byte that each character stands for: printable ones themselves, others above."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(256 + i): byte for i, byte in enumerate(others)
    }


def _read_bytes(tokens: Iterable[str]) -> list[str]:
    alphabet = _byte_alphabet()
    return _decoded(
        token if _SPECIAL.fullmatch(token) else bytes(alphabet[c] for c in token if c in alphabet)
        for token in tokens
    )


def _read_sentencepiece(tokens: Iterable[str]) -> list[str]:
    return _decoded(
        bytes([int(found[1], 16)])
        if (found := _BYTE.fullmatch(token))
        else token.replace(_BLANK, " ")
        for token in tokens
    )


def _read_wordpiece(tokens: Iterable[str]) -> list[str]:
    """Return the pieces with a blank before each that begins a word, but the first."""
    shown: list[str] = []
    for token in tokens:
        if token.startswith(_CONTINUES) and len(token) > len(_CONTINUES):
            shown.append(token.removeprefix(_CONTINUES))
        else:
            shown.append(f" {token}" if shown and _WORD.match(token) else token)
    return shown


def _decoded(pieces: Iterable[str | bytes]) -> list[str]:
    """Return each piece as text: bytes as the UTF-8 that they complete."""
    shown: list[str] = []
    rest = b""
    for piece in pieces:
        if isinstance(piece, str):
            shown.append(piece)
            rest = b""
            continue
        text, rest = _complete(rest + piece)
        shown.append(text or PART)
    return shown


def _complete(data: bytes) -> tuple[str, bytes]:
    """Return what of the bytes is whole characters, and what a next piece may complete."""
    for cut in range(min(3, len(data)) + 1):
        head, tail = data[: len(data) - cut], data[len(data) - cut :]
        if tail and not _begins_character(tail):
            continue
        try:
            return head.decode(), tail
        except UnicodeDecodeError:
            continue
    return data.decode(errors="replace"), b""


def _begins_character(tail: bytes) -> bool:
    """Whether the bytes are the beginning of one character of UTF-8."""
    first, *others = tail
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4  # noqa: PLR2004  (UTF-8's own)
    return 0xC2 <= first <= 0xF4 and len(tail) < length and all(b >> 6 == 0b10 for b in others)  # noqa: PLR2004
