"""A portable network step by step in numpy: what every reader of the format must compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.network.format import Layer, Portable

    Array = NDArray[np.float64]


def run(network: Portable, ids: Sequence[int] | NDArray[Any]) -> tuple[dict[str, Array], Array]:
    """Return every state `(T, H)` by its name, and the logits `(T, V)`, in float64.

    The equations are those of torch's documentation of `nn.RNN`, `nn.GRU` and `nn.LSTM`.
    """
    ids = np.asarray(ids)
    identity = np.eye(len(network.vocabulary)) if network.embedding is None else network.embedding
    x = identity[ids].astype(np.float64)  # (T, I)
    states: dict[str, Array] = {}
    for number, layer in enumerate(network.layers):
        kinds = _layer(network.cell, layer, x)
        x = kinds["h"]
        states |= {f"{network.path}.l{number}.{kind}": values for kind, values in kinds.items()}
    logits = x @ network.head.astype(np.float64).T
    return states, logits if network.head_bias is None else logits + network.head_bias


def _layer(cell: str, layer: Layer, x: Array) -> dict[str, Array]:
    """Return every kind of one layer, `(T, H)` each."""
    w_hh = layer.w_hh.astype(np.float64)
    from_x = x @ layer.w_ih.astype(np.float64).T  # (T, G)
    from_x = from_x if layer.b_ih is None else from_x + layer.b_ih
    bias = 0.0 if layer.b_hh is None else layer.b_hh.astype(np.float64)
    h = c = np.zeros(w_hh.shape[1])
    rows = []
    for row in from_x:
        kinds = _STEPS[cell](row, w_hh @ h + bias, h, c)
        h, c = kinds["h"], kinds.get("c", c)
        rows.append(kinds)
    return {kind: np.stack([row[kind] for row in rows]) for kind in rows[0]}


def _rnn_tanh(x: Array, from_h: Array, *_: Array) -> dict[str, Array]:
    pre = x + from_h
    return {"h": np.tanh(pre), "pre": pre}


def _rnn_relu(x: Array, from_h: Array, *_: Array) -> dict[str, Array]:
    pre = x + from_h
    return {"h": np.maximum(pre, 0), "pre": pre}


def _gru(x: Array, from_h: Array, h: Array, _: Array) -> dict[str, Array]:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = np.split(x, 3), np.split(from_h, 3)
    r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return {"h": (1 - z) * n + z * h, "r": r, "z": z, "n": n}


def _lstm(x: Array, from_h: Array, _: Array, c: Array) -> dict[str, Array]:
    a_i, a_f, a_g, a_o = np.split(x + from_h, 4)
    i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
    c = f * c + i * g
    tanh_c = np.tanh(c)
    return {"h": o * tanh_c, "c": c, "tanh_c": tanh_c, "i": i, "f": f, "g": g, "o": o}


def _sigmoid(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(a / 2))


_STEPS: dict[str, Callable[[Array, Array, Array, Array], dict[str, Array]]] = {
    "RNN_TANH": _rnn_tanh,
    "RNN_RELU": _rnn_relu,
    "GRU": _gru,
    "LSTM": _lstm,
}
