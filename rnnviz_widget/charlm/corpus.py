"""The corpus a character model is trained on, and which part of it is for what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BLOCK_LENGTH = 20_000
"""Characters in one block of the split."""

Part = Literal["train", "validation", "test"]


def part_of_block(block: int) -> Part:
    """Return which part block number `block` (from 0) belongs to.

    Of every 20 consecutive blocks the 10th is validation and the 20th is test. Interleaving keeps
    all parts alike: the end of a novel alone, say, may hold hardly any dialogue.
    """
    match block % 20:
        case 9:
            return "validation"
        case 19:
            return "test"
        case _:
            return "train"


def split(text: str) -> dict[Part, list[str]]:
    """Return the parts of `text` as lists of contiguous pieces, in the order of the text.

    The text is cut into consecutive blocks of 20,000 characters, see `part_of_block`. Neighbouring
    blocks of one part are joined, so a training piece is usually nine blocks long and every
    validation or test piece is one block. The last block may be shorter.
    """
    pieces: dict[Part, list[str]] = {"train": [], "validation": [], "test": []}
    previous: Part | None = None
    for block, start in enumerate(range(0, len(text), BLOCK_LENGTH)):
        part = part_of_block(block)
        characters = text[start : start + BLOCK_LENGTH]
        if part == previous:
            pieces[part][-1] += characters
        else:
            pieces[part].append(characters)
        previous = part
    return pieces


@dataclass(frozen=True)
class Corpus:
    """A text with the name and the hash by which a checkpoint remembers it."""

    name: str
    text: str
    sha256: str

    @classmethod
    def read(cls, path: str | Path) -> Corpus:
        r"""Read a UTF-8 text file as it is: no newline is translated, so ``\r`` stays visible.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not UTF-8 or is empty.
        """
        path = Path(path)
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            msg = f"corpus must be UTF-8 text, got {path} with byte {error.start} undecodable"
            raise ValueError(msg) from error
        if not text:
            msg = f"corpus must not be empty, got {path}"
            raise ValueError(msg)
        return cls.from_text(text, path.name)

    @classmethod
    def from_text(cls, text: str, name: str = "a text") -> Corpus:
        """Return a text of one's own as a corpus."""
        if not text:
            msg = "text must not be empty, got ''"
            raise ValueError(msg)
        return cls(name, text, hashlib.sha256(text.encode()).hexdigest())

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The characters of the whole corpus, sorted by code point."""
        return tuple(sorted(set(self.text)))
