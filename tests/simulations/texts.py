"""Texts made up at random, each with what some kinds of units need: lines, marks, brackets."""

from __future__ import annotations

import numpy as np

LENGTH = 4000
"""Tokens of each text."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letters(rng: np.random.Generator, size: int | None = None) -> list[str]:
    """Return letters drawn evenly, 6 to 26 different ones."""
    size = int(rng.integers(6, 27)) if size is None else size
    return rng.choice(list(LETTERS[:size]), LENGTH).tolist()


def words(rng: np.random.Generator) -> list[str]:
    """Return lines of some 60 characters, of words of which few are frequent; capitals begin some.

    Marks of speech open and close, and 3 of 100 are never closed.
    """
    lexicon = ["".join(rng.choice(list(LETTERS), rng.integers(2, 9))) for _ in range(80)]
    share = 1 / np.arange(1, 81)
    out: list[str] = []
    column, speaking = 0, False
    while len(out) < LENGTH:
        word = str(rng.choice(lexicon, p=share / share.sum()))
        word = word.capitalize() if rng.random() < 0.15 else word
        if rng.random() < 0.06:
            closes = speaking and rng.random() > 0.03
            word = word + '"' if closes else '"' + word
            speaking = not speaking
        column += len(word) + 1
        out += [*word, "\n" if column > 60 else " "]
        column = 0 if column > 60 else column
    return out[:LENGTH]


def code(rng: np.random.Generator) -> list[str]:
    """Return something that looks like C: nested brackets, comments, stars and slashes."""
    out: list[str] = []
    depth = 0
    while len(out) < LENGTH:
        name = "".join(rng.choice(list(LETTERS), rng.integers(2, 7)))
        draw = rng.random()
        if draw < 0.15 and depth < 5:
            line = f"if ({name}[i] * 2) {{"
        elif draw < 0.3 and depth > 0:
            depth -= 1
            line = "}"
        elif draw < 0.45:
            line = f"/* {name} {name} a / b * c {name} */"
        else:
            line = f"{name} = {name}(i, 4) / 3;"
        out += [*("\t" * depth), *line, "\n"]
        depth += line.endswith("{")
    return out[:LENGTH]


def brackets(rng: np.random.Generator) -> list[str]:
    """Return brackets that open and close, sometimes once too often, between letters."""
    opening, filler = rng.uniform(0.1, 0.25), rng.choice(list(LETTERS), 5)
    tokens = rng.choice(["(", ")", ""], LENGTH, p=[opening, opening * 1.15, 1 - 2.15 * opening])
    return np.where(tokens == "", rng.choice(filler, LENGTH), tokens).tolist()
