"""The gate equations of torch's recurrent cells, evaluated for many steps at once.

Given every `h[t]` of a layer, its gates at all steps are matrix products of `x[t]` and `h[t - 1]`,
and an LSTM's `c` is an elementwise recurrence: nothing has to be run again step by step. The
equations are those of the documentation of `torch.nn.RNN`, `GRU` and `LSTM`.

Shapes: `x` is `(K, S, B, I)`, that is K blocks of S consecutive steps of B sequences; `h_prev` is
the `h` that each step read, `(K, S, B, P)`; `c_start` is `c` before each block, `(K, B, U)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (the field's own name for it)

if TYPE_CHECKING:
    from rnnviz_widget.trace import Bounds

Mode = Literal["RNN_TANH", "RNN_RELU", "GRU", "LSTM"]
"""As in `torch.nn.RNNBase.mode`."""

KINDS: dict[Mode, tuple[str, ...]] = {
    "RNN_TANH": ("h", "pre"),
    "RNN_RELU": ("h", "pre"),
    "GRU": ("h", "r", "z", "n"),
    "LSTM": ("h", "c", "tanh_c", "i", "f", "g", "o"),
}
"""What is recorded of each cell, in this order."""

_BOUNDS: dict[str, Bounds] = {
    **dict.fromkeys(("tanh_c", "g", "n"), (-1.0, 1.0)),
    **dict.fromkeys(("i", "f", "o", "r", "z"), (0.0, 1.0)),
}


class Weights(NamedTuple):
    """One layer and direction: `w_ih (G, I)`, `w_hh (G, P)`, biases `(G,)`, projection `(P, U)`."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None

    def to(self, dtype: torch.dtype) -> Weights:
        """Return the weights in another type."""
        return Weights(*(None if w is None else w.to(dtype) for w in self))  # type: ignore[arg-type]


class Steps(NamedTuple):
    """What a block of steps did.

    Attributes
    ----------
    kinds
        Each kind but `h`, `(K, S, B, U)`.
    h
        `(K, S, B, P)`: `h` by these equations, to be compared with the `h` that was run.
    c
        `(K, B, U)` of an LSTM after the last step of each block, else None.
    """

    kinds: dict[str, Tensor]
    h: Tensor
    c: Tensor | None


def bounds(mode: Mode, kind: str, *, projected: bool, start: Tensor) -> Bounds | None:
    """Return the interval that a kind provably never leaves, or None.

    Parameters
    ----------
    mode, kind
        A cell and one of its `KINDS`.
    projected
        Whether `h` is a linear projection, which has no bound.
    start
        The `h` the sequence starts from: a GRU's `h` is a mean of it and of values in (-1, 1).
    """
    if kind != "h":
        return _BOUNDS.get(kind)
    if mode == "RNN_RELU" or projected:
        return None
    if mode == "GRU" and not bool((start.abs() <= 1).all()):
        return None
    return (-1.0, 1.0)


def steps(mode: Mode, w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor | None) -> Steps:
    """Return every kind at every step of the blocks."""
    if mode == "LSTM":
        if c_start is None:
            msg = "an LSTM needs c_start"
            raise TypeError(msg)
        return _lstm(w, x, h_prev, c_start)
    if mode == "GRU":
        return _gru(w, x, h_prev)
    pre = _sum_of_products(w, x, h_prev)
    return Steps({"pre": pre}, torch.tanh(pre) if mode == "RNN_TANH" else torch.relu(pre), None)


def _lstm(w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor) -> Steps:
    gates = _sum_of_products(w, x, h_prev)  # (K, S, B, 4U)
    i, f, g, o = gates.chunk(4, dim=-1)
    i, f, o = i.sigmoid_(), f.sigmoid_(), o.sigmoid_()
    g = g.tanh_()
    c = i * g
    c_prev = c_start
    for c_s, f_s in zip(c.unbind(1), f.unbind(1), strict=True):
        c_prev = c_s.addcmul_(f_s, c_prev)  # c[s] = i[s] g[s] + f[s] c[s - 1]
    tanh_c = torch.tanh(c)
    h = o * tanh_c
    if w.w_hr is not None:
        h = h @ w.w_hr.T
    return Steps({"c": c, "tanh_c": tanh_c, "i": i, "f": f, "g": g, "o": o}, h, c_prev)


def _gru(w: Weights, x: Tensor, h_prev: Tensor) -> Steps:
    from_x = F.linear(x, w.w_ih, w.b_ih)  # (K, S, B, 3U)
    from_h = F.linear(h_prev, w.w_hh, w.b_hh)  # apart: r multiplies W_hn h + b_hn, not W_in x
    size = h_prev.shape[-1]
    r, z = (from_x[..., : 2 * size] + from_h[..., : 2 * size]).sigmoid_().chunk(2, dim=-1)
    n = torch.addcmul(from_x[..., 2 * size :], r, from_h[..., 2 * size :]).tanh_()
    return Steps({"r": r, "z": z, "n": n}, torch.lerp(n, h_prev, z), None)  # (1 - z) n + z h


def _sum_of_products(w: Weights, x: Tensor, h_prev: Tensor) -> Tensor:
    """Return `W_ih x + b_ih + W_hh h + b_hh`, (K, S, B, G)."""
    bias = None if w.b_ih is None or w.b_hh is None else w.b_ih + w.b_hh
    result = F.linear(x, w.w_ih, bias)
    result.view(-1, result.shape[-1]).addmm_(h_prev.reshape(-1, h_prev.shape[-1]), w.w_hh.T)
    return result
