"""The corpus a character model is trained on, and which part of it is for what."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BLOCK_LENGTH = 20_000
"""Characters in one block of the split."""

Split = Literal["train", "validation", "test"]
Indentation = Literal["written", "blocks", "lines"]
"""What training reads of the white space at the start of lines, see `training_pieces`."""

INDENTATIONS: tuple[Indentation, ...] = ("written", "blocks", "lines")

_INDENTATION = re.compile(r"(?m)^[ \t]+")
_STRIPPED_LINES = (1, 2, 4, 8, 16)
_KEPT_LINES = (1, 2, 3)


def part_of_block(block: int) -> Split:
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


def split(text: str) -> dict[Split, list[str]]:
    """Return the parts of `text` as lists of contiguous pieces, in the order of the text.

    The text is cut into consecutive blocks of 20,000 characters, see `part_of_block`. Neighbouring
    blocks of one part are joined, so a training piece is usually nine blocks long and every
    validation or test piece is one block. The last block may be shorter.

    Parameters
    ----------
    text : str
        The corpus.
    """
    pieces: dict[Split, list[str]] = {"train": [], "validation": [], "test": []}
    previous: Split | None = None
    for block, start in enumerate(range(0, len(text), BLOCK_LENGTH)):
        part = part_of_block(block)
        characters = text[start : start + BLOCK_LENGTH]
        if part == previous:
            pieces[part][-1] += characters
        else:
            pieces[part].append(characters)
        previous = part
    return pieces


def without_indentation(text: str) -> str:
    """Return `text` without the spaces and tabs at the start of its lines."""
    return _INDENTATION.sub("", text)


def training_pieces(text: str, indentation: Indentation = "written") -> list[str]:
    """Return the training pieces of `split`, with the indentation of some lines stripped.

    In indented code the depth of brackets can be read off the white space. Where that is gone, it
    has to be counted. The blocks are those of `split`, cut from the text *as written*: stripping
    comes after cutting and moves no character into another block, so the parts, and what is held
    out, are the same for every `indentation`. Validation and test blocks stay as written.

    Parameters
    ----------
    text
        The whole corpus.
    indentation
        ``"written"`` strips nothing. ``"blocks"`` strips every line in the blocks of odd number
        (from 0). ``"lines"`` strips, in the blocks of odd number, runs of 1, 2, 4, 8 or 16 lines
        and leaves runs of 1 to 3 lines between them as written: there the network has to know the
        depth that it counted in the run before. The lengths are drawn with the block's number as
        the seed. A line belongs to the run, and to the block, in which it starts; a block's first
        line, if it started in the block before, keeps what this block holds of it.

    Raises
    ------
    ValueError
        If `indentation` is none of these.
    """
    if indentation not in INDENTATIONS:
        msg = f"indentation must be one of {', '.join(INDENTATIONS)}, got {indentation!r}"
        raise ValueError(msg)
    pieces: list[str] = []
    previous = None
    for block, start in enumerate(range(0, len(text), BLOCK_LENGTH)):
        part = part_of_block(block)
        if part == "train":
            characters = text[start : start + BLOCK_LENGTH]
            if indentation != "written" and block % 2:
                # What stands before the first newline belongs to a line begun in another block.
                begun, *lines = (text[start - 1] + characters).split("\n")
                characters = "\n".join([begun, *_stripped(block, lines, indentation)])[1:]
            if previous == "train":
                pieces[-1] += characters
            else:
                pieces.append(characters)
        previous = part
    return pieces


def _stripped(block: int, lines: list[str], indentation: Indentation) -> list[str]:
    """Return the lines of a block without their indentation, or without that of runs of them."""
    if indentation == "blocks":
        return [line.lstrip(" \t") for line in lines]
    random_length = random.Random(block)  # noqa: S311  (no secret)
    stripped: list[str] = []
    while len(stripped) < len(lines):
        start = len(stripped)
        run = lines[start : start + random_length.choice(_STRIPPED_LINES)]
        stripped += [line.lstrip(" \t") for line in run]
        start = len(stripped)
        stripped += lines[start : start + random_length.choice(_KEPT_LINES)]
    return stripped


@dataclass(frozen=True)
class Corpus:
    """A text with the name and the hash by which a checkpoint remembers it."""

    name: str
    text: str
    sha256: str

    @classmethod
    def read(cls, path: str | Path) -> Corpus:
        r"""Read a UTF-8 text file as it is: no newline is translated, so ``\r`` stays visible.

        Parameters
        ----------
        path : path
            The file.

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
        """Return a text of one's own as a corpus.

        Parameters
        ----------
        text : str
            At least one character.
        name : str
            What the text is called in cards.
        """
        if not text:
            msg = "text must not be empty, got ''"
            raise ValueError(msg)
        return cls(name, text, hashlib.sha256(text.encode()).hexdigest())

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The characters of the whole corpus, sorted by code point."""
        return tuple(sorted(set(self.text)))
