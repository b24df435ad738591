"""A network with planted units, and texts for it: a quote latch, a counter of characters, noise."""

from __future__ import annotations

import numpy as np
import torch

from rnnviz_widget.charlm import CharLM, CharLMConfig
from tests.unit.handmade import SURE
from tests.unit.stories import story

LATCH, COUNTER = 2, 4  # units; the others are noise


def quoted(length: int, seed: int = 0) -> str:
    """Return a story in which quotation marks open and close."""
    pieces = story(length, seed).split('"')
    marks = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    return "".join(piece + marks[i % 2] for i, piece in enumerate(pieces))[:length]


def planted(seed: int = 0, units: int = 6) -> CharLM:
    """Return an LSTM over such texts, in eval mode."""
    vocabulary = sorted(set(quoted(4000)))
    model = CharLM(vocabulary, CharLMConfig("lstm", units)).eval()
    rng = np.random.default_rng(seed)
    # Gates i, f, g, o, each (units, characters): noise forgets about half, and adds at random.
    w = np.zeros((4, units, len(vocabulary)), np.float32)
    w[2] = rng.normal(size=w[2].shape)
    bias = np.zeros((4, units), np.float32)
    bias[0] = bias[3] = SURE
    recurrent = np.zeros((4, units, units), np.float32)
    noise = [u for u in range(units) if u not in (LATCH, COUNTER)]
    recurrent[2][np.ix_(noise, noise)] = rng.normal(size=(len(noise), len(noise)))
    opening, closing, newline = map(vocabulary.index, "\N{LEFT DOUBLE QUOTATION MARK}"
                                    "\N{RIGHT DOUBLE QUOTATION MARK}\n")  # fmt: skip
    # The latch takes in, and forgets, at quotation marks only.
    w[:, LATCH] = 0
    bias[0, LATCH], bias[1, LATCH] = -SURE, SURE
    w[0, LATCH, [opening, closing]], w[1, LATCH, [opening, closing]] = 2 * SURE, -2 * SURE
    w[2, LATCH, opening], w[2, LATCH, closing] = SURE, -SURE
    # The counter adds 0.01 at each character, and forgets at a newline.
    w[:, COUNTER] = 0
    bias[1, COUNTER], bias[2, COUNTER] = SURE, 0.01
    w[1, COUNTER, newline], w[2, COUNTER, newline] = -2 * SURE, -0.01
    with torch.no_grad():
        model.rnn.weight_ih_l0.copy_(torch.from_numpy(w.reshape(4 * units, -1)))
        model.rnn.weight_hh_l0.copy_(torch.from_numpy(recurrent.reshape(4 * units, units)))
        model.rnn.bias_ih_l0.copy_(torch.from_numpy(bias.reshape(-1)))
        model.rnn.bias_hh_l0.zero_()
    return model
