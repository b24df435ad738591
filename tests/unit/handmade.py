"""Recurrent networks of one unit whose weights are set by hand, so that what they do is known.

Each is a torch module over one-hot tokens; what a token does is a column of its input weights.
"""

from __future__ import annotations

from math import atanh
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

import rnnviz_widget as rnnviz
from rnnviz_widget.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SURE = 30.0  # a sigmoid of it is 1 in float32


def run(module: nn.Module, tokens: Sequence[str], vocabulary: Sequence[str]) -> Trace:
    """Record a network over tokens, one-hot in a vocabulary."""
    place = {token: i for i, token in enumerate(vocabulary)}
    inputs = torch.eye(len(vocabulary))[[place[token] for token in tokens]]
    return rnnviz.record(module, inputs[:, None], tokens=list(tokens))


def with_noise(trace: Trace, state: str, noise: float, seed: int = 0) -> Trace:
    """Add noise to a state, as a share of its standard deviation."""
    values = np.asarray(trace[state], np.float64)
    rng = np.random.default_rng(seed)
    values = values + noise * values.std() * rng.standard_normal(values.shape)
    return Trace.from_arrays(trace.tokens, {state: values})


def _column(vocabulary: Sequence[str], values: Mapping[str, float], rest: float) -> torch.Tensor:
    return torch.tensor([values.get(token, rest) for token in vocabulary])


def _set(module: nn.RNNBase, w_ih: list[torch.Tensor], w_hh: list[float], b: list[float]) -> None:
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.stack(w_ih))
        module.weight_hh_l0.copy_(torch.tensor(w_hh)[:, None])
        module.bias_ih_l0.copy_(torch.tensor(b))
        module.bias_hh_l0.zero_()


def lstm(
    vocabulary: Sequence[str],
    adds: Mapping[str, float],
    *,
    resets: Sequence[str] = (),
    rest: float = 0.0,
    keep: float = 1.0,
) -> nn.LSTM:
    """``c = keep * c + adds[token]``, |adds| < 1; a reset token forgets all of c first."""
    module = nn.LSTM(len(vocabulary), 1)
    forget = SURE if keep == 1 else float(np.log(keep / (1 - keep)))
    given = {token: atanh(value) for token, value in adds.items()}
    gates = [
        _column(vocabulary, {}, 0.0),
        _column(vocabulary, dict.fromkeys(resets, -2 * SURE), 0.0),
        _column(vocabulary, given, atanh(rest)),
        _column(vocabulary, {}, 0.0),
    ]
    _set(module, gates, [0.0] * 4, [SURE, forget, 0.0, SURE])
    return module


def tanh_latch(vocabulary: Sequence[str], on: Sequence[str], off: Sequence[str]) -> nn.RNN:
    """``h = tanh(3 h + 8)`` at a token that turns it on, -8 at one that turns it off."""
    module = nn.RNN(len(vocabulary), 1)
    given = dict.fromkeys(on, 8.0) | dict.fromkeys(off, -8.0)
    _set(module, [_column(vocabulary, given, 0.0)], [3.0], [0.0])
    return module


def tanh_counter(
    vocabulary: Sequence[str], adds: Mapping[str, float], resets: Sequence[str] = ()
) -> nn.RNN:
    """``h = tanh(h + adds[token])``: it bends as it nears 1; a reset token overrules it."""
    module = nn.RNN(len(vocabulary), 1)
    given = dict(adds) | dict.fromkeys(resets, -5.0)
    _set(module, [_column(vocabulary, given, 0.0)], [1.0], [0.0])
    return module


def relu_counter(vocabulary: Sequence[str], adds: Mapping[str, float], keep: float) -> nn.RNN:
    """``h = max(0, keep * h + adds[token])``: bounded below."""
    module = nn.RNN(len(vocabulary), 1, nonlinearity="relu")
    _set(module, [_column(vocabulary, adds, 0.0)], [keep], [0.0])
    return module


def gru_toggle(vocabulary: Sequence[str], toggles: Sequence[str]) -> nn.GRU:
    """``h = tanh(-4 h)`` at a toggle, else h stays; it starts from nothing at the first token."""
    module = nn.GRU(len(vocabulary), 1)
    keep = _column(vocabulary, dict.fromkeys(toggles, -2 * SURE), 0.0)
    nothing = _column(vocabulary, {}, 0.0)
    # A small push away from 0 decides which state the first toggle leads to.
    push = _column(vocabulary, dict.fromkeys(toggles, 0.1), 0.0)
    _set(module, [nothing, keep, push], [0.0, 0.0, -4.0], [SURE, SURE, 0.0])
    return module


def echo(vocabulary: Sequence[str], seed: int = 0) -> nn.RNN:
    """Return a network whose h is a number for the current token, and nothing else."""
    module = nn.RNN(len(vocabulary), 1)
    rng = np.random.default_rng(seed)
    given = dict(zip(vocabulary, rng.uniform(-1, 1, len(vocabulary)).tolist(), strict=True))
    _set(module, [_column(vocabulary, given, 0.0)], [0.0], [0.0])
    return module
