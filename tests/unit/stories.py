"""A made-up story with quotations, and an untrained network that reads it."""

import numpy as np
from numpy.typing import NDArray

WORDS = [
    "the",
    "lamp",
    "was",
    "lit",
    "and",
    "old",
    "Mara",
    "said",
    "that",
    "no",
    "one",
    "had",
    "come",
    "up",
    "from",
    "the",
    "shore",
]


def story(length: int, seed: int = 0) -> str:
    """Write lines of random words near column 60, some of them spoken."""
    rng = np.random.default_rng(seed)
    text, column, speaking = "", 0, False
    while len(text) < length:
        word = str(rng.choice(WORDS))
        if rng.random() < 0.08:
            word = word + '"' if speaking else '"' + word
            speaking = not speaking
        column += len(word) + 1
        text += word + ("\n" if column > 60 else " ")
        column = 0 if column > 60 else column
    return text[:length]


def echo_states(text: str, units: int, seed: int = 0) -> NDArray[np.float32]:
    """Run an untrained tanh network over a text, shape (T, units)."""
    rng = np.random.default_rng(seed)
    alphabet = sorted(set(text))
    inputs = rng.standard_normal((len(alphabet), units)).astype(np.float32)
    recurrent = rng.standard_normal((units, units)).astype(np.float32) / np.sqrt(units)
    state, states = np.zeros(units, np.float32), []
    for code in np.searchsorted(alphabet, list(text)):
        state = np.tanh(state @ recurrent * np.float32(0.95) + inputs[code])
        states.append(state)
    return np.stack(states)
