"""Units of which it is known what they do: the tokens they read, and their values.

Each function draws one unit of a kind at random: the text, the tokens that matter, sizes, the
readout (a line or a tanh, of either sign) and the noise. None of them uses the project's own code.
What another kind explains as well is drawn again, by `_by_window`, which looks values up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from tests.simulations.texts import LENGTH, LETTERS, brackets, code, letters, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

NOISE = (0.0, 0.1, 0.3)
"""Shares of the standard deviation."""

_TRIES = 100
_MOVES = 20  # in each half: a unit that hardly ever moves shows nothing
_SIMPLER = 0.9  # of the variance: more of it, and a shorter window explains the unit as well


@dataclass(frozen=True)
class Unit:
    """One unit and what it read.

    Attributes
    ----------
    kind : str
        What `rnnviz.unit_kind` should call it.
    tokens : list of str
        T tokens.
    values : ndarray, shape (T,)
        After each of them.

    """

    kind: str
    tokens: list[str]
    values: NDArray[np.float64]


# Texts and recurrences.


def _any_text(rng: np.random.Generator) -> list[str]:
    return (letters, words, code)[int(rng.integers(3))](rng)


def _run(
    tokens: Sequence[str], step: Callable[[float, str], float], start: float = 0.0
) -> NDArray[np.float64]:
    out, x = np.empty(len(tokens)), start
    for t, token in enumerate(tokens):
        out[t] = x = step(x, token)
    return out


def _since(tokens: Sequence[str], resets: Sequence[str]) -> NDArray[np.float64]:
    return _run(tokens, lambda x, token: 0.0 if token in resets else x + 1)


def _latch(tokens: Sequence[str], on: Sequence[str], off: Sequence[str]) -> NDArray[np.float64]:
    return _run(tokens, lambda x, token: 1.0 if token in on else 0.0 if token in off else x)


def _pairs(tokens: Sequence[str]) -> list[str]:
    """Return each token with the one before."""
    return [a + b for a, b in zip(["", *tokens[:-1]], tokens, strict=True)]


def _shown(
    rng: np.random.Generator, x: NDArray[np.float64], *, bent: bool = False
) -> NDArray[np.float64]:
    """Return a readout of x: of either sign, on any scale, bent by a tanh or not, with noise."""
    x = (x - x.mean()) / x.std()
    if bent and rng.random() < 0.5:
        x = np.tanh(rng.uniform(0.3, 1.2) * x)
    x = x + rng.choice(NOISE) * x.std() * rng.standard_normal(len(x))
    return rng.choice([-1, 1]) * 10 ** rng.uniform(-2, 2) * x + rng.normal()


def _by_window(tokens: Sequence[str], x: NDArray[np.float64], window: int) -> float:
    """Return the share of the variance that the last tokens explain, each window looked up."""
    strings = ["\0".join(tokens[max(0, t - window + 1) : t + 1]) for t in range(len(tokens))]
    codes = np.unique(strings, return_inverse=True)[1]
    means = np.bincount(codes, x) / np.bincount(codes)
    return 1 - float(np.mean((x - means[codes]) ** 2)) / float(x.var())


def _distinct(
    rng: np.random.Generator,
    draw: Callable[[np.random.Generator], tuple[list[str], NDArray[np.float64]]],
    window: int,
) -> tuple[list[str], NDArray[np.float64]]:
    """Draw until the last few tokens explain clearly less than all of it."""
    for _ in range(_TRIES):
        tokens, x = draw(rng)
        moves = np.add.reduceat(np.abs(np.diff(x)) > 1e-9, [0, LENGTH // 2])
        if moves.min() >= _MOVES and _by_window(tokens, x, window) < _SIMPLER:
            return tokens, x
    message = "no draw is of this kind and of no simpler one"
    raise AssertionError(message)


def _some(rng: np.random.Generator, tokens: Sequence[str], least: int, most: int) -> list[str]:
    """Draw some of the different tokens of a text."""
    vocabulary = sorted(set(tokens))
    count = min(int(rng.integers(least, most + 1)), len(vocabulary))
    return rng.choice(vocabulary, count, replace=False).tolist()


# Kinds.


def current_token(rng: np.random.Generator) -> Unit:
    """Return a number for each token."""
    tokens = _any_text(rng)
    return Unit("current token", tokens, _shown(rng, _values(rng, tokens)))


def _values(rng: np.random.Generator, tokens: Sequence[str]) -> NDArray[np.float64]:
    vocabulary, codes = np.unique(tokens, return_inverse=True)
    return np.asarray(rng.normal(size=len(vocabulary))[codes], np.float64)


def earlier_token(rng: np.random.Generator) -> Unit:
    """Return a number for the token one, two or three before."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = _any_text(rng)
        return tokens, np.roll(_values(rng, tokens), int(rng.integers(1, 4)))

    tokens, x = _distinct(rng, draw, 1)
    return Unit("an earlier token", tokens, _shown(rng, x))


def ngram(rng: np.random.Generator) -> Unit:
    """Return a detector of some pairs or triples, or a sum over the last two or three tokens."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = words(rng) if rng.random() < 0.6 else letters(rng, 8)
        n = int(rng.integers(2, 4))
        if rng.random() < 0.4:
            late = [np.roll(_values(rng, tokens), lag) for lag in range(n)]
            return tokens, np.sum([rng.uniform(0.6, 1) * one for one in late], axis=0)
        grams = ["".join(tokens[max(0, t - n + 1) : t + 1]) for t in range(len(tokens))]
        found, count = np.unique(grams, return_counts=True)
        frequent = found[np.argsort(-count)[:30]]
        chosen = rng.choice(frequent, int(rng.integers(2, 6)), replace=False)
        return tokens, np.isin(grams, chosen).astype(float)

    tokens, x = _distinct(rng, draw, 1)
    return Unit("n-gram", tokens, _shown(rng, x))


def switch(rng: np.random.Generator) -> Unit:
    """Return a latch of few tokens or of many, or a toggle."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        draw = rng.random()
        if draw < 0.25:  # inside words that begin with a capital
            tokens = words(rng)
            return tokens, _latch(tokens, LETTERS.upper(), " \n")
        if draw < 0.5:
            tokens = words(rng)
            toggled = _run(tokens, lambda x, read: 1 - x if read == '"' else x)
            return tokens, np.roll(toggled, int(rng.integers(2)))
        tokens = _any_text(rng)
        chosen = _some(rng, tokens, 2, 8)
        half = int(rng.integers(1, len(chosen)))
        return tokens, _latch(tokens, chosen[:half], chosen[half:])

    tokens, x = _distinct(rng, draw, 3)
    return Unit("switch", tokens, _shown(rng, x))


def context_switch(rng: np.random.Generator) -> Unit:
    """Return a latch that two tokens together turn on, and two or one turn off."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        if rng.random() < 0.5:
            tokens = code(rng)
            return tokens, _latch(_pairs(tokens), ["/*"], ["*/"])
        tokens = letters(rng, int(rng.integers(5, 12)))
        on, off = rng.choice(sorted(set(_pairs(tokens)[1:])), (2, 2), replace=False).tolist()
        return tokens, _latch(_pairs(tokens), on, off)

    tokens, x = _distinct(rng, draw, 3)
    return Unit("switch", tokens, _shown(rng, x))


def _increments(rng: np.random.Generator, tokens: Sequence[str]) -> dict[str, float]:
    """Draw what some tokens add, about as much as others take away."""
    chosen = _some(rng, tokens, 2, 6)
    half = max(1, len(chosen) // 2)
    times = {token: tokens.count(token) for token in chosen}
    up, down = sum(times[c] for c in chosen[:half]), sum(times[c] for c in chosen[half:])
    size = {token: float(rng.uniform(0.7, 1.4)) for token in chosen}
    return {
        token: size[token] if i < half else -size[token] * up / max(down, 1)
        for i, token in enumerate(chosen)
    }


def bounded_counter(rng: np.random.Generator) -> Unit:
    """Return a counter up and down that two bounds hold."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = _any_text(rng)
        adds, high = _increments(rng, tokens), float(rng.uniform(4, 10))
        return tokens, _run(tokens, lambda x, read: min(max(x + adds.get(read, 0), 0), high))

    tokens, x = _distinct(rng, draw, 3)
    return Unit("bounded counter", tokens, _shown(rng, x, bent=True))


def floor_counter(rng: np.random.Generator) -> Unit:
    """Return a depth: +1 at what opens, -1 at what closes, never below 0."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = code(rng) if rng.random() < 0.5 else brackets(rng)
        opens, closes = [("([{", ")]}"), ("{", "}"), ("(", ")")][int(rng.integers(3))]
        if opens[-1] not in tokens:
            opens, closes = "(", ")"
        return tokens, _run(
            tokens, lambda x, read: max(0.0, x + (read in opens) - (read in closes))
        )

    tokens, x = _distinct(rng, draw, 3)
    return Unit("bounded counter", tokens, _shown(rng, x, bent=True))


def reset_counter(rng: np.random.Generator) -> Unit:
    """Return a counter of some tokens that another token sets back."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = words(rng) if rng.random() < 0.5 else letters(rng, int(rng.integers(12, 27)))
        reset = "\n" if "\n" in tokens else "a"
        counted = [token for token in _some(rng, tokens, 1, 5) if token != reset]
        if "\n" in tokens and rng.random() < 0.5:
            counted = [" "]
        sizes = {token: float(rng.uniform(0.7, 1.4)) for token in counted}
        return tokens, _run(
            tokens, lambda x, read: 0.0 if read == reset else x + sizes.get(read, 0.0)
        )

    tokens, x = _distinct(rng, draw, 3)
    return Unit("bounded counter", tokens, _shown(rng, x, bent=True))


def clock(rng: np.random.Generator) -> Unit:
    """Return the number of tokens since one token, or since the last of some."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = words(rng) if rng.random() < 0.5 else letters(rng, int(rng.integers(15, 27)))
        resets = ["\n"] if "\n" in tokens and rng.random() < 0.7 else _some(rng, tokens, 1, 2)
        return tokens, _since(tokens, resets)

    tokens, x = _distinct(rng, draw, 3)
    return Unit("clock", tokens, _shown(rng, x, bent=True))


def unbounded_counter(rng: np.random.Generator) -> Unit:
    """Return what goes on for ever: a clock that nothing sets back, or a sum that wanders off."""
    tokens = letters(rng)
    if rng.random() < 0.4:
        x = np.arange(len(tokens)) / len(tokens)
    else:
        adds = _increments(rng, tokens)
        rest = float(rng.choice([0, 0, 0.01, 0.1]))
        x = _run(tokens, lambda x, read: x + adds.get(read, rest))
    return Unit("unbounded counter", tokens, _shown(rng, x))


def leaky_sum(rng: np.random.Generator) -> Unit:
    """Return a sum that forgets, with a memory of 4 to 60 tokens."""
    tokens = _any_text(rng)
    keep = float(np.exp(-1 / np.exp(rng.uniform(np.log(4), np.log(60)))))
    vocabulary = sorted(set(tokens))
    chosen = _some(rng, tokens, min(3, len(vocabulary)), len(vocabulary))
    weights = dict(zip(chosen, rng.normal(size=len(chosen)).tolist(), strict=True))
    x = _run(tokens, lambda x, read: keep * x + weights.get(read, 0.0))
    return Unit("leaky sum", tokens, _shown(rng, x, bent=True))


def ring(rng: np.random.Generator) -> Unit:
    """Return a count modulo 3 to 9, of all tokens or of some, and a value for each remainder."""

    def draw(rng: np.random.Generator) -> tuple[list[str], NDArray[np.float64]]:
        tokens = _any_text(rng)
        k, how = int(rng.integers(3, 10)), rng.random()
        if how < 0.3:
            steps = dict.fromkeys(tokens, 1)
        elif how < 0.7:
            steps = dict.fromkeys(_some(rng, tokens, 1, 3), 1)
        else:
            chosen = _some(rng, tokens, 2, 3)
            steps = {token: int(rng.integers(1, k)) for token in chosen} | {chosen[0]: 1}
        x = _run(tokens, lambda x, read: (x + steps.get(read, 0)) % k)
        table = rng.permutation(k) if rng.random() < 0.5 else np.arange(k)
        return tokens, table[x.astype(int)].astype(float)

    tokens, x = _distinct(rng, draw, 1)
    return Unit("ring", tokens, _shown(rng, x))


def several(rng: np.random.Generator) -> Unit:
    """Return two kinds at once, neither below a sixth of the variance: two switches, or others."""
    tokens = _any_text(rng)
    parts = []
    for number in range(2):
        if number == 1 and rng.random() < 0.4:
            part = _since(tokens, _some(rng, tokens, 1, 1))
        else:
            while True:
                chosen = _some(rng, tokens, 2, 4)
                half = int(rng.integers(1, len(chosen)))
                part = _latch(tokens, chosen[:half], chosen[half:])
                if part.std() > 0 and _by_window(tokens, part, 3) < _SIMPLER:
                    break
        parts.append((part - part.mean()) / (part.std() or 1.0))
    return Unit("several", tokens, _shown(rng, parts[0] + rng.uniform(0.5, 1) * parts[1]))


def none(rng: np.random.Generator) -> Unit:
    """Return what tokens do not decide: noise of any colour, walks, waves, a hash of the past."""
    tokens = _any_text(rng)
    noise, how = rng.standard_normal(LENGTH), rng.random()
    t = np.arange(LENGTH)
    if how < 0.4:
        keep = np.exp(-1 / 10 ** rng.uniform(0, 3.3))
        x = np.array(noise)
        for i in range(1, LENGTH):
            x[i] += keep * x[i - 1]
    elif how < 0.6:
        x = np.cumsum(noise)
    elif how < 0.8:
        x = np.sin(2 * np.pi * t / 10 ** rng.uniform(2, 3.5) + rng.uniform(0, 6))
    else:
        seen = [crc32("".join(tokens[max(0, i - 8) : i + 1]).encode()) for i in t]
        x = np.random.default_rng(0).normal(size=1009)[np.array(seen) % 1009]
    return Unit("unclear", tokens, _shown(rng, x))


KINDS: dict[str, Callable[[np.random.Generator], Unit]] = {
    "current token": current_token,
    "an earlier token": earlier_token,
    "n-gram": ngram,
    "switch": switch,
    "switch of two tokens": context_switch,
    "counter, bounded": bounded_counter,
    "counter, floor": floor_counter,
    "counter, reset": reset_counter,
    "clock": clock,
    "unbounded counter": unbounded_counter,
    "leaky sum": leaky_sum,
    "ring": ring,
    "two at once": several,
    "none": none,
}
"""What is drawn, by the name of its row in the table."""
