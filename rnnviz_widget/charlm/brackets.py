"""A language of brackets, in which nothing can be known but by counting."""

from __future__ import annotations

import random
from pathlib import Path

from rnnviz_widget.charlm.corpus import Corpus

NAME = "brackets"
LINES = 30_000
"""Lines of the corpus: 42 blocks of the split, two of them for validation and two for testing."""


def bracket_text(lines: int = LINES, *, deepest: int = 8, seed: int = 1) -> str:
    r"""Return lines of the language of brackets.

    A line begins with ``(`` and is over, with a newline, when all its brackets are closed. Until
    then each character is ``(``, ``)``, ``x``, ``y`` or ``z``, a bracket twice as often as a
    letter; where `deepest` are open, ``)``. Letters mean nothing. There is no indentation and
    there are no comments: who wants to know where a line ends has to count.

    Parameters
    ----------
    lines : int
        How many lines, at least 1; 28 characters each on average.
    deepest : int
        Most brackets that are open at once, at least 1.
    seed : int
        Of the draws.

    Raises
    ------
    ValueError
        If `lines` or `deepest` is less than 1.
    """
    for name, value in (("lines", lines), ("deepest", deepest)):
        if value < 1:
            msg = f"{name} must be at least 1, got {value}"
            raise ValueError(msg)
    draw = random.Random(seed)  # noqa: S311  (no secret)
    return "".join(_line(draw, deepest) for _ in range(lines))


def _line(draw: random.Random, deepest: int) -> str:
    characters, depth = ["("], 1
    while depth:
        character = draw.choice("(())xyz") if depth < deepest else ")"
        depth += {"(": 1, ")": -1}.get(character, 0)
        characters.append(character)
    return "".join(characters) + "\n"


def read_corpus(name_or_path: str | Path) -> Corpus:
    """Return the corpus in a file, or for the name ``"brackets"`` that of the language of brackets.

    Parameters
    ----------
    name_or_path : path
        A text file, or ``"brackets"``.

    Raises
    ------
    FileNotFoundError
        If there is no such file, and it is not that name.
    ValueError
        If the file is not UTF-8 or is empty.
    """
    if str(name_or_path) == NAME and not Path(NAME).exists():
        return Corpus.from_text(bracket_text(), NAME)
    return Corpus.read(name_or_path)
